import { expect, it } from "vitest";
import { DbthubRig } from "./rig.ts";

const columns = "EmployeeNumber: { column: employee_number }";

/** The shipped YAML with the formula `UPPER(LEFT(Division, 3))` in a column of its own. */
const withFormula = (formula: string, division: string) => (text: string) =>
  text
    .replace(columns, `Division_Code__c: { column: employee_number, tracked: ${formula} }`)
    .replace("column: division\n    tracked: true", `column: division\n    tracked: ${division}`);

it("refuses a tracked formula, and what it advises works", async () => {
  const rig = await DbthubRig.open({ users: 20, yaml: withFormula("true", "false") });
  const { failure } = await rig.run();
  expect(failure).toMatchObject({
    reason: "access-contract",
    message:
      "the access contract on User is broken: Division_Code__c is a formula: its changes move no cursor, so it can't be tracked",
    next:
      "set tracked: false on Division_Code__c in dbthub.yml, and tracked: true on Division, from which it is computed; " +
      "nothing was written",
  });
  rig.asset = rig.define(withFormula("false", "true"));
  await rig.materialize();
  const [id] = await rig.someIds(1);
  await rig.control("POST", "clock", { now: "2026-03-01T00:00:00Z" });
  await rig.post({ Id: id, Division: "Zoology" });
  await rig.materialize();
  expect(await rig.count(`division = 'Zoology' AND employee_number = 'ZOO'`)).toBe(1);
});

it("says of a tracked formula whose fields are tracked already that this is enough", async () => {
  const rig = await DbthubRig.open({ users: 1, yaml: withFormula("true", "true") });
  expect((await rig.run()).failure?.next).toBe(
    "set tracked: false on Division_Code__c in dbthub.yml; Division, from which it is computed, is tracked; " +
      "nothing was written",
  );
});

it("advises of a field of another type to change the type", async () => {
  const rig = await DbthubRig.open({
    users: 1,
    yaml: (text) => text.replace("CreatedDate: {", "MobilePhone: {"),
  });
  const { failure } = await rig.run();
  expect(failure?.message).toContain("MobilePhone is a phone, which no timestamp holds");
  expect(failure?.next).toBe(
    "give the field and its column a type that holds it, or take the field out of dbthub.yml; nothing was written",
  );
});
