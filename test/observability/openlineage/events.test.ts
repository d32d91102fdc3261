import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { assetKey } from "moraine";
import { describe, expect, it } from "vitest";
import { datasetNames } from "../../../framework/observability/openlineage/dataset-names.ts";
import type { OpenLineageEvent } from "../../../framework/observability/openlineage/event.ts";
import { staticUuid } from "../../../framework/observability/openlineage/static-uuid.ts";
import { ada, mailingConfig, mailingProject } from "../../support/mailing-project.ts";
import { printed } from "../../support/moraine.ts";
import { Shop } from "../../support/shop-project.ts";
import { eventsIn, namesOf } from "./validate.ts";

const told = (path: string) =>
  mailingConfig.replace(
    'name: "crm",',
    `name: "crm", openLineage: { transports: { log: { type: "file", path: "${path}" } } },`,
  );

/** The event of a type and job, without whose facets a test has nothing to say. */
function find(events: readonly OpenLineageEvent[], name: string) {
  const found = events.find(({ eventType, job }) => `${eventType} ${job.name}` === name);
  if (found === undefined) throw new Error(`expected ${name}, got ${namesOf(events).join(", ")}`);
  return found;
}

describe("the events of a run", () => {
  it("follow the published schemas, with tables, versions, columns, counts and what checks found", async () => {
    const project = await mailingProject([ada, [2, "bo@example.com", "DK"]]);
    project.write("moraine.config.ts", told("lineage.jsonl"));
    const run = await project.run("materialize");
    expect([run.code, run.stderr]).toEqual([0, expect.not.stringContaining("openlineage")]);
    const text = readFileSync(join(project.directory, "lineage.jsonl"), "utf8");
    const events = eventsIn(text);
    expect(namesOf(events).slice(0, 5)).toEqual([
      "START crm",
      "START crm.raw.users",
      "COMPLETE crm.raw.users",
      "START crm.raw.users.checks",
      "COMPLETE crm.raw.users.checks",
    ]);
    expect([...namesOf(events)].slice(5, -1).sort()).toEqual([
      "COMPLETE crm.mart.countries",
      "COMPLETE crm.mart.mailing",
      "START crm.mart.countries",
      "START crm.mart.mailing",
    ]);
    expect(namesOf(events).at(-1)).toBe("COMPLETE crm");

    const [snapshot] = await project
      .json<{ snapshots: { id: string }[] }>("show", "raw/users")
      .then(({ snapshots }) => snapshots);
    const table = { namespace: "file", name: join(project.directory, ".moraine/lake/raw/users") };
    const { outputs, run: ran, job } = find(events, "COMPLETE crm.raw.users");
    expect(job.namespace).toBe("crm/local");
    expect(outputs).toMatchObject([
      {
        ...table,
        facets: {
          version: { datasetVersion: snapshot?.id },
          schema: { fields: [{ name: "id", type: "long" }, { name: "email" }, { name: "country" }] },
          symlinks: { identifiers: [{ name: "raw.users", type: "TABLE" }] },
        },
        outputFacets: { outputStatistics: { rowCount: 2, fileCount: 1 } },
      },
    ]);
    const whole = find(events, "START crm").run.runId;
    expect(ran.facets).toMatchObject({
      parent: { run: { runId: whole }, job: { name: "crm" }, root: { run: { runId: whole } } },
    });
    expect(find(events, "COMPLETE crm.mart.mailing").inputs).toMatchObject([
      { ...table, facets: { version: { datasetVersion: snapshot?.id } } },
    ]);
    const [checked] = find(events, "COMPLETE crm.raw.users.checks").inputs;
    expect(checked).toMatchObject(table);
    expect(checked?.inputFacets).toMatchObject({
      dataQualityAssertions: {
        assertions: [
          {
            name: "has_email",
            success: true,
            severity: "error",
            description: "every user can be written to",
          },
          { name: "known_country", success: false, severity: "warn", expected: "0", actual: "1" },
          { name: "all_read", success: true, expected: "2", actual: "2" },
        ],
      },
    });

    // Whoever makes them again makes the same ones.
    const { stdout } = await project.run("lineage", "--format", "openlineage");
    expect(stdout).toBe(text);
    const only = await project.run("lineage", "mailing", "--format", "openlineage");
    expect(namesOf(eventsIn(only.stdout))).toEqual(["START crm.mart.mailing", "COMPLETE crm.mart.mailing"]);

    await project.run("check", "users", "--name", "known_country");
    const more = eventsIn(readFileSync(join(project.directory, "lineage.jsonl"), "utf8"));
    expect(namesOf(more.slice(events.length))).toEqual([
      "START crm",
      "START crm.raw.users.checks",
      "COMPLETE crm.raw.users.checks",
      "COMPLETE crm",
    ]);
  });

  it("say why a run failed, and that what a killed one had begun is over, when the next one ends", async () => {
    const project = await mailingProject([[2, null, "NO"]]);
    project.write("moraine.config.ts", told("lineage.jsonl"));
    expect((await project.run("materialize")).code).toBe(1);
    const lines = () => readFileSync(join(project.directory, "lineage.jsonl"), "utf8");
    const failed = eventsIn(lines());
    expect(find(failed, "FAIL crm.raw.users").run.facets["errorMessage"]).toMatchObject({
      message:
        "[check-failed] a blocking check failed: has_email\nnext: moraine check raw/users --rows has_email",
    });
    expect(find(failed, "FAIL crm").run.facets["errorMessage"]).toMatchObject({
      message: "failed: raw/users",
    });

    // A body that never ends, until its process is killed.
    const forever = "await new Promise(() => setInterval(() => {}, 1000));\n    const rows = ";
    project.write("moraine.config.ts", told("lineage.jsonl").replace("const rows = ", forever));
    const killed = project.start(["materialize", "--json"]);
    await printed(killed, '"asset-started"');
    killed.kill("SIGKILL");
    await killed.finished;
    expect(eventsIn(lines())).toHaveLength(failed.length);
    project.write("moraine.config.ts", told("lineage.jsonl"));
    project.write("users.json", JSON.stringify([ada]));
    expect((await project.run("materialize")).code).toBe(0);
    const later = eventsIn(lines()).slice(failed.length);
    expect(namesOf(later).slice(0, 5)).toEqual([
      "START crm",
      "START crm.raw.users",
      "ABORT crm.raw.users",
      "ABORT crm",
      "START crm",
    ]);
    expect(later[2]?.run.runId).toBe(later[1]?.run.runId);
    expect(later[2]?.run.facets["errorMessage"]).toMatchObject({ message: "the process of the run is gone" });
    const log = await project.json<{ type: string }[]>(
      "logs",
      (await project.json<{ id: string }[]>("runs"))[1]?.id ?? "",
    );
    expect(log.at(-1)?.type).toBe("run-interrupted");
  });

  it("of a partition are about its window", async () => {
    const shop = new Shop();
    await shop.run("materialize", "orders", "--partition", "2026-01-03", "--tag", "reason=late");
    const { stdout } = await shop.run("lineage", "--format", "openlineage");
    const { facets } = find(eventsIn(stdout), "COMPLETE shop.sales.orders").run;
    expect(facets["nominalTime"]).toMatchObject({
      nominalStartTime: "2026-01-03T00:00:00.000Z",
      nominalEndTime: "2026-01-04T00:00:00.000Z",
    });
    expect(facets["tags"]).toMatchObject({
      tags: expect.arrayContaining([
        { key: "reason", value: "late", source: "USER" },
        { key: "moraine.partition", value: "2026-01-03", source: "MORAINE" },
      ]),
    });
  });

  it("have ids that are the same for the same attempt, and sort by time", () => {
    const id = staticUuid("2026-11-26T04:00:00.000Z", ["local", "8f21c4", "raw/users", "", 1]);
    expect(id).toBe("01a21602-9e00-7562-aa2e-aeeb2fee13ee");
    expect(staticUuid("2026-11-26T04:00:00.000Z", ["local", "8f21c4", "raw/users", "", 2])).not.toBe(id);
    expect(staticUuid("2026-11-26T04:00:00.001Z", []) > id).toBe(true);
  });
});

