import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import type { Project } from "../support/moraine.ts";
import { control, FaultyPipeline, urlOf } from "../support/faulty-pipeline.ts";
import { testClientPython } from "../support/python-environment.ts";

const pipeline = new FaultyPipeline();

/** Starts a serving verb and reads what it says in JSON. */
async function serve(project: Project, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const server = project.start([...args, "--json"], env);
  const url = await urlOf(server);
  const stop = async () => {
    server.kill("SIGTERM");
    return (await server.finished).code;
  };
  return { url, stop };
}

interface Version {
  readonly division: string;
  readonly valid_from: string;
  readonly valid_to: string | null;
  readonly is_current: boolean;
  readonly is_deleted: boolean;
  readonly delete_reason: string | null;
}

const versionsOf = (id: string) =>
  pipeline.project.json<Version[]>(
    "query",
    `SELECT * FROM sf_curated.dim_sf_user_scd WHERE user_id = '${id}' ORDER BY valid_from`,
  );

it("an org that is served drives the pipeline: a changed and a deleted user show after one run each", async () => {
  const org = await serve(pipeline.project, ["sandbox", "serve", "--port", "0", "--users", "80"]);
  const run = () => pipeline.materialize([], { MORAINE_SALESFORCE_URL: org.url });
  expect((await run()).code).toBe(0);
  const [active] = await pipeline.project.json<{ user_id: string; valid_from: string }[]>(
    "query",
    `SELECT user_id, valid_from FROM sf_curated.dim_sf_user_scd
     WHERE is_current AND NOT is_deleted AND division <> 'Legal' ORDER BY user_id`,
  );
  const id = active?.user_id ?? "";
  const { now } = (await control(org.url, "POST", "advance", { days: 1 })) as { now?: string };
  const clock = now ?? ((await control(org.url, "GET", "clock")) as { now: string }).now;

  await control(org.url, "POST", "records", {
    records: [{ Id: id, Division: "Legal", SystemModstamp: clock }],
  });
  expect((await run()).code).toBe(0);
  const moved = (await versionsOf(id)).at(-1);
  expect(moved).toMatchObject({ division: "Legal", is_current: true, is_deleted: false });
  expect(moved?.valid_from).toBe(`${clock.replace("T", " ").replace("Z", "")}000`);

  await control(org.url, "POST", "advance", { days: 1 });
  await control(org.url, "DELETE", `records/${id}`);
  expect((await run()).code).toBe(0);
  const [before, gone] = (await versionsOf(id)).slice(-2);
  expect(gone).toMatchObject({
    division: "Legal",
    is_current: true,
    is_deleted: true,
    delete_reason: "absent",
  });
  expect(before).toMatchObject({ is_current: false, valid_to: gone?.valid_from });
  expect((await run()).outcomes).toMatchObject({ "sf_curated/dim_sf_user_scd": "fresh" });
  expect(await org.stop()).toBe(0);
});

const client = `
import json, sys
from pyiceberg.catalog import load_catalog
catalog = load_catalog("lake", type="rest", uri=sys.argv[1], token=sys.argv[2])
for name in sys.argv[3:]:
    rows = catalog.load_table(name).scan().to_arrow().to_pylist()
    for row in rows:
        for column, value in row.items():
            if hasattr(value, "isoformat"):
                row[column] = value.strftime("%Y-%m-%d %H:%M:%S.%f")
    print(json.dumps(rows))
`;

it("a lake that is served gives PyIceberg the rows that moraine query gives, to the token only", async () => {
  await pipeline.filled();
  const python = await testClientPython();
  const lake = await serve(pipeline.project, ["lake", "serve", "--port", "0"], {
    MORAINE_LAKE_TOKEN: "t0ken",
  });
  const tables = ["sf_raw.sf_user", "sf_staging.stg_sf_user", "sf_curated.dim_sf_user_scd"];
  const read = (token: string) =>
    promisify(execFile)(python, ["-c", client, lake.url, token, ...tables], { maxBuffer: 2 ** 28 });
  const inOrder = (rows: readonly unknown[]) =>
    rows
      .map((row) => JSON.stringify(Object.entries(row as object).sort(([a], [b]) => (a < b ? -1 : 1))))
      .sort();
  const { stdout } = await read("t0ken");
  const theirs = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown[]);
  for (const [index, table] of tables.entries()) {
    const ours = await pipeline.project.json<unknown[]>(
      "query",
      `SELECT * FROM ${table}`,
      "--limit",
      "100000",
    );
    expect(ours.length).toBeGreaterThan(0);
    expect(inOrder(theirs[index] ?? [])).toEqual(inOrder(ours));
  }
  await expect(read("another")).rejects.toThrow(/Unauthorized|401/);
  expect(await lake.stop()).toBe(0);
});
