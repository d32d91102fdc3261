import { describe, expect, it } from "vitest";
import type { Dataset, OpenLineageEvent } from "../../framework/observability/openlineage/event.ts";
import { eventsIn, namesOf } from "../observability/openlineage/validate.ts";
import type { Project } from "../support/moraine.ts";
import { outcomesOf, shippedProject } from "../support/shipped-project.ts";

interface RawRow {
  readonly id: string;
  readonly division: string | null;
  readonly audit_phase: string | null;
  readonly is_active: boolean;
  readonly system_modstamp: string;
}

const rawRows = `SELECT id, division, audit_phase, is_active, system_modstamp FROM sf_raw.sf_user ORDER BY id, system_modstamp`;
const versionStarts = `SELECT user_id, valid_from FROM sf_curated.dim_sf_user_scd`;

/** Where a version has to begin: at a user's first row, and wherever what the dimension tracks differs from the row before. */
async function expectedVersions(project: Project): Promise<readonly string[]> {
  const rows = await project.json<RawRow[]>("query", rawRows, "--limit", "100000");
  const starts: string[] = [];
  let before: RawRow | undefined;
  for (const row of rows) {
    const tracked = ({ division, audit_phase, is_active }: RawRow) =>
      JSON.stringify([division, audit_phase, is_active]);
    if (before?.id !== row.id || tracked(before) !== tracked(row))
      starts.push(`${row.id} ${row.system_modstamp}`);
    before = row;
  }
  return starts.sort();
}

async function actualVersions(project: Project): Promise<readonly string[]> {
  const rows = await project.json<{ user_id: string; valid_from: string }[]>(
    "query",
    versionStarts,
    "--limit",
    "100000",
  );
  return rows.map((row) => `${row.user_id} ${row.valid_from}`).sort();
}

/** The events of a run of the whole pipeline say which field of Salesforce a column holds, and what the dimension is made from. */
function expectLineage(events: readonly OpenLineageEvent[]): void {
  const finished = (asset: string) => {
    const found = events.find(({ eventType, job }) => eventType === "COMPLETE" && job.name.endsWith(asset));
    if (found === undefined)
      throw new Error(`expected the end of ${asset}, got ${namesOf(events).join(", ")}`);
    return found;
  };
  const source = { namespace: "salesforce://moraine/salesforce", name: "User" };
  const raw = finished(".sf_raw.sf_user");
  expect(raw.inputs).toEqual([source]);
  const [table] = raw.outputs;
  expect(table?.facets?.["columnLineage"]).toMatchObject({
    fields: {
      audit_phase: {
        inputFields: [
          { ...source, field: "Audit_Phase__c", transformations: [{ type: "DIRECT", subtype: "IDENTITY" }] },
        ],
      },
    },
  });
  expect(table?.outputFacets?.["outputStatistics"]).toMatchObject({
    rowCount: expect.any(Number),
    fileCount: 1,
  });
  const named = ({ namespace, name }: Dataset) => ({ namespace, name });
  const staging = finished(".sf_staging.stg_sf_user");
  expect(staging.inputs.map(named)).toEqual([named(table ?? source)]);
  expect(finished(".sf_curated.dim_sf_user_scd").inputs.map(named)).toEqual(staging.outputs.map(named));
  expect(finished(".sf_raw.sf_user__upkeep")).toMatchObject({
    inputs: [named(table ?? source)],
    outputs: [],
  });
}

describe("the shipped pipeline", () => {
  it("keeps, day by day, a version exactly for each change of division, audit phase or state", async () => {
    const project = await shippedProject();
    let versions = 0;
    for (let day = 0; day < 3; day++) {
      const { code, stdout, stderr } = await project.run("demo", "--users", "300", "--json");
      expect([code, stderr]).toEqual([0, ""]);
      expect(outcomesOf(stdout)).toMatchObject({
        "sf_raw/sf_user": "materialized",
        "sf_curated/dim_sf_user_scd": "materialized",
      });
      const actual = await actualVersions(project);
      expect(actual).toEqual(await expectedVersions(project));
      expect(actual.length).toBeGreaterThan(versions);
      versions = actual.length;
    }
    expect(versions).toBeGreaterThan(300);
    expectLineage(eventsIn((await project.run("lineage", "--format", "openlineage")).stdout));

    const again = outcomesOf((await project.run("materialize", "--json")).stdout);
    expect(again).toMatchObject({
      "sf_raw/sf_user": "materialized",
      "sf_staging/stg_sf_user": "fresh",
      "sf_curated/dim_sf_user_scd": "fresh",
      "sf_raw/sf_user__upkeep": "fresh",
      "sf_curated/dim_sf_user_scd__upkeep": "fresh",
    });
    for (const key of ["sf_raw/sf_user__upkeep", "sf_curated/dim_sf_user_scd__upkeep"]) {
      const { history } = await project.json<{ history: { metadata: object }[] }>("show", key);
      const nothing = { metadata: { upkeep: { type: "text", value: "nothing due" } } };
      expect(history).toMatchObject([nothing, nothing, nothing]);
    }
    const { stdout: events } = await project.run("materialize", "--json");
    expect(events).not.toContain('"key":"sf_curated/dim_sf_user_scd","attempt"');

    const forced = await project.run("materialize", "--force", "sf_curated/dim_sf_user_scd", "--json");
    expect(outcomesOf(forced.stdout)).toEqual({ "sf_curated/dim_sf_user_scd": "materialized" });
    expect(await actualVersions(project)).toHaveLength(versions);
  });

  it("shows where the dimension comes from", async () => {
    const project = await shippedProject();
    const { stdout } = await project.run("lineage", "sf_curated/dim_sf_user_scd", "--format", "mermaid");
    const names = new Map(
      [...stdout.matchAll(/(n\d+)\(?\["(.*)"\]/g)].map(([, id = "", name = ""]) => [id, name]),
    );
    const edges = [...stdout.matchAll(/(n\d+) --> (n\d+)/g)].map(
      ([, from = "", to = ""]) => `${names.get(from)} -> ${names.get(to)}`,
    );
    expect(edges).toEqual(
      expect.arrayContaining(["Salesforce -> sf_raw/sf_user", "sf_raw/sf_user -> sf_staging/stg_sf_user"]),
    );
    expect(stdout).toContain("sf_curated/dim_sf_user_scd");
    const whole = await project.run("lineage", "--format", "mermaid");
    expect(whole.stdout).toContain("sf_raw/sf_user__upkeep");
    expect(whole.stdout).not.toContain("Upkeep");
  });
});