describe("docs/openlineage.md", () => {
  it("names every facet that is sent, and no other", () => {
    const read = (path: string) => readFileSync(join(import.meta.dirname, path), "utf8");
    const [, facets = ""] = read("../../../docs/openlineage.md").split("\n## Facets\n");
    const rows = facets.split("\n## ")[0]?.match(/^\| `\w+`/gm) ?? [];
    const published = readdirSync(join(import.meta.dirname, "schemas"))
      .filter((file) => file.endsWith("Facet.json"))
      .flatMap((file) =>
        Object.keys((JSON.parse(read(`schemas/${file}`)) as { properties: object }).properties),
      );
    expect([...new Set(rows.map((row) => row.slice(3, -1)))].sort()).toEqual([...new Set(published)].sort());
  });
});

describe("a table's dataset", () => {
  const key = assetKey("raw/users");
  const place = { projectDir: "/srv/crm", region: "eu-west-1" };

  it("is named as the conventions want it, with what else it is called", () => {
    expect(datasetNames({ type: "embedded" }, place)(key)).toEqual({
      namespace: "file",
      name: "/srv/crm/.moraine/lake/raw/users",
      symlinks: [{ namespace: "file:///srv/crm/.moraine/lake", name: "raw.users", type: "TABLE" }],
    });
    expect(datasetNames({ type: "athena", location: "s3://lake/moraine/" }, place)(key)).toEqual({
      namespace: "awsathena://athena.eu-west-1.amazonaws.com",
      name: "awsdatacatalog.raw.users",
      symlinks: [{ namespace: "s3://lake", name: "moraine/raw/users", type: "LOCATION" }],
    });
    const rest = { type: "rest", uri: "https://catalog.example.com/api/catalog", warehouse: "main" } as const;
    expect(datasetNames(rest, place)(key)).toMatchObject({ namespace: rest.uri, name: "main.raw.users" });
  });
});
