import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { RunEvent } from "../../framework/event/event.ts";
import { documentedShapes, shapeNamed } from "../support/documented-shapes.ts";
import { mismatches } from "../support/json-shape.ts";
import { ada, mailingProject } from "../support/mailing-project.ts";
import { Project } from "../support/moraine.ts";
import { ended } from "../support/processes.ts";
import { Shop } from "../support/shop-project.ts";

const readPage = (name: string) => readFileSync(join(import.meta.dirname, "../../docs", name), "utf8");

/** Fields of each type of event, by the table of docs/store.md; with `?` those that may be missing. */
function documentedPayloads(): ReadonlyMap<string, readonly string[]> {
  const [, section = ""] = readPage("store.md").split("\n#### Payloads\n");
  const rows = section.matchAll(/^\| `([a-z-]+)` \| `(.+)` \|$/gm);
  return new Map([...rows].map(([, type = "", fields = ""]) => [type, fields.split(", ")]));
}

const shapes = documentedShapes();
const directory = mkdtempSync(join(tmpdir(), "moraine-json-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A project with a good run, one with failed checks, and one that failed by itself; made by whichever test is first. */
let made: Promise<Project> | undefined;
const project = () => (made ??= makeProject());
async function makeProject(): Promise<Project> {
  const mailing = await mailingProject([ada], directory);
  await mailing.run("materialize", "--tag", "reason=first");
  mailing.write("users.json", JSON.stringify([ada, [2, null, "DK"]]));
  await mailing.run("materialize");
  mailing.write("users.json", "[[");
  await mailing.run("materialize");
  return mailing;
}

const shapeOf = (name: string) => shapeNamed(shapes, name);

async function check(shape: string, ...args: readonly string[]): Promise<void> {
  expect(mismatches(await (await project()).json(...args), shapeOf(shape), shapes)).toEqual([]);
}

describe("the JSON of docs/cli.md", () => {
  it.each([
    ["list", ["list"]],
    ["show KEY", ["show", "users"]],
    ["show KEY", ["show", "mailing"]],
    ["plan", ["plan", "--all"]],
    ["check", ["check"]],
    ["check --rows", ["check", "--rows", "has_email"]],
    ["check --rows", ["check", "--rows", "known_country"]],
    ["lineage", ["lineage"]],
    ["runs", ["runs"]],
    ["query", ["query", "SELECT * FROM raw.users"]],
    ["types", ["types", "--out", join(directory, "moraine.types.ts")]],
    ["lake", ["lake"]],
    ["lake optimize", ["lake", "optimize"]],
    ["lake expire", ["lake", "expire", "--older-than", "7d"]],
    ["store check", ["store", "check"]],
    ["store prune", ["store", "prune", "--keep", "100", "--dry-run"]],
    ["store backup", ["store", "backup", "--to", join(directory, "backup.db"), "--yes"]],
    ["metrics", ["metrics"]],
    ["openlineage", ["openlineage"]],
    ["doctor", ["doctor"]],
    ["sandbox seed", ["sandbox", "seed", "--users", "5", "--yes"]],
    ["sandbox advance", ["sandbox", "advance", "--days", "1"]],
    ["sandbox faults", ["sandbox", "faults", "--arm", "503", "--match", "query"]],
    ["sandbox faults --clear", ["sandbox", "faults", "--clear"]],
    ["sandbox credentials", ["sandbox", "credentials"]],
  ])("of %s is what %j prints", async (shape, args) => {
    await check(shape, ...args);
  });

  it("of one run, its log and its lineage is what they print, whether it was good or not", async () => {
    const runs = await (await project()).json<{ id: string }[]>("runs");
    expect(runs.length).toBeGreaterThanOrEqual(3);
    for (const { id } of runs) {
      await check("runs RUN", "runs", id);
      await check("logs RUN", "logs", id, "--level", "debug");
      await check("lineage", "lineage", "--recorded", id);
      if (id !== runs[0]?.id) await check("runs diff RUN", "runs", "diff", id, runs[0]?.id ?? "");
    }
  });

  it("of a rollback is what it prints, planned and done", async () => {
    const first = (await (await project()).json<{ id: string }[]>("runs")).at(-1)?.id ?? "";
    await check("rollback KEY", "rollback", "users", "--run", first, "--dry-run");
    await check("rollback KEY", "rollback", "users", "--run", first, "--yes");
  });

  it("of partitions is what the verbs print of an asset that has some", async () => {
    const shop = new Shop();
    await shop.run("materialize", "orders", "--partition", "2026-01-03");
    for (const [shape, ...args] of [
      ["list", "list"],
      ["show KEY", "show", "orders"],
      ["show KEY", "show", "per_day"],
      ["plan", "plan", "--missing"],
      ["plan --automation", "plan", "--automation"],
    ] as const)
      expect(mismatches(await shop.json(...args), shapeOf(shape), shapes)).toEqual([]);
  });

  it("of alerts is what the verb prints of one that fires and one channel that is dead", async () => {
    const failing = new Project({
      "moraine.config.ts": `
        import { defineAsset, defineConfig } from "moraine";
        const users = defineAsset({ key: "raw/users", retry: { maxAttempts: 1 }, materialize: () => { throw new Error("no"); } });
        const channels = { good: { type: "command", argv: ["true"] }, dead: { type: "command", argv: ["false"] } };
        export default defineConfig({ name: "crm", assets: [users], alerts: { channels } });`,
    });
    await failing.run("materialize");
    for (const [shape, ...args] of [
      ["alerts", "alerts"],
      ["alerts evaluate", "alerts", "evaluate"],
      ["alerts test", "alerts", "test"],
    ] as const)
      expect(mismatches(await failing.json(...args), shapeOf(shape), shapes)).toEqual([]);
  });

  it("of a detached run is what names its process", async () => {
    const told = await (await project()).json<{ pid: number }>("materialize", "users", "--detach");
    expect(mismatches(told, shapeOf("materialize --detach"), shapes)).toEqual([]);
    await ended([told.pid]);
  });

  it("of a server is the line that it prints first", async () => {
    for (const verb of ["lake", "sandbox"]) {
      const server = (await project()).start([verb, "serve", "--port", "0", "--json"]);
      const line = await new Promise<string>((resolve) => server.stdout?.once("data", resolve));
      server.kill("SIGTERM");
      await server.finished;
      expect(mismatches(JSON.parse(line), shapeOf(`${verb} serve`), shapes)).toEqual([]);
    }
  });

  it("of events has the fields that docs/store.md lists for their type", async () => {
    const payloads = documentedPayloads();
    const runs = await (await project()).json<{ id: string }[]>("runs");
    const seen = new Set<string>();
    for (const { id } of runs) {
      for (const event of await (await project()).json<RunEvent[]>("logs", id, "--level", "debug")) {
        seen.add(event.type);
        const fields = payloads.get(event.type) ?? [];
        const given = Object.keys(event).filter((name) => !["type", "runId", "at"].includes(name));
        const known = new Set(fields.map((field) => field.replace("?", "")));
        expect(given.filter((name) => !known.has(name))).toEqual([]);
        expect(fields.filter((field) => !field.endsWith("?") && !given.includes(field))).toEqual([]);
      }
    }
    expect([...seen].sort()).toEqual([
      "asset-finished",
      "asset-started",
      "check-finished",
      "check-started",
      "run-finished",
      "run-started",
    ]);
  });
});
