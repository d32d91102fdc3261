import { chmod, mkdir, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { assetKey } from "../../framework/definition/asset-key.ts";
import { defineTable } from "../../framework/definition/table.ts";
import { FailureError } from "../../framework/event/failure.ts";
import { catalogFile } from "../../framework/lakehouse/catalog/catalog-store.ts";
import { pathInside } from "../../framework/lakehouse/catalog/location.ts";
import { Pointers } from "../../framework/lakehouse/catalog/pointers.ts";
import { collectRows } from "../../framework/lakehouse/lakehouse.ts";
import { systemClock } from "../../framework/util/clock.ts";
import { type LakeRig, lakeRig, testExtensions } from "./support.ts";

const table = defineTable({ key: "t/log", columns: { id: "string" } });
let rig: LakeRig;
beforeEach(async () => {
  rig = await lakeRig();
});
afterEach(() => rig.close());

const load = async (...ids: readonly string[]) =>
  rig.lake.load({
    table,
    files: [await rig.ndjson(ids.map((id) => ({ id })))],
    disposition: { type: "append" },
  });
const filled = async () => {
  await rig.lake.ensureTable(table);
  await load("1");
};
const failureOf = async (work: () => Promise<unknown>) => {
  try {
    await work();
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
    throw error;
  }
  return undefined;
};

describe("opening", () => {
  it("makes nothing and asks for no extensions until something needs DuckDB", async () => {
    let asked = 0;
    const lake = rig.another({ extensionDirectory: () => ((asked += 1), testExtensions()) });
    await lake.tables();
    await lake.exists(table.key);
    await lake.dataVersion(table.key);
    await lake.drop(table.key);
    expect(existsSync(rig.dir)).toBe(false);
    await filled();
    expect(await lake.dataVersion(table.key)).toBe((await rig.lake.currentSnapshot(table.key))?.id);
    await lake.ensureTable(table);
    expect(asked).toBe(0);
    await collectRows(await lake.query("SELECT 1"));
    expect(asked).toBe(1);
  });

  it("says why there are no extensions, and tries again the next time", async () => {
    let asked = 0;
    const lake = rig.another({
      extensionDirectory: async () => {
        asked += 1;
        if (asked > 1) return testExtensions();
        throw new FailureError({ reason: "cancelled", message: "cancelled", retryable: false });
      },
    });
    expect(await failureOf(() => lake.ensureTable(table))).toMatchObject({ reason: "cancelled" });
    await lake.ensureTable(table);
    const empty = rig.another({ extensionDirectory: async () => dirname(rig.dir) });
    expect(await failureOf(() => empty.query("SELECT 1"))).toMatchObject({
      reason: "unreachable",
      message: "DuckDB's avro extension can't be loaded",
      where: dirname(rig.dir),
    });
  });

  it("lets no statement write beside a lake that has no namespace yet, where it would be lost", async () => {
    for (const sql of ["CREATE SCHEMA x", "CREATE TABLE y (id INT)"]) {
      const failure = await failureOf(async () => rig.lake.query(sql, { readOnly: false }));
      expect(failure).toMatchObject({
        reason: "query-failed",
        message: "the lake has no table yet, and a statement can't make the first one",
      });
    }
    await filled();
    await collectRows(await rig.lake.query("CREATE TABLE t.other AS SELECT 1 AS id", { readOnly: false }));
    expect((await rig.lake.tables()).map(({ key }) => key)).toEqual(["t/log", "t/other"]);
  });

  it("tells another process how to open the lake", async () => {
    await filled();
    const environment = await rig.lake.connectionEnvironment();
    expect(Object.keys(environment)).toEqual([
      "MORAINE_CATALOG_URI",
      "MORAINE_CATALOG_TOKEN",
      "MORAINE_WAREHOUSE",
      "MORAINE_EXTENSION_DIRECTORY",
    ]);
    const response = await fetch(`${environment["MORAINE_CATALOG_URI"]}/v1/namespaces/t/tables/log`, {
      headers: { authorization: `Bearer ${environment["MORAINE_CATALOG_TOKEN"]}` },
    });
    expect(response.status).toBe(200);
    expect(environment["MORAINE_EXTENSION_DIRECTORY"]).toBe(await testExtensions());
  });
});

describe("a read-only query", () => {
  it.each([
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd.csv'",
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM read_text('http://127.0.0.1:1/')",
    "COPY (SELECT 1) TO '/tmp/moraine-out.csv'",
    "ATTACH '/tmp/moraine-out.db'",
    "INSTALL spatial",
    "LOAD spatial",
    "SET enable_external_access = true",
    "PRAGMA enable_object_cache",
    "CREATE TABLE memory.main.x AS SELECT 1",
    "EXPLAIN ANALYZE INSERT INTO lake.t.log VALUES ('x')",
    "SELECT * FROM set_iceberg_table_properties('lake.t.log', {'a': 'b'})",
    "CALL set_iceberg_table_properties('lake.t.log', {'a': 'b'})",
  ])("can't do %s", async (sql) => {
    await filled();
    expect(await failureOf(async () => collectRows(await rig.lake.query(sql)))).toMatchObject({
      reason: expect.stringMatching(/query-failed|lake-unreadable/),
    });
    expect(await collectRows(await rig.lake.query("SELECT * FROM t.log"))).toEqual([{ id: "1" }]);
  });

  it.each([
    "FROM t.log",
    "WITH a AS (SELECT * FROM t.log) SELECT * FROM a",
    "SHOW TABLES FROM t",
    "DESCRIBE t.log",
    "SUMMARIZE t.log",
    "EXPLAIN SELECT * FROM t.log",
    "VALUES (1)",
  ])("can do %s", async (sql) => {
    await filled();
    expect((await collectRows(await rig.lake.query(sql))).length).toBeGreaterThan(0);
  });

  it("never shows the catalog's token", async () => {
    await filled();
    const { MORAINE_CATALOG_TOKEN: token = "" } = await rig.lake.connectionEnvironment();
    const secrets = await collectRows(await rig.lake.query("SELECT * FROM duckdb_secrets()"));
    expect(JSON.stringify(secrets)).not.toContain(token);
  });
});

describe("a broken lake", () => {
  it("names the metadata file that is missing, whatever is asked", async () => {
    await filled();
    const folder = join(rig.dir, "t", "log", "metadata");
    await rm(folder, { recursive: true });
    const lake = rig.another();
    const expected = { reason: "lake-unreadable", where: expect.stringContaining(`${folder}/00001-`) };
    expect(await failureOf(() => lake.dataVersion(table.key))).toMatchObject(expected);
    expect(await failureOf(() => lake.tables())).toMatchObject(expected);
    expect(await failureOf(() => lake.query("SELECT * FROM t.log"))).toMatchObject(expected);
    expect(await failureOf(() => lake.ensureTable(table))).toMatchObject(expected);
    expect(await failureOf(() => lake.expire(table.key, { olderThanMs: 0 }))).toMatchObject(expected);
  });

  it("names the data file that is missing", async () => {
    await filled();
    await rm(join(rig.dir, "t", "log", "data"), { recursive: true });
    expect(
      await failureOf(async () => collectRows(await rig.lake.query("SELECT * FROM t.log"))),
    ).toMatchObject({
      reason: "lake-unreadable",
      got: expect.stringContaining(join(rig.dir, "t", "log", "data")),
    });
  });

  it("says that the pointers are no database", async () => {
    await mkdir(rig.dir, { recursive: true });
    await writeFile(
      join(rig.dir, "catalog.db"),
      "not a database at all, but long enough to be taken for one".repeat(20),
    );
    expect(await failureOf(() => rig.lake.tables())).toMatchObject({
      reason: "lake-unreadable",
      where: join(rig.dir, "catalog.db"),
    });
  });

  it("reads and writes on top of what was committed last, also after the clock was set back", async () => {
    await filled();
    const one = (await rig.lake.currentSnapshot(table.key))?.id;
    await load("2");
    const anHourAhead = { ...systemClock, now: () => new Date(Date.now() + 3_600_000) };
    const ahead = rig.another({ clock: anHourAhead });
    await ahead.restore(table.key, { from: (await ahead.currentSnapshot(table.key))?.id, to: one });
    const ids = () => rig.lake.query("SELECT id FROM t.log ORDER BY id").then(collectRows);
    expect(await ids()).toEqual([{ id: "1" }]);
    await load("3");
    expect(await ids()).toEqual([{ id: "1" }, { id: "3" }]);
  });

  it("reads a table as it was a moment ago", async () => {
    await filled();
    await load("2");
    const counts = [];
    for (const { committedAt } of await rig.lake.history(table.key)) {
      const instant = `TIMESTAMPTZ '${committedAt.toISOString()}'`;
      const sql = `SELECT count(*) AS n FROM t.log AT (TIMESTAMP => ${instant})`;
      counts.push(...(await collectRows(await rig.lake.query(sql))));
    }
    expect(counts).toEqual([{ n: 2 }, { n: 1 }]);
  });

  it("reads and writes the lower-case one of names that are the same apart from case", async () => {
    await filled();
    const pointers = new Pointers(catalogFile(rig.dir));
    const file = pointers.metadataFile({ namespace: "t", name: "log" }) ?? "";
    await load("2");
    // As an earlier version let other clients make them.
    pointers.putNamespace("T", {});
    pointers.addTable({ namespace: "T", name: "log" }, file);
    pointers.addTable({ namespace: "t", name: "LOG" }, file);
    pointers.close();
    const rows = async () => collectRows(await rig.another().query("FROM t.log ORDER BY id"));
    expect(await rows()).toEqual([{ id: "1" }, { id: "2" }]);
    await load("3");
    expect(await rows()).toEqual([{ id: "1" }, { id: "2" }, { id: "3" }]);
  });

  it("says which name is in the way of a namespace that differs by case only", async () => {
    const pointers = new Pointers(catalogFile(rig.dir));
    pointers.putNamespace("T", {});
    pointers.close();
    expect(await failureOf(() => rig.lake.ensureTable(table))).toMatchObject({
      reason: "query-failed",
      got: expect.stringContaining("T is the same name apart from case") as string,
    });
  });

  it("reports a full disk and leaves the table as it was", async () => {
    await filled();
    const before = await rig.lake.currentSnapshot(table.key);
    const full = rig.another({
      writeFile: () => {
        throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
      },
    });
    const files = [await rig.ndjson([{ id: "2" }])];
    for (const disposition of [{ type: "append" }, { type: "replace" }] as const) {
      expect(await failureOf(() => full.load({ table, files, disposition }))).toMatchObject({
        reason: "disk-full",
        retryable: false,
      });
    }
    expect(await rig.lake.currentSnapshot(table.key)).toEqual(before);
    await load("3");
    expect(
      (await collectRows(await rig.lake.query("FROM t.log ORDER BY id"))).map((row) => row["id"]),
    ).toEqual(["1", "3"]);
  });

  it("refuses a location that leaves the lake through a link", async () => {
    await mkdir(rig.dir, { recursive: true });
    await symlink(dirname(rig.dir), join(rig.dir, "out"));
    expect(() => pathInside(rig.dir, join(rig.dir, "out", "elsewhere"))).toThrow("below the lake's own");
    expect(pathInside(rig.dir, join(rig.dir, "in", "here"))).toBe(join(rig.dir, "in", "here"));
  });
});

describe("expiry", () => {
  it("removes files that no snapshot named only when they are old, and nothing outside the table", async () => {
    await filled();
    const data = join(rig.dir, "t", "log", "data");
    const [young, old] = [join(data, "young.parquet"), join(data, "old.parquet")];
    const neighbour = join(rig.dir, "t", "other.parquet");
    const longAgo = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000);
    for (const file of [young, old, neighbour]) await writeFile(file, "left by a killed load");
    for (const file of [old, neighbour]) await utimes(file, longAgo, longAgo);
    expect(await rig.lake.expire(table.key, { olderThanMs: 0 })).toEqual({
      snapshotsRemoved: 0,
      filesRemoved: 1,
      bytesFreed: 21,
    });
    expect([existsSync(young), existsSync(old), existsSync(neighbour)]).toEqual([true, false, true]);
  });

  it("deletes nothing when a manifest can't be read", async () => {
    await filled();
    await load("2");
    const folder = join(rig.dir, "t", "log", "metadata");
    const manifest = (await readdir(folder)).find((name) => name.endsWith("-m0.avro")) ?? "";
    await rm(join(folder, manifest));
    const before = await readdir(rig.dir, { recursive: true });
    expect(await failureOf(() => rig.lake.expire(table.key, { olderThanMs: 60_000 }))).toMatchObject({
      reason: "lake-unreadable",
    });
    expect(await readdir(rig.dir, { recursive: true })).toEqual(before);
  });

  it("of a table that does not exist says so", async () => {
    await filled();
    expect(await failureOf(() => rig.lake.expire(assetKey("t/lag"), { olderThanMs: 0 }))).toMatchObject({
      reason: "query-failed",
      next: "did you mean t/log?",
    });
  });
});

describe("a lake that can't be written", () => {
  it.skipIf(process.getuid?.() === 0)("says so", async () => {
    await mkdir(rig.dir, { recursive: true });
    await chmod(rig.dir, 0o500);
    expect(await failureOf(() => rig.lake.ensureTable(table))).toMatchObject({ reason: "lake-unreadable" });
    await chmod(rig.dir, 0o700);
  });
});
