import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ada, mailingConfig, mailingProject, type User } from "../support/mailing-project.ts";
import type { Project } from "../support/moraine.ts";

const broken: readonly User[] = [
  ada,
  [2, null, "SE"],
  [3, null, "DK"],
  [4, "eva@example.com", "FI"],
  [5, "ole@example.com", "IS"],
];

const directory = mkdtempSync(join(tmpdir(), "moraine-checks-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Made by whichever test comes first: all is well, then two users without an address and three of unknown countries. */
let made: Promise<Project> | undefined;
const twoRuns = async () => {
  const project = await mailingProject([ada], directory);
  await project.run("materialize");
  project.write("users.json", JSON.stringify(broken));
  await project.run("materialize");
  return project;
};
const afterTwoRuns = () => (made ??= twoRuns());

interface Rows {
  readonly key: string;
  readonly check: string;
  readonly source: string;
  readonly total: number | null;
  readonly rows: readonly unknown[];
  readonly last: { readonly runId: string; readonly result: { readonly passed: boolean } } | null;
}

/** The output with what differs from run to run put out. */
const steady = (text: string) =>
  text
    .replaceAll(/[0-9a-f]{12}/g, "RUN")
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(Z?)/g, "INSTANT$1")
    .replaceAll(/\d+[smh] ago/g, "AGE ago")
    .replaceAll(/\b\d+\.\ds\b/g, "TIME");

it("a failed check that names what it blocks fails the run and leaves the rest running", async () => {
  const project = await afterTwoRuns();
  expect(await project.json("runs", "--status", "failed")).toMatchObject([
    { counts: { materialized: 1, failed: 1, skipped: 1 } },
  ]);
  expect((await project.run("materialize", "mailing")).code).toBe(1);
  expect((await project.run("materialize", "countries")).code).toBe(0);
});

describe("check --rows", () => {
  it("asks the table by the check's own query", async () => {
    const project = await afterTwoRuns();
    const { code, stdout, stderr } = await project.run("check", "users", "--rows", "has_email");
    expect(code).toBe(0);
    expect(stdout).toBe(["id  email  country", " 2  NULL   SE", " 3  NULL   DK", ""].join("\n"));
    expect(stderr).toBe("2 rows of raw/users break has_email now\n");
  });

  it("says how many there are when it shows fewer", async () => {
    const project = await afterTwoRuns();
    const args = ["check", "users", "--rows", "has_email", "--limit", "1"];
    const { stdout, stderr } = await project.run(...args, "--format", "csv");
    expect(stdout).toBe("id,email,country\n2,,SE\n");
    expect(stderr).toBe("1 of 2 rows of raw/users break has_email now; --limit shows more\n");
    expect(await project.json<Rows>(...args)).toMatchObject({
      key: "raw/users",
      check: "has_email",
      source: "query",
      total: 2,
      rows: [{ id: 2, email: null, country: "SE" }],
      last: { check: "has_email", severity: "error", blocking: true, result: { passed: false, value: 2 } },
    });
  });

  it("shows what the last result kept where there is no query, of how many, and from which run", async () => {
    const project = await afterTwoRuns();
    const { code, stdout, stderr } = await project.run("check", "users", "--rows", "known_country");
    expect(code).toBe(0);
    expect(stdout).toBe(["id  country", " 3  DK", " 4  FI", ""].join("\n"));
    expect(steady(stderr)).toBe(
      "2 of 3 rows that broke known_country, kept by run RUN, INSTANTZ (AGE ago)\n",
    );
    expect(
      await project.json<Rows>("check", "users", "--rows", "known_country", "--format", "json"),
    ).toMatchObject({
      source: "samples",
      total: 3,
      rows: [
        { id: 3, country: "DK" },
        { id: 4, country: "FI" },
      ],
    });
  });

  it("warns when the check passed or keeps no rows, and prints none", async () => {
    const project = await afterTwoRuns();
    const { code, stdout, stderr } = await project.run("check", "users", "--rows", "all_read");
    expect([code, stdout]).toEqual([0, ""]);
    expect(steady(stderr)).toBe(
      "all_read on raw/users keeps no rows; its last result: passed, 5, by run RUN, INSTANTZ (AGE ago)\n",
    );
    expect(await project.json<Rows>("check", "users", "--rows", "all_read")).toMatchObject({
      source: "samples",
      total: null,
      rows: [],
      last: { result: { passed: true } },
    });
  });

  it("warns when no row breaks it now, and when it was never run", async () => {
    const other = await mailingProject([ada]);
    await other.run("materialize");
    const { stdout, stderr } = await other.run("check", "--rows", "has_email");
    expect(stdout).toBe("");
    expect(steady(stderr)).toBe(
      "no row of raw/users breaks has_email now; its last result: passed, 0, by run RUN, INSTANTZ (AGE ago)\n",
    );
    other.write("moraine.config.ts", mailingConfig.replace('name: "known_country"', 'name: "some_country"'));
    const never = await other.run("check", "--rows", "some_country");
    expect([never.code, never.stdout]).toEqual([0, ""]);
    expect(never.stderr).toBe(
      "some_country on raw/users has never given a result\nnext  moraine check raw/users --name some_country\n",
    );
  });

  it.each([
    [["check", "--limit", "3"], "--limit and --format go with --rows"],
    [["check", "--rows", "has_email", "--format", "xml"], "--format is table, csv or json, got xml"],
    [["check", "--name", "all_read"], "all_read is found only while raw/users is materialized"],
  ])("%j is explained, exit code 2", async (args, text) => {
    const project = await afterTwoRuns();
    const { code, stdout, stderr } = await project.run(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(text);
  });
});

describe("the history of checks", () => {
  it("is a row of signs in show, and every result with show --checks", async () => {
    const project = await afterTwoRuns();
    const { stdout } = await project.run("show", "users");
    expect(steady(stdout)).toContain(
      [
        "checks",
        "     check          severity                     last 10  last result    when",
        "  ✗  has_email      error blocking mart/mailing  ✓✗       2, expected 0  AGE ago",
        "  !  known_country  warn                         ✓!       3, expected 0  AGE ago",
        "  ✓  all_read       error blocking               ✓✓       5              AGE ago",
      ].join("\n"),
    );
    const history = await project.run("show", "users", "--checks", "--history", "1");
    expect(steady(history.stdout)).toBe(
      [
        "has_email  error blocking mart/mailing, every user can be written to",
        "     when                  run           time  result",
        "  ✗  INSTANTZ  RUN  TIME  2, expected 0",
        "",
        "known_country  warn",
        "     when                  run           time  result",
        "  !  INSTANTZ  RUN  TIME  3, expected 0",
        "",
        "all_read  error blocking",
        "     when                  run           time  result",
        "  ✓  INSTANTZ  RUN  TIME  5",
        "",
      ].join("\n"),
    );
  });

  it("holds each result with its run, instant, value and what was expected in JSON", async () => {
    const project = await afterTwoRuns();
    const { checks } = await project.json<{ checks: unknown[] }>("show", "users");
    const result = (value: number) => ({
      runId: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
      at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      result: { passed: value === 0, value, expected: 0 },
    });
    expect(checks).toMatchObject([
      {
        name: "has_email",
        description: "every user can be written to",
        severity: "error",
        blocking: true,
        holds: ["mart/mailing"],
        source: "body",
        unchecked: false,
        last: result(2),
        history: [result(2), result(0)],
      },
      { name: "known_country", blocking: false, holds: null },
      { name: "all_read", holds: null, source: "report" },
    ]);
  });

  it("of a run of checks is part of that run", async () => {
    const project = await afterTwoRuns();
    const { runId } = await project.json<{ runId: string }>("check", "users");
    expect(await project.json("runs", runId)).toMatchObject({
      attempts: [],
      checks: [
        { check: "has_email", result: { value: 2 } },
        { check: "known_country", result: { value: 3 } },
      ],
      unfinishedChecks: [],
    });
  });
});

describe("a check that was declared after its asset was made", () => {
  it("is named by plan and show until it has run, without making anything stale", async () => {
    const other = await mailingProject([ada]);
    other.write("moraine.config.ts", mailingConfig.replace("refresh: { everyMs: 0 },", ""));
    await other.run("materialize");
    expect(await other.json("plan")).toMatchObject({ toRun: 0, unchecked: [] });
    other.write(
      "moraine.config.ts",
      mailingConfig
        .replace("refresh: { everyMs: 0 },", "")
        .replace('name: "has_email"', 'name: "with_email"'),
    );
    expect(await other.json("plan")).toMatchObject({
      toRun: 0,
      unchecked: [{ key: "raw/users", checks: ["with_email"] }],
    });
    expect((await other.run("plan")).stdout).toBe(
      [
        "  asset  runs  usual  why",
        "",
        "= nothing to do: all 3 assets fresh",
        "! raw/users never checked: with_email",
        "next  moraine check raw/users",
        "",
      ].join("\n"),
    );
    expect((await other.run("show", "users")).stdout).toMatch(/○ {2}with_email .* never run/);
    expect((await other.run("check", "state:unchecked")).code).toBe(0);
    expect(await other.json("plan")).toMatchObject({ toRun: 0, unchecked: [] });
    expect((await other.run("check", "state:unchecked")).stdout).toContain("0 checks passed");
  });
});
