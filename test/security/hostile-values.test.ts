import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { control, FaultyPipeline, urlOf } from "../support/faulty-pipeline.ts";
import { Project } from "../support/moraine.ts";

/** Texts that are SQL, SOQL, Jinja, a shell's or a terminal's language wherever somebody forgets to quote them. */
const hostile = [
  "Robert'); DROP TABLE sf_user;--",
  'say "x"; DELETE FROM sf_raw.sf_user; --',
  String.raw`back\slash \' OR 1=1 \u0027`,
  "{{ 1 / 0 }}{% raw %}",
  "$(touch pwned) `touch pwned`; touch pwned",
  "\u001B]0;owned\u0007\u001B[2J\u009B31m",
  "a,b\n=cmd|' /C calc'!A1\tc",
];

const pipeline = new FaultyPipeline(30);

/** Rows of a query. */
const rows = <T>(sql: string) => pipeline.project.json<T[]>("query", sql, "--limit", "1000");

describe("hostile texts in the source", () => {
  it("are values in every table and every check, and nothing else", async () => {
    await pipeline.filled();
    pipeline.edit(
      "assets/sf_user/dbthub.yml",
      "values: [Finance,",
      `values: ["${hostile[0]}", 'it''s "fine"; --', Finance,`,
    );
    pipeline.edit(
      "assets/sf_user/dbthub.yml",
      "Title: { column: title }",
      `Title: { column: title, pattern: { regex: "[^'\\"]*|Robert'\\\\); DROP.*", severity: warn } }`,
    );
    const org = pipeline.project.start(["sandbox", "serve", "--port", "0", "--json"]);
    const url = await urlOf(org);
    const records = hostile.map((text, index) => ({
      Username: `hostile${index}@moraine.example`,
      LastName: text,
      Email: `hostile${index}@moraine.example`,
      Title: text,
      Division: text,
      Audit_Phase__c: text,
    }));
    await control(url, "POST", "records", { records });

    const { code } = await pipeline.materialize([], { MORAINE_SALESFORCE_URL: url });
    org.kill("SIGTERM");
    await org.finished;

    expect(code).toBe(0);
    const of = (table: string, name: string, columns: string) =>
      rows(`SELECT ${columns} FROM ${table} WHERE ${name} LIKE 'hostile%' ORDER BY ${name}`);
    expect(await of("sf_raw.sf_user", "username", "last_name, title, division, audit_phase")).toEqual(
      hostile.map((text) => ({ last_name: text, title: text, division: text, audit_phase: text })),
    );
    expect(await of("sf_curated.dim_sf_user_scd", "username", "title, division, audit_phase")).toEqual(
      hostile.map((text) => ({ title: text, division: text, audit_phase: text })),
    );
    const breaking = async (check: string) => {
      const found = await pipeline.project.json<{ rows: { title: string | null; username: string }[] }>(
        "check",
        "sf_raw/sf_user",
        "--rows",
        check,
      );
      return found.rows.filter((row) => row.username.startsWith("hostile")).map((row) => row.title);
    };
    // All but the one that the list names; those with a quote but for the one that the expression names.
    expect(new Set(await breaking("accepted_values_division"))).toEqual(new Set(hostile.slice(1)));
    expect(new Set(await breaking("pattern_title"))).toEqual(
      new Set(hostile.slice(1).filter((text) => /['"]/.test(text))),
    );
  });

  it("reach a terminal without the characters that steer it", async () => {
    for (const args of [
      ["query", "SELECT division FROM sf_raw.sf_user WHERE username LIKE 'hostile%'"],
      ["check", "sf_raw/sf_user", "--rows", "accepted_values_division"],
      ["show", "sf_raw/sf_user"],
    ]) {
      const { stdout, stderr } = await pipeline.project.run(...args);
      expect(stdout).not.toBe("");
      // oxlint-disable-next-line no-control-regex -- they are what is looked for
      expect(stdout + stderr).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/);
    }
  });

  it("that are given as arguments are refused, and change nothing", async () => {
    const before = await pipeline.snapshots();
    const attempts: readonly (readonly string[])[] = [
      ["runs", "' OR 1=1 --"],
      ["runs", "%"],
      ["logs", "../../../etc/passwd"],
      ["show", "../../etc/passwd"],
      ["materialize", "sf_raw/sf_user'; DROP TABLE runs; --"],
      ["materialize", "sf_raw/sf_user", "--partition", "x' OR '1'='1"],
      ["materialize", "--target", "../../elsewhere"],
      ["rollback", "sf_raw/sf_user", "--to", "1; DROP TABLE sf_raw.sf_user", "--yes"],
      ["lake", "optimize", "sf_raw/sf_user; DROP"],
      ["query", "DROP TABLE sf_raw.sf_user"],
      ["query", "SELECT 1; DROP TABLE sf_raw.sf_user"],
      ["query", "COPY (SELECT 1) TO 'pwned'"],
      ["query", "ATTACH 'pwned' AS x"],
    ];
    for (const args of attempts) {
      const { code, stdout, stderr } = await pipeline.project.run(...args);
      expect([args, code, stdout]).toEqual([args, expect.toBeOneOf([1, 2]) as number, ""]);
      expect(stderr).toContain("error[");
    }
    const started = await pipeline.project.run("materialize", "--tag", "why=$(touch pwned)`touch pwned`");
    expect(started.code).toBe(0);
    expect(readdirSync(pipeline.project.directory)).not.toContain("pwned");
    expect(await pipeline.snapshots()).toEqual(before);
    expect((await pipeline.project.run("store", "check")).code).toBe(0);
  });

  it.each([
    ["an object", "object: User", `object: "User WHERE Id != ''"`],
    ["a field", "  Title: {", `  "Title FROM User--": {`],
    ["a column", "{ column: title", `{ column: 'title"; DROP TABLE x'`],
    ["a cursor", "field: SystemModstamp", `field: "SystemModstamp > 1 OR Id"`],
  ])("that YAML gives %s for a name are wrong definitions, by file and line", async (_, from, to) => {
    const restore = pipeline.edit("assets/sf_user/dbthub.yml", from, to);
    const { code, stderr } = await pipeline.project.run("materialize");
    restore();
    expect(code).toBe(2);
    expect(stderr).toMatch(/dbthub\.yml:\d+/);
  });
});

describe("the state of a project", () => {
  const config = `import { defineAsset, defineConfig } from "moraine";
    export default defineConfig({ name: "p", assets: [defineAsset({ key: "a/b", materialize: () => {} })] });`;

  it("is its owner's alone, and stays as open as it was made", async () => {
    const project = new Project({ "moraine.config.ts": config });
    await project.run("materialize");
    const state = join(project.directory, ".moraine");
    expect(statSync(state).mode & 0o777).toBe(0o700);
    expect(existsSync(join(state, "moraine.db"))).toBe(true);

    const shared = new Project({ "moraine.config.ts": config });
    mkdirSync(join(shared.directory, ".moraine"), { mode: 0o755 });
    await shared.run("materialize");
    expect(statSync(join(shared.directory, ".moraine")).mode & 0o777).toBe(0o755);
  });
});
