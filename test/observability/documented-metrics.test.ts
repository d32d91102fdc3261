import { readFileSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { families } from "../../framework/observability/metrics/families.ts";

const root = join(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const all = Object.values(families);
const suffixes = {
  gauge: [""],
  counter: [""],
  histogram: ["_bucket", "_sum", "_count"],
  summary: ["_sum", "_count"],
};
const series = new Set(all.flatMap(({ name, type }) => suffixes[type].map((suffix) => `${name}${suffix}`)));
const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;

/** Names of moraine's metrics in a text. */
function namedIn(text: string): readonly string[] {
  return [...new Set(text.match(/\bmoraine_[a-z_]+\b/g))];
}

describe("docs/monitoring.md", () => {
  it("lists every metric with type, labels and meaning, and no other", () => {
    const rows = read("docs/monitoring.md")
      .split("\n")
      .filter((line) => line.startsWith("| `moraine_"));
    expect(rows).toEqual(
      all.map(
        ({ name, type, labels, help }) =>
          `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`,
      ),
    );
  });
});

describe("metric names", () => {
  it("follow Prometheus' conventions", () => {
    for (const { name, type, labels } of all) {
      expect(name).toMatch(/^moraine_[a-z]+(_[a-z]+)*$/);
      expect(name.endsWith("_total")).toBe(type === "counter");
      expect(labels).not.toContain("partition");
    }
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });
});

describe("deploy/monitoring", () => {
  it.each(["moraine-rules.yml", "moraine-rules.test.yml", "moraine-dashboard.json"])(
    "names in %s only metrics that are exported",
    (file) => {
      const unknown = namedIn(read(`deploy/monitoring/${file}`)).filter((name) => !series.has(name));
      expect(unknown).toEqual([]);
    },
  );

  it("has every alert rule in the operations page, with a command to look with", () => {
    const rules = read("deploy/monitoring/moraine-rules.yml");
    const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name = ""]) => name);
    expect(alerts.length).toBeGreaterThan(10);
    expect(rules.match(/runbook:/g)).toHaveLength(alerts.length);
    expect(alerts.filter((name) => !read("docs/operations.md").includes(name))).toEqual([]);
  });

  it.skipIf(!hasPromtool)(
    "has rules that promtool finds sound and that fire as their tests say (skipped without promtool)",
    () => {
      const run = (...args: readonly string[]) =>
        spawnSync("promtool", args, { cwd: join(root, "deploy/monitoring"), encoding: "utf8" });
      const check = run("check", "rules", "moraine-rules.yml");
      expect([check.status, check.stderr]).toEqual([0, ""]);
      const test = run("test", "rules", "moraine-rules.test.yml");
      expect([test.status, test.stderr]).toEqual([0, ""]);
    },
  );
});
