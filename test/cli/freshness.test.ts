import { describe, expect, it } from "vitest";
import { Project } from "../support/moraine.ts";

/** Two assets that somebody waits for, and one that nobody does. The raw one fails when it is told to. */
const project = () =>
  new Project({
    "moraine.config.ts": `
import { defineAsset, defineConfig } from "moraine";
const raw = defineAsset({
  key: "raw/users",
  refresh: { everyMs: 0 },
  freshness: { maxAgeMs: 1 },
  retry: { maxAttempts: 1 },
  materialize: () => {
    if (process.env.BROKEN) throw new Error("no");
    return { dataVersion: "d1" };
  },
});
const mart = defineAsset({
  key: "mart/users",
  deps: { raw },
  freshness: { deadline: { cron: "0 7 * * *", timezone: "Europe/Oslo", graceMs: 1_800_000 } },
  materialize: () => ({ dataVersion: "m1" }),
});
const other = defineAsset({ key: "mart/other", deps: { raw }, materialize: () => ({ dataVersion: "o1" }) });
export default defineConfig({ name: "late", assets: [raw, mart, other] });`,
  });

interface Listed {
  readonly key: string;
  readonly status: string;
  readonly freshness: {
    readonly state: string;
    readonly since: string | null;
    readonly deadline: string | null;
  } | null;
}

describe("freshness on the command line", () => {
  it("is a field of list, null where nobody waits, and overdue where nothing was ever made", async () => {
    const never = { state: "overdue", since: null, deadline: null, knownGoodAt: null };
    expect(await project().json("list")).toMatchObject([
      { key: "raw/users", status: "missing", freshness: never },
      { key: "mart/other", status: "missing", freshness: null },
      { key: "mart/users", status: "missing", freshness: never },
    ]);
  });

  it("stands apart from staleness: what is late may be fresh", async () => {
    const late = project();
    await late.run("materialize");
    const [raw, , mart] = await late.json<Listed[]>("list");
    expect(raw).toMatchObject({ status: "fresh", freshness: { state: "overdue" } });
    expect(raw?.freshness?.since).toBe(raw?.freshness?.deadline);
    expect(mart).toMatchObject({ status: "fresh", freshness: { state: "on-time" } });
    const { stdout } = await late.run("list");
    expect(stdout).toMatch(/^   asset +status +freshness +rows +last +why$/m);
    expect(stdout).toMatch(/^! {2}raw\/users +fresh +overdue \d+s /m);
    expect(stdout).toMatch(/^= {2}mart\/users +fresh +on-time /m);
  });

  it("selects what is late for every verb", async () => {
    const late = project();
    await late.run("materialize");
    const keys = async (...terms: string[]) =>
      (await late.json<Listed[]>("list", ...terms)).map(({ key }) => key);
    expect(await keys("state:overdue")).toEqual(["raw/users"]);
    expect(await keys("state:fresh and not state:overdue")).toEqual(["mart/other", "mart/users"]);
    expect(await late.json("plan", "state:overdue")).toMatchObject({ steps: [{ key: "raw/users" }] });
  });

  it("counts a run in which nothing had to be done as on time, and a failed one not", async () => {
    const late = project();
    await late.run("materialize");
    const goodAt = async () =>
      (await late.json<{ freshness: { knownGoodAt: string } }>("show", "mart/users")).freshness.knownGoodAt;
    const made = await goodAt();
    const { stdout } = await late.run("materialize", "--json");
    expect(stdout).toContain('"mart/users":"fresh"');
    const unchanged = await goodAt();
    expect(unchanged > made).toBe(true);
    await late.start(["materialize"], { BROKEN: "1" }).finished;
    expect(await goodAt()).toBe(unchanged);
  });

  it("is said by show, with the policy", async () => {
    const late = project();
    expect((await late.run("show", "mart/users")).stdout).toContain(
      "overdue, never known good: by 0 7 * * * Europe/Oslo, 30m grace",
    );
    await late.run("materialize");
    expect((await late.run("show", "mart/users")).stdout).toMatch(
      /^on-time, deadline (\d\d-\d\d )?\d\d:\d\dZ: by 0 7 \* \* \* Europe\/Oslo, 30m grace$/m,
    );
    expect((await late.run("show", "raw/users")).stdout).toMatch(/^overdue \d+s, .*: at most 1ms old$/m);
  });

  it("names a wrong policy before anything runs", async () => {
    const wrong = new Project({
      "moraine.config.ts": `
import { defineAsset, defineConfig } from "moraine";
const a = defineAsset({
  key: "a/x",
  freshness: { deadline: { cron: "0 25 * * *", timezone: "Europe/Oslo" } },
  materialize: () => {},
});
export default defineConfig({ name: "wrong", assets: [a] });`,
    });
    const { code, stderr } = await wrong.run("materialize");
    expect(code).toBe(2);
    expect(stderr).toContain(
      'a/x: freshness.deadline.cron: expected hours from 0 to 23, with lists, ranges and steps, not "25", got "0 25 * * *"',
    );
  });
});
