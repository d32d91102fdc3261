import { expect, it } from "vitest";
import { DbthubRig } from "./rig.ts";

const person = (name: string, more: Record<string, unknown> = {}) => ({
  Username: `${name}@moraine.example`,
  LastName: name,
  Email: `${name}@moraine.example`,
  ...more,
});

it("has a check for every rule and for the source's count, with its severity", async () => {
  const rig = await DbthubRig.open({ users: 5 });
  const checks = Object.fromEntries(
    rig.asset.checks.map((check) => [check.name, `${check.severity} ${check.source.type} ${check.blocking}`]),
  );
  expect(checks).toMatchObject({
    required_id: "error body true",
    accepted_values_division: "warn body false",
    unique_username: "warn body false",
    source_count: "error report true",
  });
});

it("lands divisions outside the list and warns with samples; a later correction clears it", async () => {
  const rig = await DbthubRig.open({ users: 0 });
  await rig.post(person("a", { Division: "Skunkworks" }), person("b", { Division: "Økonomi" }), person("c"));
  await rig.materialize();
  expect(await rig.check("accepted_values_division")).toMatchObject({
    passed: false,
    value: 1,
    samples: [{ last_name: "a", division: "Skunkworks" }],
  });
  const check = rig.asset.checks.find((each) => each.name === "accepted_values_division");
  expect(await rig.rows(check?.rowsSql?.(rig.sql) ?? "")).toMatchObject([{ last_name: "a" }]);
  const [id] = await rig.someIds(1, "division = 'Skunkworks'");
  await rig.control("POST", "clock", { now: "2026-01-06T09:00:00Z" });
  await rig.post({ Id: id, Division: "Sales" });
  await rig.materialize();
  expect(await rig.check("accepted_values_division")).toMatchObject({ passed: true, value: 0 });
});

it("checks patterns, ranges, uniqueness, required values and volume among present users", async () => {
  const rig = await DbthubRig.open({
    users: 0,
    yaml: (text) =>
      text
        .replace(
          "EmployeeNumber: { column: employee_number }",
          "EmployeeNumber: { column: employee_number, pattern: { regex: 'E-\\d+' }, unique: true }",
        )
        .replace("Title: { column: title }", "Title: { column: title, required: true }")
        .concat("\nvolume: { min_rows: 2, max_rows: 3 }\n"),
  });
  await rig.post(
    person("a", { EmployeeNumber: "E-1", Title: "x" }),
    person("b", { EmployeeNumber: "E-1", Title: "x" }),
    person("c", { EmployeeNumber: "seven E-7" }),
    person("d", { EmployeeNumber: "E-2", Title: "x" }),
  );
  await rig.materialize();
  expect(await rig.check("pattern_employee_number")).toMatchObject({ passed: false, value: 1 });
  expect(await rig.check("unique_employee_number")).toMatchObject({ passed: false, value: 2 });
  expect(await rig.check("required_title")).toMatchObject({ passed: false, value: 1 });
  expect(await rig.check("volume")).toMatchObject({ passed: false, value: 4 });
});

it("sends rows that break a quarantine rule to the rejected table, with the reason, and they count as read", async () => {
  const rig = await DbthubRig.open({
    users: 0,
    yaml: (text) =>
      text.replace("NA]\n      severity: warn", "NA]\n      severity: warn\n      quarantine: true"),
  });
  await rig.post(person("a", { Division: "Skunkworks" }), person("b", { Division: "Sales" }));
  const { result, reports } = await rig.materialize();
  expect(reports.get("source_count")).toMatchObject({ passed: true });
  expect(result.metadata).toMatchObject({ rejected: { value: 1 }, landed: { value: 1 } });
  expect(await rig.rows("SELECT last_name FROM raw")).toEqual([{ last_name: "b" }]);
  const rejected = "SELECT last_name, rejected_reason FROM sf_raw.sf_user__rejected";
  expect(await rig.rows(rejected)).toEqual([{ last_name: "a", rejected_reason: "accepted_values_division" }]);

  // Not a stray: the sweep sees the user each time, and nothing comes of it.
  await rig.control("POST", "clock", { now: "2026-01-07T09:00:00Z" });
  for (let day = 0; day < 2; day++) {
    expect((await rig.materialize()).result.metadata).toMatchObject({ strays: { value: 0 } });
    expect(await rig.rows(rejected)).toHaveLength(1);
  }
  await rig.control(
    "DELETE",
    `records/${(await rig.rows("SELECT id FROM sf_raw.sf_user__rejected"))[0]?.["id"] as string}`,
  );
  await rig.materialize();
  expect(await rig.rows(rejected)).toHaveLength(1);
});
