import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { families } from "../../framework/observability/metrics/families.ts";
import { Metrics } from "../../framework/observability/metrics/metrics.ts";
import { pruneStore } from "../../framework/store/upkeep/prune-store.ts";
import { printed, Project } from "../support/moraine.ts";
import { testClientPython } from "../support/python-environment.ts";
import { day, History } from "../store/history.ts";

interface Family {
  readonly name: string;
  readonly type: string;
  readonly samples: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: string;
  }[];
}

/** What Prometheus' own client for Python understands. */
async function parse(text: string): Promise<readonly Family[]> {
  const python = await testClientPython();
  const script = join(import.meta.dirname, "parse-metrics.py");
  return JSON.parse(execFileSync(python, [script], { input: text, encoding: "utf8" })) as Family[];
}

/** Values of a series by what tells its labels apart. */
function valuesOf(parsed: readonly Family[], name: string): Readonly<Record<string, number>> {
  const samples = parsed.flatMap((family) => family.samples).filter((sample) => sample.name === name);
  return Object.fromEntries(
    samples.map(({ labels: { target, ...labels }, value }) => [
      target === undefined ? "without target" : Object.values(labels).join(" "),
      value === "inf" ? Infinity : Number(value),
    ]),
  );
}

const config = `
import { defineAsset, defineCheck, defineConfig } from "moraine";

const users = defineAsset({
  key: "raw/users", group: "crm", owners: ["data@example.com"],
  materialize: () => ({ metadata: {
    rows: { type: "rows", value: 24 },
    rows_read: { type: "rows", value: 7 },
    api_calls: { type: "number", value: 5 },
    api_quota_used: { type: "number", value: 60 },
    api_quota_limit: { type: "number", value: 100 },
    watermark: { type: "text", value: "2026-01-01T00:00:00.000Z" },
    lateness: { type: "duration", ms: 1500 },
    query_cost: { type: "text", value: "$0.000050" },
    versions_opened: { type: "number", value: 3 },
    constructor: { type: "number", value: 1 },
  } }),
});
const mart = defineAsset({
  key: "mart/users", deps: { users },
  freshness: { maxAgeMs: 60_000 },
  materialize: async () => {
    if (process.env["HANG"] === "1") { process.stdout.write("hanging\\n"); await new Promise((done) => setTimeout(done, 60_000)); }
    throw new Error("no \\"quotes\\" and \\\\ here");
  },
});
const check = defineCheck({ asset: users, name: "has_rows", severity: "warn", run: () => ({ passed: false }) });

export default defineConfig({ name: "shop", assets: [users, mart, check] });
`;

describe("moraine metrics serve", () => {
  it("answers with what the store knows, as Prometheus' own client reads it", async () => {
    const project = new Project({ "moraine.config.ts": config });
    expect((await project.run("materialize", "--plain")).code).toBe(1);
    // A run that is killed leaves no word of its end.
    const killed = project.start(["materialize", "--plain"], { HANG: "1" });
    await printed(killed, "hanging");
    killed.kill("SIGKILL");
    await killed.finished;

    const server = project.start(["metrics", "serve", "--port", "0"]);
    let url = "";
    server.stdout?.on("data", (text: Buffer) => (url += String(text)));
    await printed(server, "/metrics");
    const answer = await fetch(url.trim().replace("metrics at ", ""));
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const parsed = await parse(await answer.text());
    server.kill("SIGTERM");
    expect((await server.finished).code).toBe(0);

    // The client names counters without their suffix.
    const known = new Set(
      Object.values(families).map(({ name, type }) => `${name.replace(/_total$/, "")} ${type}`),
    );
    expect(parsed.map(({ name, type }) => `${name} ${type}`).filter((family) => !known.has(family))).toEqual(
      [],
    );
    expect(parsed.every(({ samples }) => samples.every(({ labels }) => labels["target"] === "local"))).toBe(
      true,
    );

    expect(valuesOf(parsed, "moraine_runs_total")).toMatchObject({ "failed cli": 1, "failed schedule": 0 });
    expect(valuesOf(parsed, "moraine_runs_dead")).toEqual({ "": 1 });
    expect(valuesOf(parsed, "moraine_run_duration_seconds_count")).toEqual({ failed: 1 });
    expect(valuesOf(parsed, "moraine_asset_outcomes_total")).toMatchObject({
      "raw/users materialized": 1,
      "raw/users fresh": 1,
      "mart/users failed": 1,
    });
    expect(valuesOf(parsed, "moraine_asset_info")).toEqual({
      "raw/users typescript crm data@example.com": 1,
      "mart/users typescript  ": 1,
    });
    expect(valuesOf(parsed, "moraine_asset_freshness_overdue_seconds")).toEqual({ "mart/users": Infinity });
    expect(valuesOf(parsed, "moraine_check_passed")).toEqual({ "raw/users has_rows warn": 0 });
    expect(valuesOf(parsed, "moraine_check_results_total")).toEqual({ "raw/users has_rows failed": 1 });
    expect(valuesOf(parsed, "moraine_ingestion_rows")).toEqual({ "raw/users read": 7 });
    expect(valuesOf(parsed, "moraine_ingestion_api_quota_used")).toEqual({ "raw/users": 60 });
    expect(valuesOf(parsed, "moraine_ingestion_watermark_timestamp_seconds")).toEqual({
      "raw/users": Date.UTC(2026, 0, 1) / 1_000,
    });
    expect(valuesOf(parsed, "moraine_ingestion_lateness_seconds")).toEqual({ "raw/users": 1.5 });
    expect(valuesOf(parsed, "moraine_asset_query_cost_dollars")).toEqual({ "raw/users": 0.00005 });
    expect(valuesOf(parsed, "moraine_scd_versions")).toEqual({ "raw/users opened": 3 });
    expect(valuesOf(parsed, "moraine_store_size_bytes")[""]).toBeGreaterThan(0);
  });
});

