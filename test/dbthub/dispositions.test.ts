import { expect, it } from "vitest";
import { DbthubRig } from "./rig.ts";

const withDisposition =
  (disposition: string, strategy = "insert-only", key = "[id, system_modstamp]") =>
  (text: string) =>
    text
      .replace("write_disposition: merge", `write_disposition: ${disposition}`)
      .replace("merge_strategy: insert-only", `merge_strategy: ${strategy}`)
      .replace("merge_key: [id, system_modstamp]", `merge_key: ${key}`);

async function afterOneChange(yaml: (text: string) => string): Promise<DbthubRig> {
  const rig = await DbthubRig.open({ users: 10, yaml });
  await rig.materialize();
  const [changed, gone] = await rig.someIds(2);
  await rig.control("POST", "clock", { now: "2026-01-06T09:00:00Z" });
  await rig.post({ Id: changed, Division: "Legal" });
  if (yaml("write_disposition: merge").includes("replace")) await rig.control("DELETE", `records/${gone}`);
  await rig.materialize();
  return rig;
}

it("keeps one row per key with upsert", async () => {
  const rig = await afterOneChange(withDisposition("merge", "upsert", "[id]"));
  expect(await rig.count()).toBe(10);
  expect(await rig.count("division = 'Legal' AND extracted_at > '2026-01-06'")).toBe(1);
});

it("appends what each window gives", async () => {
  const rig = await afterOneChange(withDisposition("append"));
  expect(await rig.count()).toBe(11);
});

it("replaces the table by what the source shows", async () => {
  const rig = await afterOneChange((text) =>
    withDisposition("replace")(text).replace("max_retired_share: 0.05", "max_retired_share: 1"),
  );
  expect(await rig.count()).toBe(9);
  expect(await rig.count("division = 'Legal' AND extracted_at > '2026-01-06'")).toBe(1);
});

it("works with LastModifiedDate as the cursor", async () => {
  const rig = await DbthubRig.open({
    users: 40,
    yaml: (text) =>
      text
        .replace("field: SystemModstamp", "field: LastModifiedDate")
        .replace("merge_key: [id, system_modstamp]", "merge_key: [id, last_modified_date]"),
  });
  await rig.materialize();
  const [changed, gone] = await rig.someIds(2);
  await rig.control("POST", "clock", { now: "2026-01-06T09:00:00Z" });
  await rig.post({ Id: changed, Division: "Legal" });
  await rig.control("DELETE", `records/${gone}`);
  const { result } = await rig.materialize();
  expect(result.metadata).toMatchObject({ landed: { value: 2 }, tombstones: { value: 1 } });
  expect((await rig.materialize()).result.metadata).toMatchObject({ landed: { value: 0 } });
});
