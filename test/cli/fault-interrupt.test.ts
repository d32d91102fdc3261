import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { printed } from "../support/moraine.ts";
import { ended } from "../support/processes.ts";
import { dimension, FaultyPipeline, raw, staging, urlOf } from "../support/faulty-pipeline.ts";

const pipeline = new FaultyPipeline();

/** The ids of all processes below one: dbt's worker and what it starts. */
function descendants(pid: number | undefined): readonly number[] {
  const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  const parents = rows.map((row) => row.trim().split(/\s+/).map(Number) as [number, number]);
  const below = (parent: number): number[] =>
    parents.flatMap(([child, itsParent]) => (itsParent === parent ? [child, ...below(child)] : []));
  return pid === undefined ? [] : below(pid);
}

const lastRun = async () => (await pipeline.project.json<{ id: string; status: string }[]>("runs"))[0];
const working = '"type":"asset-started","key":"sf_staging/stg_sf_user"';
const testing = '"type":"check-started","key":"sf_staging/stg_sf_user"';

describe("a run that is told to end", () => {
  it.each([
    ["SIGINT", 130, working],
    ["SIGTERM", 143, working],
    ["SIGINT", 130, testing],
  ] as const)(
    "by %s exits with %i, is recorded as cancelled, and leaves no process",
    async (signal, code, moment) => {
      await pipeline.filled();
      await pipeline.project.run("sandbox", "advance");
      const run = pipeline.project.start(["materialize", "--json"]);
      await printed(run, moment);
      const pids = descendants(run.pid);
      expect(pids.length).toBeGreaterThan(0);
      run.kill(signal);
      const finished = await run.finished;
      expect([finished.code, finished.stderr]).toEqual([code, ""]);
      await ended(pids);
      const last = JSON.parse(finished.stdout.trim().split("\n").at(-1) ?? "") as {
        status: string;
        outcomes: Record<string, string>;
      };
      expect(last.status).toBe("cancelled");
      expect(Object.values(last.outcomes)).not.toContain("failed");
      expect(last.outcomes[dimension]).toBe("cancelled");
      expect((await lastRun())?.status).toBe("cancelled");
      expect((await pipeline.recovers()).outcomes[dimension]).toBe("materialized");
    },
  );

  it("twice ends at once, whatever it is doing", async () => {
    await pipeline.filled();
    const org = pipeline.project.start(["sandbox", "serve", "--port", "0", "--json"]);
    const url = await urlOf(org);
    const run = pipeline.project.start(["materialize", "--json"], { MORAINE_SALESFORCE_URL: url });
    await printed(run, working.replace(staging, raw));
    const pids = descendants(run.pid);
    run.kill("SIGINT");
    run.kill("SIGTERM");
    const { code } = await run.finished;
    expect([130, 143]).toContain(code);
    await ended(pids);
    org.kill("SIGTERM");
    expect((await org.finished).code).toBe(0);
    await pipeline.recovers();
    expect(
      (await pipeline.project.json<{ status: string }[]>("runs")).map(({ status }) => status),
    ).not.toContain("running");
  });

  it("by kill -9 is shown as interrupted afterwards, and leaves no process", async () => {
    await pipeline.filled();
    await pipeline.project.run("sandbox", "advance");
    const run = pipeline.project.start(["materialize", "--json"]);
    await printed(run, working);
    const pids = descendants(run.pid);
    expect(pids.length).toBeGreaterThan(0);
    run.kill("SIGKILL");
    await run.finished;
    await ended(pids);
    const shown = await lastRun();
    expect(shown?.status).toBe("interrupted");
    expect((await pipeline.recovers()).outcomes[dimension]).toBe("materialized");
    expect((await pipeline.project.json<{ status: string }>("runs", shown?.id ?? "")).status).toBe(
      "interrupted",
    );
  });
});

describe("a server that is told to end", () => {
  it.each([
    ["sandbox", "SIGINT"],
    ["sandbox", "SIGTERM"],
    ["lake", "SIGTERM"],
  ] as const)("%s serve by %s has done its work: exit code 0", async (verb, signal) => {
    await pipeline.filled();
    const server = pipeline.project.start([verb, "serve", "--port", "0", "--json"]);
    await printed(server, '"url"');
    server.kill(signal);
    const { code, stderr } = await server.finished;
    expect([code, stderr]).toEqual([0, ""]);
  });
});
