import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { build } from "esbuild";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { defineTable } from "../../../framework/definition/table.ts";
import { writeParquet } from "../../../framework/lakehouse/athena/parquet-writer.ts";
import type { Disposition } from "../../../framework/lakehouse/lakehouse.ts";

const root = join(import.meta.dirname, "../../..");
// Inside node_modules, so that the bundle finds native modules.
const temporary = mkdtempSync(join(root, "node_modules", ".staging-test-"));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const table = defineTable({
  key: "sf_raw/sf_user",
  columns: { id: "string", phase: "string", place: "int" },
});

interface Row {
  readonly id: string | null;
  readonly phase: string | null;
  readonly place: number;
}

/** Rows of Parquet files in their order. */
async function rowsOf(files: readonly string[]): Promise<readonly unknown[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const list = files.map((file) => `'${file}'`).join(", ");
  const rows = await connection.runAndReadAll(`SELECT * FROM read_parquet([${list}])`);
  connection.disconnectSync();
  instance.closeSync();
  return rows.getRowObjects();
}

async function stage(rows: readonly Row[], disposition: Disposition) {
  const folder = mkdtempSync(join(temporary, "stage-"));
  const path = join(folder, "rows.ndjson");
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const { files, rowsRead } = await writeParquet({
    table,
    files: [{ path, format: "ndjson" }],
    disposition,
    folder: join(folder, "out"),
  });
  return { rowsRead, rows: files.length === 0 ? [] : await rowsOf(files) };
}

const text = fc.constantFrom("a", "b", "", null);
const batches = fc
  .array(fc.record({ id: text, phase: text }), { maxLength: 12 })
  .map((rows) => rows.map((row, place): Row => ({ ...row, place })));

it.each([
  { strategy: "insert-only", kept: "first", columns: ["id", "phase"] },
  { strategy: "upsert", kept: "last", columns: ["id"] },
] as const)("$strategy stages the $kept row of each key, in the order of the source", async (given) => {
  const disposition: Disposition =
    given.strategy === "upsert"
      ? { type: "merge", strategy: "upsert", key: ["id"] }
      : { type: "merge", strategy: "insert-only", key: ["id"], unless: ["phase"] };
  await fc.assert(
    fc.asyncProperty(batches, async (rows) => {
      const keyOf = (row: Row) => JSON.stringify(given.columns.map((name) => row[name]));
      const has = (others: readonly Row[], row: Row) => others.some((other) => keyOf(other) === keyOf(row));
      const expected = rows.filter((row, index) =>
        given.kept === "first" ? !has(rows.slice(0, index), row) : !has(rows.slice(index + 1), row),
      );
      expect(await stage(rows, disposition)).toEqual({ rowsRead: rows.length, rows: expected });
    }),
    { numRuns: 25 },
  );
});

it("staging takes no more memory for more rows", async () => {
  const file = join(temporary, "wide.ndjson");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT 'u' || i AS id, repeat(md5(CAST(i AS VARCHAR)), 100) AS text FROM range(100000) AS r(i))
     TO '${file}' (FORMAT json)`,
  );
  connection.disconnectSync();
  instance.closeSync();
  const program = join(temporary, "stage.mjs");
  await build({
    absWorkingDir: root,
    entryPoints: ["test/lakehouse/athena/stage-process.ts"],
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    logLevel: "error",
  });
  const printed = execFileSync(process.execPath, [program, file, join(temporary, "out")], {
    encoding: "utf8",
  });
  // 320 MB of rows, which it held three times over before it had a limit.
  expect(Number(printed)).toBeLessThan(1_000);
});
