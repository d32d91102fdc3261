import { describe, expect, it } from "vitest";
import { printed, type Project } from "../support/moraine.ts";
import { outcomesOf, shippedProject } from "../support/shipped-project.ts";

const users = ["--users", "300"];

/** Every row of raw and dimension, without what names a single load. */
async function tables(project: Project): Promise<unknown> {
  const raw = "SELECT * EXCLUDE (load_id) FROM sf_raw.sf_user ORDER BY id, system_modstamp, op";
  const dimension = "SELECT * FROM sf_curated.dim_sf_user_scd ORDER BY user_id, valid_from";
  return [
    await project.json("query", raw, "--limit", "100000"),
    await project.json("query", dimension, "--limit", "100000"),
  ];
}

/** Two days, the second one disturbed: the verb is ended when it prints each of these texts, then run once more. */
async function disturbed(signal: NodeJS.Signals, texts: readonly string[]): Promise<Project> {
  const project = await shippedProject();
  await project.run("demo", ...users, "--json");
  await project.run("sandbox", "advance", "--days", "2");
  for (const text of texts) {
    const child = project.start(["materialize", "--json"]);
    await printed(child, text);
    child.kill(signal);
    const { code } = await child.finished;
    expect(code).toBe(signal === "SIGINT" ? 130 : null);
  }
  const { code, stdout } = await project.run("materialize", "--json");
  expect(code).toBe(0);
  expect(new Set(Object.values(outcomesOf(stdout)))).not.toContain("failed");
  return project;
}

describe("a pipeline that is ended half-way", () => {
  const moments = [
    '"type":"run-started"',
    '"type":"asset-started","key":"sf_raw/sf_user"',
    '"type":"check-finished","key":"sf_raw/sf_user"',
    '"type":"asset-finished","key":"sf_raw/sf_user"',
    '"type":"asset-started","key":"sf_staging/stg_sf_user"',
    '"type":"asset-started","key":"sf_curated/dim_sf_user_scd"',
  ];

  it("gives, run again, the same tables as one that nothing disturbed", async () => {
    const undisturbed = await tables(await disturbed("SIGKILL", []));
    const killed = await disturbed("SIGKILL", moments);
    expect(await tables(killed)).toEqual(undisturbed);
    expect(await tables(await disturbed("SIGINT", moments.slice(1, 3)))).toEqual(undisturbed);
    const runs = await killed.json<{ status: string }[]>("runs");
    expect(runs.map((run) => run.status)).not.toContain("running");
    expect(runs.filter((run) => run.status === "interrupted")).toHaveLength(moments.length);
  });
});
