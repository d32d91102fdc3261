import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Asset, assetKey, defineAsset, defineTable } from "moraine";
import { rememberedColumns, renderTypes } from "../../framework/cli/types/render-types.ts";
import { readRowShapes } from "../../framework/cli/types/row-shapes.ts";
import type { DeclaredColumns } from "../../framework/definition/declared-columns.ts";
import type { LakeColumn } from "../../framework/lakehouse/lakehouse.ts";
import { MemoryLakehouse } from "../support/memory-lakehouse.ts";

type LakeTables = Readonly<Record<string, readonly LakeColumn[]>>;

/** A lake of which only the columns are known. */
function lakeOf(tables: LakeTables): MemoryLakehouse {
  return Object.assign(new MemoryLakehouse(), { columns: async (key: string) => tables[key] });
}

function declared(key: string, columns: DeclaredColumns | undefined, more: Partial<Asset> = {}): Asset {
  return { ...defineAsset({ key, materialize: () => {} }), declaredColumns: columns, ...more };
}

/** The file and the notes for these assets, on a machine with this lake and this file before. */
async function typesOf(assets: readonly Asset[], tables: LakeTables = {}, before = "") {
  const { shapes, notes } = await readRowShapes(assets, lakeOf(tables), rememberedColumns(before));
  return { text: renderTypes(shapes), notes };
}

const type = (text: string | undefined, description?: string) => ({ type: text, description });
const has = (name: string, text: string, required = false) => ({ name, type: text, required });

describe("row types", () => {
  it("are those of the table definition, of the declaration, of the lake, else unknown", async () => {
    const table = defineTable({
      key: "a/table",
      columns: { id: { type: "long", required: true }, at: "date" },
    });
    const { text } = await typesOf(
      [
        declared("a/table", {}, { table }),
        declared("a/model", {
          amount: type("numeric(10,2)", "What was paid"),
          weight: type("double"),
          count: type(undefined, "How often"),
          tags: type("varchar[]"),
          nobody_knows: type(undefined),
        }),
      ],
      { "a/model": [has("count", "int", true), has("amount", "decimal(10,2)"), has("added", "timestamp")] },
    );
    expect(text.split("\n").slice(2, -8)).toEqual([
      "/** Rows of `a/model`. */",
      "export interface AModel {",
      "  /** `numeric(10,2)`. What was paid */",
      "  readonly amount: string | null;",
      "  /** `double` */",
      '  readonly weight: number | "NaN" | "Infinity" | "-Infinity" | null;',
      "  /** `int`, required (lake). How often */",
      "  readonly count: number;",
      "  /** `varchar[]` */",
      "  readonly tags: unknown;",
      "  /** type not declared */",
      "  readonly nobody_knows: unknown;",
      "  /** `timestamp` (lake) */",
      "  readonly added: string | null;",
      "}",
      "",
      "/** Rows of `a/table`. */",
      "export interface ATable {",
      "  /** `long`, required */",
      "  readonly id: number | `${bigint}`;",
      "  /** `date` */",
      "  readonly at: string | null;",
      "}",
    ]);
  });

  it("leave out assets of TypeScript alone, and name those of unknown columns", async () => {
    const { text } = await typesOf([declared("a/ts", undefined), declared("a/model", {})]);
    expect(text).not.toContain("a/ts");
    expect(text).toContain('  interface AssetRows {\n    "a/model": unknown;\n  }\n');
    expect(text).not.toContain("export interface");
  });

  it("have the lake's spelling of a name that the declaration writes otherwise", async () => {
    const { text } = await typesOf([declared("a/model", { USER_ID: type("varchar", "Who") })], {
      "a/model": [has("user_id", "string")],
    });
    expect(text).toContain("  /** `string` (lake). Who */\n  readonly user_id: string | null;\n}");
  });

  it("note where the declaration and the lake differ, and keep what is declared", async () => {
    const { text, notes } = await typesOf([declared("a/model", { n: type("integer"), m: type("varchar") })], {
      "a/model": [has("n", "string"), has("m", "string")],
    });
    expect(notes).toEqual(["a/model: column n is declared as integer and is string in the lake"]);
    expect(text).toContain("readonly n: number | null;");
  });

  it("keep apart assets whose names come to the same", async () => {
    const columns = { id: type("int") };
    const { text } = await typesOf([declared("a_b/c", columns), declared("a/b_c", columns)]);
    expect(text).toContain('"a/b_c": ABC;\n    "a_b/c": ABC_2;\n');
  });

  it("survive descriptions and names that are no identifiers or end a comment", async () => {
    const about = "ends */ here\nand `goes on`";
    const { text } = await typesOf([
      declared("a/model", { 'the "name"': type("int", about) }, { description: about }),
    ]);
    expect(text).toContain("/** Rows of `a/model`. ends * / here and `goes on` */");
    expect(text).toContain('  readonly "the \\"name\\"": number | null;');
  });

  it("remember the lake's part only, and forget it when the lake says otherwise", async () => {
    const assets = [declared("a/model", { id: type("int"), name: type(undefined) })];
    const first = await typesOf(assets, { "a/model": [has("id", "int"), has("name", "string")] });
    const later = [declared("a/model", { name: type(undefined) })];
    const withoutLake = await typesOf(later, {}, first.text);
    expect(withoutLake.text).toContain("  /** `string` (lake) */\n  readonly name: string | null;");
    expect(withoutLake.text).not.toContain("readonly id");
    const changed = await typesOf(later, { "a/model": [has("name", "date")] }, first.text);
    expect(changed.text).toContain("  /** `date` (lake) */\n  readonly name: string | null;");
  });
});

const columnName = fc.oneof(
  fc.stringMatching(/^[a-zA-Z_]{1,4}$/),
  fc.constantFrom('a": b', "x\u2028y", "__proto__"),
  fc.string({ minLength: 1, maxLength: 5 }),
);
const words = fc.option(fc.string({ maxLength: 20 }), { nil: undefined });
const typeName = fc.constantFrom(
  "int",
  "varchar(3)",
  "numeric(10,2)",
  "map<a, b>",
  "double",
  "timestamp",
  "weird` type",
);
const lakeType = fc.constantFrom("int", "long", "decimal(10,2)", "timestamp", '{"type":"list"}');
const project = fc.record({
  columns: fc.dictionary(
    columnName,
    fc.record({ type: fc.option(typeName, { nil: undefined }), description: words }),
    { noNullPrototype: true },
  ),
  lake: fc.uniqueArray(fc.record({ name: columnName, type: lakeType, required: fc.boolean() }), {
    selector: ({ name }) => name.toLowerCase(),
  }),
  description: words,
});

it("row types are the same on a machine whose lake has no table as where they were written", async () => {
  await fc.assert(
    fc.asyncProperty(project, async ({ columns, lake, description }) => {
      const assets = [declared(assetKey("a/model"), columns, { description })];
      const written = await typesOf(assets, { "a/model": lake });
      expect((await typesOf(assets, {}, written.text)).text).toBe(written.text);
      expect((await typesOf(assets, { "a/model": lake }, written.text)).text).toBe(written.text);
    }),
    { numRuns: 500 },
  );
});