describe("moraine metrics --textfile", () => {
  it("writes the file also when the definitions are wrong, and says so by value and exit code", async () => {
    const project = new Project({ "moraine.config.ts": config });
    await project.run("materialize", "--plain", "raw/users");
    const file = join(project.directory, "textfile", "moraine.prom");
    expect(await project.run("metrics", "--textfile", file)).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(readFileSync(file, "utf8")).toContain('moraine_project_readable{target="local"} 1');

    project.write(
      "moraine.config.ts",
      config
        .replace("deps: { users }", 'deps: { users, other: assetRef("raw/none") }')
        .replace("defineConfig }", "defineConfig, assetRef }"),
    );
    const { code, stderr } = await project.run("metrics", "--textfile", file);
    expect([code, stderr]).toEqual([2, expect.stringContaining("raw/none")]);
    const text = readFileSync(file, "utf8");
    expect(text).toContain('moraine_project_readable{target="local"} 0');
    expect(text).toContain('moraine_asset_rows{asset="raw/users",target="local"} 24');
  });

  it("refuses options of the other action", async () => {
    const project = new Project({ "moraine.config.ts": config });
    expect((await project.run("metrics", "--port", "1")).stderr).toContain("--port is not for print");
    expect((await project.run("metrics", "serve", "--textfile", "x")).stderr).toContain(
      "--textfile is not for serve",
    );
  });
});

describe("totals", () => {
  it("are the same after everything that may go has been pruned", async () => {
    const history = new History();
    for (let number = 1; number <= 6; number++)
      history.run(`run-00000000${number}`, number, ["raw/a", "mart/b"]);
    history.begin("run-000000007", 7);
    history.fail("run-000000007", 7, "mart/b");
    history.reject("run-000000007", 7, "raw/a");
    history.end("run-000000007", 7);
    history.run("run-000000008", 8, ["raw/a", "mart/b"]);
    const before = history.store.totals();
    const { removed } = await pruneStore({ path: history.path, retention: { keepRuns: 1 } });
    expect(removed).toMatchObject({ runs: 6, materializations: 12 });
    expect(history.store.totals()).toEqual(before);
    // And again, on top of what is kept of those that went.
    history.run("run-000000009", 9, ["raw/a"]);
    const later = history.store.totals();
    await pruneStore({ path: history.path, retention: { before: day(20) } });
    expect(history.store.totals()).toEqual(later);
    expect(later.runs.map(({ count, seconds }) => [count, seconds])).toEqual([[9, 81]]);
  });
});

describe("a scrape", () => {
  it("reads the history again only when something has happened", () => {
    const history = new History();
    history.run("run-000000001", 1, ["raw/a"]);
    let reads = 0;
    const reader = new Proxy(history.store, {
      get: (store, name) => {
        if (name === "totals") reads++;
        const value: unknown = Reflect.get(store, name, store);
        return typeof value === "function" ? value.bind(store) : value;
      },
    });
    const metrics = new Metrics({
      reader,
      storePath: history.path,
      graph: () => undefined,
      schedules: () => undefined,
      version: "1",
    });
    metrics.collect();
    metrics.collect();
    expect(reads).toBe(1);
    history.run("run-000000002", 2, ["raw/a"]);
    metrics.collect();
    expect(reads).toBe(2);
    writeFileSync(`${history.path}.other`, "");
    metrics.collect();
    expect(reads).toBe(2);
  });
});
