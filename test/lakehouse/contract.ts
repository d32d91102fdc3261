import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { assetKey } from "../../framework/definition/asset-key.ts";
import { defineTable } from "../../framework/definition/table.ts";
import { FailureError } from "../../framework/event/failure.ts";
import {
  collectRows,
  type Disposition,
  type Lakehouse,
  type SourceFile,
} from "../../framework/lakehouse/lakehouse.ts";
import { undoWriter } from "../../framework/lakehouse/undo-writer.ts";
import { writerOf } from "../../framework/lakehouse/writer.ts";

/** What the contract needs of an implementation. */
export interface ContractRig {
  readonly lake: Lakehouse;
  /** What the lake is told of when it asks what attempts under way may go back to. */
  readonly snapshotsInUse: string[];
  ndjson(rows: readonly object[]): Promise<SourceFile>;
  /** A Parquet file with the rows of a query. */
  parquet(sql: string): Promise<SourceFile>;
  close(): Promise<void>;
}

/** What engines differ in: what they can do, and SQL that has no word in common. */
export interface LakehouseCapabilities {
  /** Whether columns can be NOT NULL. */
  readonly requiresColumns: boolean;
  /** Whether a snapshot may be made the current one again. */
  readonly restores: boolean;
  readonly drafts: boolean;
  /** Whether snapshots carry who wrote them. */
  readonly stamps: boolean;
  /** Whether a replacing load is one snapshot. */
  readonly replacesInOneCommit: boolean;
  /** Whether `expire` tells the files and bytes that it removed. */
  readonly countsExpired: boolean;
  /** Whether `expire` removes an old snapshot although one as old has to stay. */
  readonly expiresOneByOne: boolean;
  /** Whether a load tells its own snapshot when others commit at the same time. */
  readonly tellsItsSnapshot: boolean;
  /** A query for one number that would run for hours. */
  readonly endlessSql: string;
  /** A statement that makes a table of one row with the column `n`, 1. */
  createSql(table: string): string;
  /** A table as it was at a snapshot, for FROM. */
  atSnapshot(table: string, snapshotId: string): string;
}

/** What DuckDB can, over whatever catalog. */
export const duckdbCapabilities: LakehouseCapabilities = {
  requiresColumns: true,
  restores: true,
  drafts: true,
  stamps: true,
  replacesInOneCommit: true,
  countsExpired: true,
  expiresOneByOne: true,
  tellsItsSnapshot: true,
  endlessSql: "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range * b.range % 7 = 3",
  createSql: (table) => `CREATE TABLE ${table} AS SELECT 1 AS n`,
  atSnapshot: (table, snapshotId) => `${table} AT (VERSION => ${snapshotId})`,
};

const users = defineTable({
  key: "sf_raw/sf_user",
  description: "Users as landed",
  columns: {
    id: { type: "string", required: true },
    system_modstamp: "timestamp",
    division: "string",
    logins: "long",
    quota: "decimal(10,2)",
    hired: "date",
    is_active: "boolean",
    score: "double",
    extracted_at: "timestamp",
  },
  partitionBy: ["day(extracted_at)"],
  properties: { "write.target-file-size-bytes": "134217728" },
});

const first = {
  id: "005A",
  system_modstamp: "2026-01-01T10:00:00.000Z",
  extracted_at: "2026-01-02T00:00:00Z",
};
const second = {
  id: "005B",
  system_modstamp: "2026-01-01T11:00:00.000Z",
  extracted_at: "2026-01-02T00:00:00Z",
};
const key = ["id"];
const append: Disposition = { type: "append" };

