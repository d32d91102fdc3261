import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { sfUserRaw } from "../../assets/sf_user/tables.ts";
import { dbthub } from "../../framework/dbthub/dbthub.ts";
import { shippedYaml } from "./rig.ts";

/** The asset of a changed YAML, and what is wrong with it: `line:column message (advice)`. */
function define(change: (text: string) => string) {
  const dir = mkdtempSync(join(tmpdir(), "moraine-yaml-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, "dbthub.yml");
  const text = change(shippedYaml);
  writeFileSync(file, text);
  const asset = dbthub({ file, table: sfUserRaw });
  const problems = asset.problems.map(
    ({ where = "", message, next }) =>
      `${where.replace(`${file}:`, "")} ${message}${next === undefined ? "" : ` (${next})`}`,
  );
  return { asset, problems, text };
}

const lineOf = (text: string, part: string) => text.slice(0, text.indexOf(part)).split("\n").length;

it("finds nothing wrong with the shipped YAML", () => {
  expect(define((text) => text).problems).toEqual([]);
});

it("names line, column and the nearest valid key of a misspelled one", () => {
  const { problems, text } = define((yaml) => yaml.replace("merge_strategy:", "merge_stratgy:"));
  expect(problems).toEqual([
    `${lineOf(text, "merge_stratgy")}:1 unknown key "merge_stratgy" (did you mean merge_strategy, merge_key?)`,
  ]);
});

it("names the nearest column that the table has", () => {
  const { problems, text } = define((yaml) => yaml.replace("column: title }", "column: titel }"));
  const line = lineOf(text, "titel");
  const column = (text.split("\n")[line - 1] ?? "").indexOf("titel") + 1;
  expect(problems).toContain(
    `${line}:${column} table sf_raw/sf_user has no column titel (did you mean title?)`,
  );
  expect(problems).toContainEqual(
    expect.stringContaining("column title of sf_raw/sf_user is filled by no field"),
  );
});

it("reports everything at once", () => {
  const { problems } = define((yaml) =>
    yaml
      .replace("settle: 5m", "settle: soon")
      .replace("write_disposition: merge", "write_disposition: merg")
      .replace("max_retired_share: 0.05", "max_retired_share: 5")
      .replace("object: User", "objekt: User"),
  );
  expect(problems).toHaveLength(5);
  expect(problems.join("\n")).toContain("expected a duration like 30s, 5m or 1h");
  expect(problems.join("\n")).toContain(
    'expected one of append, merge, replace, got "merg" (did you mean merge?)',
  );
  expect(problems.join("\n")).toContain("object is missing");
});

it("names the line of a syntax error", () => {
  const { problems } = define((yaml) => yaml.replace("fields:", "fields: [\n"));
  expect(problems[0]).toMatch(/^\d+:\d+ /);
});

it("names the key below a rule that says more", () => {
  const { problems } = define((yaml) =>
    yaml.replace("required: { severity: warn }", "required: { severty: warn }"),
  );
  expect(problems).toEqual([
    expect.stringContaining('unknown key "severty" in fields.LastName.required (did you mean severity?)'),
  ]);
});

it("refuses a column of another type, a cursor that is no field, a key that no field fills", () => {
  const { problems } = define((yaml) =>
    yaml
      .replace("column: created_date, type: timestamp", "column: created_date")
      .replace("field: SystemModstamp", "field: SystemModstmp")
      .replace("merge_key: [id, system_modstamp]", "merge_key: [id, system_modstmp]"),
  );
  expect(problems).toEqual([
    expect.stringContaining(
      "field CreatedDate: type string, but column created_date of sf_raw/sf_user is timestamp",
    ),
    expect.stringContaining(
      "merge_key: no field fills column system_modstmp (did you mean system_modstamp?)",
    ),
    expect.stringContaining(
      "cursor.field: field SystemModstmp is not under fields (did you mean SystemModstamp?)",
    ),
  ]);
});

it("says that a file is not there", () => {
  const asset = dbthub({ file: "/nowhere/dbthub.yml", table: sfUserRaw });
  expect(asset.problems).toEqual([{ message: "can't be read (ENOENT)", where: "/nowhere/dbthub.yml" }]);
});

it("gives the same code version whatever the comments and layout are, another after any change of meaning", () => {
  const version = define((text) => text).asset.codeVersion();
  expect(
    define(
      (yaml) =>
        `# a comment\n${yaml.replaceAll("\n", " # more\n").replace("Title: { column: title }", "Title:\n    column: title")}`,
    ).asset.codeVersion(),
  ).toBe(version);
  expect(define((yaml) => yaml.replace("settle: 5m", "settle: 6m")).asset.codeVersion()).not.toBe(version);
});

it("takes a freshness policy, which is no part of the code version", () => {
  const plain = define((text) => text).asset;
  const aged = define((text) => `${text}\nfreshness: { max_age: 26h }\n`);
  expect(aged.problems).toEqual([]);
  expect(aged.asset.freshness).toEqual({ maxAgeMs: 26 * 3_600_000 });
  expect(aged.asset.codeVersion()).toBe(plain.codeVersion());
  const deadline = "{ cron: 0 7 * * *, timezone: Europe/Oslo, grace: 30m }";
  expect(define((text) => `${text}\nfreshness: { deadline: ${deadline} }\n`).asset.freshness).toEqual({
    deadline: { cron: "0 7 * * *", timezone: "Europe/Oslo", graceMs: 1_800_000 },
  });
});

it.each([
  ["{}", "freshness: expected one of max_age and deadline, got {}"],
  ["{ max_age: soon }", 'freshness.max_age: expected a duration like 30s, 5m or 1h, got "soon"'],
  ["{ max_age: 0s }", 'freshness.max_age: expected milliseconds above 0, got "0s"'],
  ["{ maxage: 1h }", 'unknown key "maxage" in freshness (did you mean max_age?)'],
  [
    "{ deadline: { cron: 0 7 * *, timezone: UTC } }",
    'freshness.deadline.cron: expected five fields like "0 7 * * 1-5", or @daily, got "0 7 * *"',
  ],
  ["{ deadline: { cron: 0 7 * * * } }", "freshness.deadline.timezone is missing"],
])("refuses the freshness policy %s with its place", (policy, message) => {
  const { problems, text } = define((yaml) => `${yaml}\nfreshness: ${policy}\n`);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(message);
  expect(problems[0]).toMatch(new RegExp(`^${lineOf(text, "freshness:")}:`));
});
