import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compilerOutput, installTypes } from "../support/compiler.ts";
import { lakeProject } from "../support/lake-project.ts";
import type { Project } from "../support/moraine.ts";

const repository = resolve(import.meta.dirname, "../..");
const page = readFileSync(join(repository, "docs/definitions.md"), "utf8");
const types = readFileSync(join(repository, "moraine.types.ts"), "utf8");

/** Code blocks of the page, by language and in order. */
const blocks = [...page.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(([, language = "", text = ""]) => ({
  language,
  text,
}));

/** The files that the page shows, by path. */
const files = Object.fromEntries(
  blocks.flatMap(({ language, text }) => {
    const [, path, body] = /^\/\/ (\S+\.ts)\n([^]*)$/.exec(language === "ts" ? text : "") ?? [];
    return path === undefined || body === undefined ? [] : [[path, body] as const];
  }),
);

/** The one printed block of the page that holds a text. */
function printed(text: string): string {
  const found = blocks.filter((block) => block.language === "" && block.text.includes(text));
  expect(found).toHaveLength(1);
  return found[0]?.text ?? "";
}

const customers = [
  { id: "c1", email: "ada@example.com", country: "NO", since: "2021-04-03 15:36:28" },
  { id: "c2", email: "bo@example.com", country: null, since: "2023-01-09 08:00:00" },
];
const orders = [
  { id: 1, customer: "c1", total: 12.5, ordered_at: "2026-01-05 10:00:00" },
  { id: 2, customer: "c2", total: 7.25, ordered_at: "2026-01-06 11:30:00" },
];
const ndjson = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join("\n");

describe("docs/definitions.md", () => {
  let project: Project;
  beforeAll(async () => {
    project = await lakeProject(
      {
        ...files,
        "moraine.types.ts": types,
        "customers.ndjson": ndjson(customers),
        "orders.ndjson": ndjson(orders),
      },
      mkdtempSync(join(tmpdir(), "moraine-definitions-")),
    );
    installTypes(project.directory);
  }, 300_000);
  afterAll(() => rmSync(project.directory, { recursive: true, force: true }));

  /** Changes a file of the page while `work` is done. */
  async function withEdit<T>(
    path: string,
    [from, to]: readonly [string, string],
    work: () => T | Promise<T>,
  ): Promise<T> {
    const text = files[path] ?? "";
    expect(text).toContain(from);
    project.write(path, text.replace(from, to));
    try {
      return await work();
    } finally {
      project.write(path, text);
    }
  }

  it("shows files that compile, and what tsc says of a column that no upstream produces", async () => {
    expect(compilerOutput(project.directory)).toEqual([]);
    const output = await withEdit("assets/report.ts", ["order.total", "order.totl"], () =>
      compilerOutput(project.directory),
    );
    expect(output).toEqual([printed("error TS").trimEnd()]);
  });

  it("shows a project that runs, and how rows fail that do not fit", async () => {
    const good = await project.run("materialize", "--json");
    expect([good.code, good.stdout.includes("19.75 in all")]).toEqual([0, true]);
    project.write(
      "customers.ndjson",
      ndjson([...customers, { id: "c3", email: "nobody", country: "FI", since: "2024-02-02" }]),
    );
    const { code, stdout } = await project.run("materialize");
    expect(code).toBe(1);
    const lasting = (text: string) => text.replaceAll(/\d+\.\ds$/gm, "0.0s");
    expect(lasting(stdout)).toContain(lasting(printed("[schema-mismatch]")));
  });

  it("shows what is said of a schema that contradicts its table", async () => {
    const { code, stderr } = await withEdit(
      "assets/customers.ts",
      ["id: z.string()", "id: z.number(), name: z.string()"],
      () => project.run("list"),
    );
    expect([code, stderr]).toEqual([2, printed("error[definition]: shop/customers")]);
  });

  it("shows the types of the shipped project as they are", () => {
    const shown = blocks.filter(({ text }) => /^export interface|^declare module/m.test(text));
    expect(shown).toHaveLength(2);
    for (const { text } of shown) expect(types).toContain(text);
  });

  it("lists every option of defineAsset", () => {
    const source = readFileSync(join(repository, "framework/definition/asset.ts"), "utf8");
    const [, options = ""] = source.split("export interface AssetOptions");
    const names = [...(options.split("\n}")[0]?.matchAll(/^ {2}readonly (\w+)\??:/gm) ?? [])].map(
      ([, name]) => name,
    );
    const [, section = ""] = page.split("## An asset");
    const [table = ""] = section.split("## What it reads");
    const listed = [...table.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`(\w+)/g)].map(([, name]) => name),
    );
    expect(new Set(listed)).toEqual(new Set(names));
  });
});