/** Behaviour that every Lakehouse has, whatever its engine. */
export function lakehouseContract(
  name: string,
  makeRig: () => Promise<ContractRig>,
  can: LakehouseCapabilities = duckdbCapabilities,
): void {
  describe(`${name} lakehouse`, () => {
    let rig: ContractRig;
    let lake: Lakehouse;
    beforeEach(async () => {
      rig = await makeRig();
      ({ lake } = rig);
    });
    afterEach(() => rig.close());

    const load = async (disposition: Disposition, ...rows: readonly object[]) =>
      lake.load({ table: users, files: [await rig.ndjson(rows)], disposition });
    const select = async (sql: string, ...parameters: readonly (string | number | boolean | null)[]) =>
      collectRows(await lake.query(sql, { parameters }));
    const ids = async () =>
      (await select("SELECT id FROM sf_raw.sf_user ORDER BY id")).map((row) => row["id"]);
    const failureOf = async (work: Promise<unknown>) => {
      const error = await work.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (!(error instanceof FailureError)) throw new Error(`expected a failure, got ${String(error)}`);
      return error.failure;
    };

    it("tells a table's columns as Iceberg has them", async () => {
      expect(await lake.columns(users.key)).toBeUndefined();
      await lake.ensureTable(users);
      expect(await lake.columns(users.key)).toEqual(
        Object.entries(users.columns).map(([column, { type, required = false }]) => ({
          name: column,
          type,
          required: required && can.requiresColumns,
        })),
      );
    });

    it("has nothing at first", async () => {
      expect(await lake.tables()).toEqual([]);
      expect(await lake.exists(users.key)).toBe(false);
      expect(await lake.currentSnapshot(users.key)).toBeUndefined();
      expect(await lake.dataVersion(users.key)).toBeUndefined();
      expect(await lake.history(users.key)).toEqual([]);
    });

    it("makes a table once", async () => {
      await lake.ensureTable(users);
      await lake.ensureTable(users);
      expect(await lake.exists(users.key)).toBe(true);
      expect(await lake.currentSnapshot(users.key)).toBeUndefined();
      expect(await lake.tables()).toMatchObject([{ key: "sf_raw/sf_user", rows: 0, snapshot: undefined }]);
    });

    it("adds columns that the definition gained and keeps those it lost", async () => {
      await lake.ensureTable(users);
      await load(append, { ...first, division: "EMEA" });
      const { division: _lost, ...columns } = users.columns;
      const evolved = defineTable({ ...users, columns: { ...columns, department: "string", floor: "int" } });
      await lake.ensureTable(evolved);
      const files = [await rig.ndjson([{ ...second, department: "Ice", floor: 3 }])];
      await lake.load({ table: evolved, files, disposition: append });
      expect(await select("SELECT id, division, department, floor FROM sf_raw.sf_user ORDER BY id")).toEqual([
        { id: "005A", division: "EMEA", department: null, floor: null },
        { id: "005B", division: null, department: "Ice", floor: 3 },
      ]);
    });

    it("refuses a column whose type changed", async () => {
      await lake.ensureTable(users);
      const changed = defineTable({ ...users, columns: { ...users.columns, logins: "string" } });
      expect(await failureOf(lake.ensureTable(changed))).toMatchObject({
        reason: "query-failed",
        expected: "string",
        got: "long",
      });
    });

    it("gives values in their documented form", async () => {
      await lake.ensureTable(users);
      await load(append, {
        id: "005A",
        system_modstamp: "2026-01-01T10:00:00.123456+02:00",
        division: "N/A",
        logins: "9007199254740993",
        quota: 12.5,
        hired: "2020-02-29",
        is_active: true,
        score: 0.25,
        extracted_at: "2026-01-02 00:00:00",
      });
      expect(await select("SELECT * FROM sf_raw.sf_user")).toEqual([
        {
          id: "005A",
          system_modstamp: "2026-01-01 08:00:00.123456",
          division: "N/A",
          logins: "9007199254740993",
          quota: "12.50",
          hired: "2020-02-29",
          is_active: true,
          score: 0.25,
          extracted_at: "2026-01-02 00:00:00.000000",
        },
      ]);
    });

    it("keeps texts apart: nothing, none, and words that mean nothing elsewhere; and numbers at their bounds", async () => {
      await lake.ensureTable(users);
      const texts = [null, "", "NA", "null", "zürich 東京 🏔", 'tab\tquote"comma,', "line\nbreak"];
      await load(
        append,
        ...texts.map((division, n) => ({ ...first, id: `005${n}`, division })),
        { ...first, id: "005max", logins: "9223372036854775807", quota: "99999999.99", hired: "9999-12-31" },
        {
          ...first,
          id: "005min",
          logins: "-9223372036854775808",
          quota: "-99999999.99",
          hired: "0001-01-01",
        },
      );
      const rows = await select("SELECT id, division, logins, quota, hired FROM sf_raw.sf_user ORDER BY id");
      const none = { logins: null, quota: null, hired: null };
      expect(rows).toEqual([
        ...texts.map((division, n) => ({ id: `005${n}`, division, ...none })),
        {
          id: "005max",
          division: null,
          logins: "9223372036854775807",
          quota: "99999999.99",
          hired: "9999-12-31",
        },
        {
          id: "005min",
          division: null,
          logins: "-9223372036854775808",
          quota: "-99999999.99",
          hired: "0001-01-01",
        },
      ]);
    });

    it("matches keys that are NULL, and reads earlier snapshots", async () => {
      await lake.ensureTable(users);
      const upsert: Disposition = { type: "merge", strategy: "upsert", key: ["id", "division"] };
      const { snapshotId = "" } = await load(upsert, first, { ...first, division: "a" });
      expect(await load(upsert, { ...first, score: 1 })).toMatchObject({ rowsInserted: 0, rowsUpdated: 1 });
      const insertOnly: Disposition = { type: "merge", strategy: "insert-only", key: ["id", "division"] };
      expect(await load(insertOnly, { ...first, score: 2 })).toMatchObject({ rowsInserted: 0 });
      const scores = (from: string) => select(`SELECT score FROM ${from} WHERE division IS NULL`);
      const sqlName = lake.tableName(users.key);
      expect(await scores(sqlName)).toEqual([{ score: 1 }]);
      expect(await scores(can.atSnapshot(sqlName, snapshotId))).toEqual([{ score: null }]);
    });

    it("keeps each append that it acknowledged when several come at once", async () => {
      await lake.ensureTable(users);
      const names = ["005A", "005B", "005C", "005D"];
      const results = await Promise.all(names.map((id) => load(append, { ...first, id })));
      expect(await ids()).toEqual(names);
      const made = (await lake.history(users.key)).map((snapshot) => snapshot.id);
      expect(made).toHaveLength(names.length);
      const told = results.map(({ snapshotId }) => (can.tellsItsSnapshot ? snapshotId : made.shift()));
      expect(new Set(told)).toEqual(new Set((await lake.history(users.key)).map((snapshot) => snapshot.id)));
    });

    it("appends what comes, again and again", async () => {
      await lake.ensureTable(users);
      const result = await load(append, first, second);
      expect(result).toEqual({
        rowsRead: 2,
        rowsInserted: 2,
        rowsUpdated: 0,
        ties: 0,
        snapshotId: (await lake.currentSnapshot(users.key))?.id,
      });
      await load(append, first);
      expect(await ids()).toEqual(["005A", "005A", "005B"]);
      expect((await lake.tables())[0]?.rows).toBe(3);
    });

    it("replaces the whole content in one commit and keeps the history", async () => {
      await lake.ensureTable(users);
      await load(append, first, second);
      const result = await load({ type: "replace" }, { ...second, division: "new" });
      expect(result).toMatchObject({ rowsRead: 1, rowsInserted: 1 });
      expect(await ids()).toEqual(["005B"]);
      const history = await lake.history(users.key);
      expect(history[0]?.id).toBe(result.snapshotId);
      expect((await lake.tables())[0]?.rows).toBe(1);
      await load(append, first);
      expect(await ids()).toEqual(["005A", "005B"]);
    });

    it.runIf(can.replacesInOneCommit)("replaces by one snapshot on top of the one before", async () => {
      await lake.ensureTable(users);
      const before = await load(append, first);
      const { snapshotId } = await load({ type: "replace" }, second);
      expect(await lake.history(users.key)).toMatchObject([
        { id: snapshotId, operation: "overwrite", parentId: before.snapshotId },
        { id: before.snapshotId, operation: "append" },
      ]);
    });

    it("upserts: the last row of a key in the batch wins", async () => {
      await lake.ensureTable(users);
      const upsert: Disposition = { type: "merge", strategy: "upsert", key };
      await load(append, first, second);
      const result = await load(
        upsert,
        { ...first, division: "early" },
        { ...first, division: "late" },
        { ...first, id: "005C" },
        second,
      );
      expect(result).toMatchObject({ rowsRead: 4, rowsInserted: 1, rowsUpdated: 1, ties: 0 });
      expect(result.snapshotId).toBe((await lake.currentSnapshot(users.key))?.id);
      expect(await select("SELECT id, division FROM sf_raw.sf_user ORDER BY id")).toEqual([
        { id: "005A", division: "late" },
        { id: "005B", division: null },
        { id: "005C", division: null },
      ]);
    });

    it("commits nothing when an upsert changes nothing", async () => {
      await lake.ensureTable(users);
      const upsert: Disposition = { type: "merge", strategy: "upsert", key };
      await load(upsert, first, second);
      const before = await lake.currentSnapshot(users.key);
      expect(await load(upsert, second, first)).toMatchObject({
        rowsInserted: 0,
        rowsUpdated: 0,
        snapshotId: undefined,
      });
      expect(await lake.currentSnapshot(users.key)).toEqual(before);
    });

    it("inserts only what it does not have, so that a window read twice adds nothing", async () => {
      await lake.ensureTable(users);
      const insertOnly: Disposition = {
        type: "merge",
        strategy: "insert-only",
        key: ["id", "system_modstamp"],
      };
      expect(await load(insertOnly, first, first, second)).toMatchObject({
        rowsRead: 3,
        rowsInserted: 2,
        ties: 0,
      });
      const before = await lake.currentSnapshot(users.key);
      expect(await load(insertOnly, second, first)).toMatchObject({
        rowsRead: 2,
        rowsInserted: 0,
        snapshotId: undefined,
      });
      expect(await lake.currentSnapshot(users.key)).toEqual(before);
      expect(await ids()).toEqual(["005A", "005B"]);
    });

    it("keeps ties: rows of one key that differ in a column of `unless`", async () => {
      await lake.ensureTable(users);
      const insertOnly: Disposition = {
        type: "merge",
        strategy: "insert-only",
        key: ["id", "system_modstamp"],
        unless: ["division"],
      };
      await load(insertOnly, first, { ...second, division: "a" });
      const result = await load(insertOnly, { ...first, division: "b" }, first, {
        ...second,
        division: "a",
        score: 1,
      });
      expect(result).toMatchObject({ rowsRead: 3, rowsInserted: 1, ties: 1 });
      expect(
        await select("SELECT id, division, score FROM sf_raw.sf_user ORDER BY id, division NULLS FIRST"),
      ).toEqual([
        { id: "005A", division: null, score: null },
        { id: "005A", division: "b", score: null },
        { id: "005B", division: "a", score: null },
      ]);
    });

    it.each([
      append,
      { type: "replace" },
      { type: "merge", strategy: "upsert", key },
      { type: "merge", strategy: "insert-only", key },
    ] satisfies Disposition[])("commits nothing for empty input: $type $strategy", async (disposition) => {
      await lake.ensureTable(users);
      await load(append, first);
      const before = await lake.currentSnapshot(users.key);
      const nothing = { rowsRead: 0, rowsInserted: 0, rowsUpdated: 0, ties: 0, snapshotId: undefined };
      expect(await load(disposition)).toEqual(nothing);
      expect(await lake.load({ table: users, files: [], disposition })).toEqual(nothing);
      expect(await lake.currentSnapshot(users.key)).toEqual(before);
    });

    it("leaves the table as it was when a row is bad", async () => {
      await lake.ensureTable(users);
      await load(append, first);
      expect(await failureOf(load(append, second, { ...first, logins: "many" }))).toMatchObject({
        reason: "query-failed",
      });
      expect(await ids()).toEqual(["005A"]);
    });

    it.runIf(can.requiresColumns)("refuses a row without a required column", async () => {
      await lake.ensureTable(users);
      expect(await failureOf(load(append, { division: "no id" }))).toMatchObject({ reason: "query-failed" });
      expect(await ids()).toEqual([]);
    });

    it("loads Parquet, lacking columns as NULL, and refuses columns that the table lacks", async () => {
      await lake.ensureTable(users);
      const good = await rig.parquet(
        "SELECT '005A' AS id, 7 AS logins, TIMESTAMP '2026-01-02' AS extracted_at",
      );
      await lake.load({ table: users, files: [good, await rig.ndjson([second])], disposition: append });
      expect(await select("SELECT id, logins, division FROM sf_raw.sf_user ORDER BY id")).toEqual([
        { id: "005A", logins: 7, division: null },
        { id: "005B", logins: null, division: null },
      ]);
      const bad = await rig.parquet("SELECT '005C' AS id, 'x' AS divison");
      expect(await failureOf(lake.load({ table: users, files: [bad], disposition: append }))).toMatchObject({
        reason: "query-failed",
        next: "did you mean division?",
        where: bad.path,
      });
      const gone = { path: `${bad.path}.gone`, format: "parquet" } as const;
      expect(await failureOf(lake.load({ table: users, files: [gone], disposition: append }))).toMatchObject({
        reason: "query-failed",
        where: gone.path,
      });
      expect(await ids()).toEqual(["005A", "005B"]);
    });

    it("names the tables most like one that is missing", async () => {
      await lake.ensureTable(users);
      expect(await failureOf(lake.query("SELECT * FROM sf_raw.sf_usr"))).toMatchObject({
        reason: "query-failed",
        next: "did you mean sf_raw.sf_user?",
      });
      const missing = defineTable({ ...users, key: "sf_raw/sf_users" });
      expect(
        await failureOf(
          lake.load({ table: missing, files: [await rig.ndjson([first])], disposition: append }),
        ),
      ).toMatchObject({
        reason: "query-failed",
        next: "did you mean sf_raw/sf_user?",
      });
    });

    it("binds parameters", async () => {
      await lake.ensureTable(users);
      await load(append, { ...first, logins: 7, division: "it's" }, second);
      expect(
        await select("SELECT id FROM sf_raw.sf_user WHERE division = ? AND logins = ? LIMIT ?", "it's", 7, 5),
      ).toEqual([{ id: "005A" }]);
    });

    it.each([
      "DELETE FROM sf_raw.sf_user",
      "DROP TABLE sf_raw.sf_user",
      "INSERT INTO sf_raw.sf_user (id) VALUES ('x')",
      "SELECT 1; SELECT 2",
      "",
    ])("refuses what is no single query: %s", async (sql) => {
      await lake.ensureTable(users);
      await load(append, first);
      expect(await failureOf(lake.query(sql))).toMatchObject({ reason: "query-failed" });
      expect(await ids()).toEqual(["005A"]);
    });

    it("writes by SQL when allowed to", async () => {
      await lake.ensureTable(users);
      await load(append, first, second);
      await collectRows(
        await lake.query(`DELETE FROM ${lake.tableName(users.key)} WHERE id = '005A'`, { readOnly: false }),
      );
      expect(await ids()).toEqual(["005B"]);
      expect((await lake.tables())[0]?.rows).toBe(1);
    });

    it("optimizes without changing content or data version", async () => {
      await lake.ensureTable(users);
      for (const id of ["005A", "005B", "005C"]) await load(append, { ...first, id });
      await load({ type: "merge", strategy: "upsert", key }, { ...first, id: "005B", division: "x" });
      const before = await select("SELECT * FROM sf_raw.sf_user ORDER BY id");
      const version = await lake.dataVersion(users.key);
      const { filesBefore, filesAfter, bytesBefore, bytesAfter } = await lake.optimize(users.key);
      expect(filesAfter).toBeLessThan(filesBefore);
      expect(bytesAfter).toBeLessThan(bytesBefore ?? 0);
      expect(await select("SELECT * FROM sf_raw.sf_user ORDER BY id")).toEqual(before);
      expect((await lake.currentSnapshot(users.key))?.operation).toBe("replace");
      expect(await lake.dataVersion(users.key)).toBe(version);
      expect((await lake.tables())[0]?.rows).toBe(3);
      const again = await lake.currentSnapshot(users.key);
      expect(await lake.optimize(users.key)).toEqual({
        filesBefore: filesAfter,
        filesAfter,
        bytesBefore: bytesAfter,
        bytesAfter,
      });
      expect(await lake.currentSnapshot(users.key)).toEqual(again);
    });

    it("tells from metadata alone how a table lies in storage", async () => {
      expect(await lake.layout(users.key)).toBeUndefined();
      await lake.ensureTable(users);
      expect(await lake.layout(users.key)).toMatchObject({ dataFiles: 0, deleteFiles: 0, snapshots: 0 });
      await load(append, first);
      await load(append, second);
      await load({ type: "merge", strategy: "upsert", key }, { ...first, division: "x" });
      const layout = await lake.layout(users.key);
      expect(layout).toMatchObject({ dataFiles: 3, deleteFiles: 1, snapshots: 3 });
      expect(layout?.oldestSnapshotMs).toBeGreaterThan(0);
      await lake.optimize(users.key);
      expect(await lake.layout(users.key)).toMatchObject({ dataFiles: 1, deleteFiles: 0 });
      await lake.expire(users.key, { olderThanMs: -1 });
      expect(await lake.layout(users.key)).toMatchObject({
        dataFiles: 1,
        snapshots: 1,
        oldestSnapshotMs: undefined,
      });
    });

    it("keeps the state that the table had when the time began, and what somebody may go back to", async () => {
      await lake.ensureTable(users);
      const made: string[] = [];
      for (const id of ["005A", "005B", "005C"])
        made.push((await load(append, { ...first, id })).snapshotId ?? "");
      const [one, two = "", three] = made;
      rig.snapshotsInUse.push(two);
      expect(await lake.expire(users.key, { olderThanMs: -1 })).toMatchObject({
        // An engine that knows no more than an age keeps what is as old as what must stay.
        snapshotsRemoved: can.expiresOneByOne ? 1 : 0,
      });
      const left = (await lake.snapshots(users.key)).map(({ id }) => id);
      expect(left).toEqual(expect.arrayContaining([three, two]));
      expect(left.includes(one ?? "")).toBe(!can.expiresOneByOne);
      await collectRows(await lake.query(`SELECT * FROM ${can.atSnapshot(lake.tableName(users.key), two)}`));
      rig.snapshotsInUse.length = 0;
      await lake.expire(users.key, { olderThanMs: -1 });
      expect(await lake.snapshots(users.key)).toHaveLength(1);
    });

    it("expires old snapshots and their files, never what is read", async () => {
      await lake.ensureTable(users);
      for (const id of ["005A", "005B", "005C"]) await load(append, { ...first, id });
      await lake.optimize(users.key);
      const version = await lake.dataVersion(users.key);
      const before = await select("SELECT * FROM sf_raw.sf_user ORDER BY id");
      const result = await lake.expire(users.key, { olderThanMs: -1 });
      expect(result.snapshotsRemoved).toBe(3);
      expect(await lake.history(users.key)).toHaveLength(1);
      expect(await select("SELECT * FROM sf_raw.sf_user ORDER BY id")).toEqual(before);
      expect(await lake.dataVersion(users.key)).toBe(version);
      await load(append, { ...first, id: "005D" });
      expect(await ids()).toEqual(["005A", "005B", "005C", "005D"]);
      expect(await lake.expire(users.key, { olderThanMs: 60_000 })).toMatchObject({ snapshotsRemoved: 0 });
    });

    it.runIf(can.countsExpired)("says what files went when snapshots expired", async () => {
      await lake.ensureTable(users);
      await load(append, first);
      await load({ type: "replace" }, second);
      const result = await lake.expire(users.key, { olderThanMs: -1 });
      expect(result.snapshotsRemoved).toBe(1);
      expect(result.filesRemoved).toBeGreaterThanOrEqual(2);
      expect(result.bytesFreed).toBeGreaterThan(0);
    });

    describe.skipIf(!can.restores)("restoring", () => {
      const current = async () => (await lake.currentSnapshot(users.key))?.id;
      const two = async () => {
        await lake.ensureTable(users);
        const one = (await load(append, first)).snapshotId;
        const newest = (
          await load({ type: "merge", strategy: "upsert", key }, { ...first, division: "x" }, second)
        ).snapshotId;
        return { one, two: newest };
      };

      it("makes an earlier snapshot the current one, for rows, version and history, and a later one again", async () => {
        const { one, two: newest } = await two();
        await lake.restore(users.key, { from: newest, to: one });
        expect(await select("SELECT id, division FROM sf_raw.sf_user")).toEqual([
          { id: "005A", division: null },
        ]);
        expect([await current(), await lake.dataVersion(users.key)]).toEqual([one, one]);
        expect((await lake.history(users.key)).map(({ id }) => id)).toEqual([one]);
        const kept = (await lake.snapshots(users.key)).map(({ id }) => id);
        expect([kept[0], kept.at(-1)]).toEqual([newest, one]);
        expect((await lake.tables())[0]?.rows).toBe(1);
        await lake.restore(users.key, { from: one, to: newest });
        expect(await ids()).toEqual(["005A", "005B"]);
        expect(await lake.dataVersion(users.key)).toBe(newest);
      });

      it.each([
        append,
        { type: "replace" },
        { type: "merge", strategy: "upsert", key },
        { type: "merge", strategy: "insert-only", key },
      ] satisfies Disposition[])("is written on top of afterwards: $type $strategy", async (disposition) => {
        const { one, two: newest } = await two();
        await lake.restore(users.key, { from: newest, to: one });
        const third = await load(disposition, { ...first, id: "005C" });
        expect(third).toMatchObject({ rowsInserted: 1, snapshotId: await current() });
        expect(await ids()).toEqual(disposition.type === "replace" ? ["005C"] : ["005A", "005C"]);
        expect((await lake.history(users.key)).map(({ id }) => id)).toEqual([third.snapshotId, one]);
        expect(third.snapshotId).not.toBe(newest);
        await lake.restore(users.key, { from: third.snapshotId, to: newest });
        expect(await ids()).toEqual(["005A", "005B"]);
      });

      it.each([
        append,
        { type: "replace" },
        { type: "merge", strategy: "upsert", key },
        { type: "merge", strategy: "insert-only", key },
      ] satisfies Disposition[])(
        "empties a table, which is then written anew: $type $strategy",
        async (disposition) => {
          const { one, two: newest } = await two();
          await lake.restore(users.key, { from: newest, to: undefined });
          expect(await ids()).toEqual([]);
          expect(await current()).toBeUndefined();
          expect(await lake.dataVersion(users.key)).toBeUndefined();
          expect(await lake.history(users.key)).toEqual([]);
          expect(await lake.exists(users.key)).toBe(true);
          const third = await load(disposition, { ...first, id: "005C" });
          expect(third).toMatchObject({ rowsInserted: 1, snapshotId: await current() });
          expect(await ids()).toEqual(["005C"]);
          expect(await lake.history(users.key)).toMatchObject([
            { id: third.snapshotId, parentId: undefined },
          ]);
          await load(disposition, { ...first, id: "005D" });
          await lake.restore(users.key, { from: await current(), to: one });
          expect(await ids()).toEqual(["005A"]);
        },
      );

      it("keeps columns that came later, optimizes and expires what it took out of the branch", async () => {
        const { one, two: newest } = await two();
        const evolved = defineTable({ ...users, columns: { ...users.columns, floor: "int" } });
        await lake.ensureTable(evolved);
        await lake.restore(users.key, { from: newest, to: one });
        expect(await select("SELECT id, floor FROM sf_raw.sf_user")).toEqual([{ id: "005A", floor: null }]);
        await load(append, second);
        await lake.optimize(users.key);
        const version = await lake.dataVersion(users.key);
        await lake.expire(users.key, { olderThanMs: -1 });
        expect(await lake.snapshots(users.key)).toHaveLength(1);
        expect(await lake.dataVersion(users.key)).toBe(version);
        expect(await ids()).toEqual(["005A", "005B"]);
      });

      it("is refused when another writer has moved on, and leaves the table alone", async () => {
        const { one, two: newest } = await two();
        for (const from of [one, undefined, "1"]) {
          expect(await failureOf(lake.restore(users.key, { from, to: one }))).toMatchObject({
            reason: "commit-conflict",
          });
        }
        expect(await current()).toBe(newest);
      });

      it("names the snapshots that there are when there is no such one, or the tables", async () => {
        const { one, two: newest } = await two();
        expect(await failureOf(lake.restore(users.key, { from: newest, to: "17" }))).toMatchObject({
          reason: "query-failed",
          message: "sf_raw.sf_user has no snapshot 17",
          expected: expect.stringMatching(`^one of ${newest}, .*${one}$`),
        });
        const missing = lake.restore(assetKey("sf_raw/sf_usr"), { from: undefined, to: undefined });
        expect(await failureOf(missing)).toMatchObject({ next: "did you mean sf_raw/sf_user?" });
      });
    });

    describe.skipIf(!can.stamps)("a writer's stamp", () => {
      const writer = { runId: "8f21c4", partition: "2026-01-01", attempt: 2 };
      const writers = async () => (await lake.history(users.key)).map(writerOf);

      it("is on every snapshot that the writer commits, whatever the statement, and on no other", async () => {
        await lake.ensureTable(users);
        await load(append, first);
        const release = lake.attribute(users.key, writer);
        await load(append, second);
        await load({ type: "replace" }, first);
        await lake.query(`DELETE FROM ${lake.tableName(users.key)}`, { readOnly: false }).then(collectRows);
        release();
        release();
        await load(append, second);
        expect(await writers()).toEqual([undefined, writer, writer, writer, undefined]);
        expect((await lake.history(users.key))[1]?.summary).toMatchObject({
          "moraine.run-id": "8f21c4",
          "moraine.partition": "2026-01-01",
          "moraine.attempt": "2",
        });
      });

      it("is on a table that is made with its rows, and not on other tables", async () => {
        await lake.ensureTable(users);
        const made = assetKey("sf_raw/made");
        const release = lake.attribute(made, { ...writer, partition: "" });
        await lake.query(can.createSql(lake.tableName(made)), { readOnly: false }).then(collectRows);
        await load(append, first);
        release();
        expect((await lake.history(made)).map(writerOf)).toEqual([{ ...writer, partition: "" }]);
        expect(await writers()).toEqual([undefined]);
      });

      it("says only what several writers have in common", async () => {
        await lake.ensureTable(users);
        const releases = [1, 2].map((day) =>
          lake.attribute(users.key, { ...writer, partition: `2026-01-0${day}` }),
        );
        await load(append, first);
        for (const release of releases) release();
        expect(await writers()).toEqual([undefined]);
        expect((await lake.history(users.key))[0]?.summary).toMatchObject({ "moraine.run-id": "8f21c4" });
      });

      it("lets everything that one attempt committed be undone, and nothing when others committed too", async () => {
        await lake.ensureTable(users);
        const undo = (start: string | undefined) => undoWriter(lake, users.key, { writer, start });
        const stamped = async (...rows: readonly object[]) => {
          const release = lake.attribute(users.key, writer);
          await load(append, ...rows);
          release();
        };
        expect(await undo(undefined)).toBe("nothing");
        await stamped(first);
        await stamped(second);
        expect(await undo(undefined)).toBe("undone");
        expect(await undo(undefined)).toBe("nothing");
        expect(await ids()).toEqual([]);
        const start = (await load(append, first)).snapshotId;
        await stamped(second);
        expect(await undoWriter(lake, users.key, { writer: { ...writer, attempt: 1 }, start })).toBe("kept");
        expect(await undo(start)).toBe("undone");
        expect(await ids()).toEqual(["005A"]);
        // Compacting changes nothing that could not be undone.
        await stamped(second);
        await lake.optimize(users.key);
        expect(await undo(start)).toBe("undone");
        expect(await undo(start)).toBe("nothing");
        await stamped(second);
        await load(append, { ...first, id: "005C" });
        expect(await undo(start)).toBe("kept");
        expect(await undo("17")).toBe("kept");
        expect(await ids()).toEqual(["005A", "005B", "005C"]);
      });
    });

    describe.skipIf(!can.drafts)("a draft", () => {
      const idsIn = async (of: Lakehouse) =>
        (await collectRows(await of.query("SELECT id FROM sf_raw.sf_user ORDER BY id"))).map(
          (row) => row["id"],
        );
      const loadInto = async (of: Lakehouse, disposition: Disposition, ...rows: readonly object[]) =>
        of.load({ table: users, files: [await rig.ndjson(rows)], disposition });
      const upsert: Disposition = { type: "merge", strategy: "upsert", key };

      it("is seen by its writer alone until it is published, in one commit", async () => {
        await lake.ensureTable(users);
        await load(append, first);
        const before = await lake.currentSnapshot(users.key);
        const draft = await lake.draft(users.key);
        const { lakehouse } = draft;
        const { snapshotId } = await loadInto(lakehouse, upsert, { ...first, division: "x" }, second);
        await loadInto(lakehouse, append, { ...first, id: "005C" });
        await collectRows(
          await lakehouse.query(`DELETE FROM ${lakehouse.tableName(users.key)} WHERE id = '005B'`, {
            readOnly: false,
          }),
        );
        expect(await idsIn(lakehouse)).toEqual(["005A", "005C"]);
        expect(await lakehouse.dataVersion(users.key)).not.toBe(before?.id);
        expect((await lakehouse.history(users.key)).map(({ id }) => id)).toContain(snapshotId);
        expect(await ids()).toEqual(["005A"]);
        expect(await lake.currentSnapshot(users.key)).toEqual(before);
        expect((await lake.tables())[0]?.rows).toBe(1);
        const written = await lakehouse.history(users.key);
        await draft.publish();
        expect(await ids()).toEqual(["005A", "005C"]);
        expect(await lake.history(users.key)).toEqual(written);
        await load(append, second);
        expect(await ids()).toEqual(["005A", "005B", "005C"]);
      });

      it("leaves nothing when it is discarded, not even a column, and may be discarded twice", async () => {
        await lake.ensureTable(users);
        await load(append, first);
        const draft = await lake.draft(users.key);
        await draft.lakehouse.ensureTable(
          defineTable({ ...users, columns: { ...users.columns, floor: "int" } }),
        );
        await loadInto(draft.lakehouse, { type: "replace" }, second);
        await draft.lakehouse.optimize(users.key);
        expect(Object.keys((await select("SELECT * FROM sf_raw.sf_user"))[0] ?? {})).not.toContain("floor");
        await draft.discard();
        await draft.discard();
        expect(await select("SELECT * FROM sf_raw.sf_user")).toMatchObject([{ id: "005A" }]);
        expect(Object.keys((await select("SELECT * FROM sf_raw.sf_user"))[0] ?? {})).not.toContain("floor");
        await load(append, second);
        expect(await ids()).toEqual(["005A", "005B"]);
      });

      it("makes a table that is there only when it is published", async () => {
        const made = assetKey("sf_raw/made");
        const sql = can.createSql(lake.tableName(made));
        await lake.ensureTable(users);
        const discarded = await lake.draft(made);
        await discarded.lakehouse.query(sql, { readOnly: false }).then(collectRows);
        expect((await discarded.lakehouse.tables()).map((table) => table.key)).toContain(made);
        expect(await lake.exists(made)).toBe(false);
        await discarded.discard();
        expect(await lake.exists(made)).toBe(false);
        const published = await lake.draft(made);
        expect(await published.lakehouse.exists(made)).toBe(false);
        await published.lakehouse.query(sql, { readOnly: false }).then(collectRows);
        await published.publish();
        expect(await select("SELECT n FROM sf_raw.made")).toEqual([{ n: 1 }]);
      });

      it("reads and writes other tables as they are", async () => {
        const other = defineTable({ ...users, key: "sf_raw/other" });
        await lake.ensureTable(other);
        await lake.ensureTable(users);
        const draft = await lake.draft(users.key);
        await draft.lakehouse.load({
          table: other,
          files: [await rig.ndjson([first])],
          disposition: append,
        });
        expect(await select("SELECT id FROM sf_raw.other")).toEqual([{ id: "005A" }]);
        await loadInto(draft.lakehouse, append, second);
        await draft.discard();
        expect(await select("SELECT id FROM sf_raw.other")).toEqual([{ id: "005A" }]);
      });

      it("is not published over what somebody else committed meanwhile", async () => {
        await lake.ensureTable(users);
        const draft = await lake.draft(users.key);
        await loadInto(draft.lakehouse, append, second);
        await load(append, first);
        expect(await failureOf(draft.publish())).toMatchObject({
          reason: "commit-conflict",
          retryable: true,
        });
        await draft.discard();
        expect(await ids()).toEqual(["005A"]);
      });

      it("publishes nothing when nothing was written", async () => {
        await lake.ensureTable(users);
        const { snapshotId } = await load(append, first);
        await (await lake.draft(users.key)).publish();
        expect((await lake.history(users.key)).map(({ id }) => id)).toEqual([snapshotId]);
        const missing = await lake.draft(assetKey("sf_raw/missing"));
        await missing.publish();
        expect(await lake.exists(assetKey("sf_raw/missing"))).toBe(false);
      });

      it("waits for an earlier draft of the same table, and begins from what that one published", async () => {
        await lake.ensureTable(users);
        const earlier = await lake.draft(users.key);
        let hasBegun = false;
        const waiting = lake.draft(users.key).then((draft) => {
          hasBegun = true;
          return draft;
        });
        const controller = new AbortController();
        const cancelled = failureOf(lake.draft(users.key, controller.signal));
        controller.abort();
        expect(await cancelled).toMatchObject({ reason: "cancelled" });
        await loadInto(earlier.lakehouse, append, first);
        expect(hasBegun).toBe(false);
        await earlier.publish();
        const later = await waiting;
        await earlier.discard();
        await loadInto(later.lakehouse, append, second);
        await later.publish();
        expect(await ids()).toEqual(["005A", "005B"]);
        await (await lake.draft(users.key)).discard();
      });

      it("is stamped, restored and refused like a table", async () => {
        await lake.ensureTable(users);
        const { snapshotId: base } = await load(append, first);
        const release = lake.attribute(users.key, { runId: "8f21c4", partition: "", attempt: 1 });
        const draft = await lake.draft(users.key);
        const { lakehouse } = draft;
        const { snapshotId } = await loadInto(lakehouse, append, second);
        expect((await lakehouse.history(users.key)).map((one) => writerOf(one)?.runId)).toEqual([
          "8f21c4",
          undefined,
        ]);
        await lakehouse.restore(users.key, { from: snapshotId, to: base });
        expect(await idsIn(lakehouse)).toEqual(["005A"]);
        await lakehouse.restore(users.key, { from: base, to: snapshotId });
        expect(await failureOf(lakehouse.drop(users.key))).toMatchObject({ reason: "query-failed" });
        expect(lakehouse.canDraft).toBe(false);
        expect(await failureOf(lakehouse.draft(users.key))).toMatchObject({ reason: "query-failed" });
        expect(await failureOf(lakehouse.expire(users.key, { olderThanMs: -1 }))).toMatchObject({
          message: "sf_raw/sf_user can't be expired before what was written to it is published",
        });
        release();
        await draft.publish();
        await lake.expire(users.key, { olderThanMs: -1 });
        expect(await ids()).toEqual(["005A", "005B"]);
      });
    });

    it("drops a table, and makes it anew under the same name", async () => {
      await lake.ensureTable(users);
      await load(append, first);
      await lake.drop(users.key);
      await lake.drop(users.key);
      expect(await lake.exists(users.key)).toBe(false);
      await lake.ensureTable(users);
      expect(await ids()).toEqual([]);
    });

    it("ends with `cancelled` when the signal aborts", async () => {
      const controller = new AbortController();
      const running = lake.query(can.endlessSql, { signal: controller.signal }).then(collectRows);
      await lake.query("SELECT 1").then(collectRows);
      controller.abort();
      expect(await failureOf(running)).toMatchObject({ reason: "cancelled" });
      expect(await failureOf(lake.ensureTable(users, controller.signal))).toMatchObject({
        reason: "cancelled",
      });
      expect(await lake.exists(assetKey("sf_raw/sf_user"))).toBe(false);
    });

    it("may be closed twice, also with an answer half read", async () => {
      await lake.ensureTable(users);
      await load(append, ...Array.from({ length: 5_000 }, (_, n) => ({ ...first, id: `005${n}` })));
      const { rows } = await lake.query("SELECT system_modstamp AS at FROM sf_raw.sf_user");
      for await (const row of rows) {
        expect(row).toEqual({ at: "2026-01-01 10:00:00.000000" });
        break;
      }
      await lake.query("SELECT * FROM sf_raw.sf_user");
      await lake.close();
      await lake.close();
    });
  });
}
