import { describe, expect, it } from "vitest";
import { CatalogError } from "../../framework/lakehouse/catalog/catalog-error.ts";
import type { Integer } from "../../framework/lakehouse/catalog/json.ts";
import type { TableMetadata } from "../../framework/lakehouse/catalog/table-metadata.ts";
import { applyUpdates, type Update } from "../../framework/lakehouse/catalog/updates.ts";
import { schema } from "./catalog-client.ts";

const nowMs = 1_900_000_000_000;
const apply = (base: TableMetadata | undefined, ...updates: readonly Update[]) =>
  applyUpdates(base, updates, { nowMs, previousFile: base === undefined ? undefined : "/t/metadata/0.json" });
const table = apply(
  undefined,
  { action: "assign-uuid", uuid: "9c12d441-03fe-4693-9a96-a0705ddf69c1" },
  { action: "set-location", location: "/t/" },
  { action: "add-schema", schema },
  { action: "set-current-schema", "schema-id": -1 },
);
const snapshot = (id: Integer, sequence: number, parent?: Integer): Update => ({
  action: "add-snapshot",
  snapshot: {
    "snapshot-id": id,
    ...(parent === undefined ? {} : { "parent-snapshot-id": parent }),
    "sequence-number": sequence,
    "timestamp-ms": sequence,
    "manifest-list": `/t/${id}.avro`,
    summary: { operation: "append" },
  },
});
const main = (id: Integer): Update => ({
  action: "set-snapshot-ref",
  "ref-name": "main",
  type: "branch",
  "snapshot-id": id,
});
const tag = (name: string, id: Integer): Update => ({
  action: "set-snapshot-ref",
  "ref-name": name,
  type: "tag",
  "snapshot-id": id,
});
const refusal = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    if (error instanceof CatalogError) return error.message;
    throw error;
  }
  return undefined;
};

describe("a new table", () => {
  it("gets what its updates leave out", () => {
    expect(table).toMatchObject({
      "format-version": 2,
      location: "/t",
      "current-schema-id": 0,
      "last-column-id": 2,
      "partition-specs": [{ "spec-id": 0, fields: [] }],
      "default-spec-id": 0,
      "last-partition-id": 999,
      "sort-orders": [{ "order-id": 0, fields: [] }],
      "default-sort-order-id": 0,
      "last-updated-ms": nowMs,
      "metadata-log": [],
    });
  });

  it("is not made of format 1", () => {
    const one: Update = { action: "upgrade-format-version", "format-version": 1 };
    expect(refusal(() => apply(undefined, one))).toContain("Unsupported format version 1");
  });

  it("needs identity, place and schema", () => {
    expect(refusal(() => apply(undefined))).toContain("assign-uuid");
    const uuid: Update = { action: "assign-uuid", uuid: "9c12d441-03fe-4693-9a96-a0705ddf69c1" };
    expect(refusal(() => apply(undefined, uuid))).toContain("set-location");
    expect(refusal(() => apply(undefined, uuid, { action: "set-location", location: "/t" }))).toContain(
      "set-current-schema",
    );
  });
});

describe("schemas, specs and sort orders", () => {
  const wider = {
    ...schema,
    fields: [
      ...schema.fields,
      {
        id: 3,
        name: "x",
        required: false,
        type: { type: "list", "element-id": 7, element: "int", "element-required": false },
      },
    ],
  };

  it("get their ids from the catalog, and equal ones are reused", () => {
    const two = apply(
      table,
      { action: "add-schema", schema: wider },
      { action: "set-current-schema", "schema-id": -1 },
    );
    expect(two).toMatchObject({ "current-schema-id": 1, "last-column-id": 7 });
    const again = apply(
      two,
      { action: "add-schema", schema: { ...schema, "schema-id": 12 } },
      { action: "set-current-schema", "schema-id": -1 },
    );
    expect(again["current-schema-id"]).toBe(0);
    expect(again.schemas).toHaveLength(2);
    expect(apply(again, { action: "remove-schemas", "schema-ids": [1] }).schemas).toHaveLength(1);
    expect(refusal(() => apply(again, { action: "remove-schemas", "schema-ids": [0] }))).toContain(
      "current schema",
    );
  });

  it("come back under a new id for a client that needs the current one to be the newest", () => {
    const change: readonly Update[] = [
      { action: "add-schema", schema: wider },
      { action: "set-current-schema", "schema-id": -1 },
      { action: "set-current-schema", "schema-id": 0 },
    ];
    const again = applyUpdates(table, change, { nowMs, renewsSchemas: true });
    expect(again["current-schema-id"]).toBe(2);
    expect(again.schemas.at(-1)).toEqual({ ...schema, "schema-id": 2 });
    expect(apply(table, ...change)["current-schema-id"]).toBe(0);
  });

  it("have no two names, at any depth, that are the same apart from case", () => {
    const struct = (...names: readonly string[]) => ({
      type: "struct",
      fields: names.map((name, index) => ({ id: 10 + index, name, required: false, type: "int" })),
    });
    const withColumn = (name: string, type: unknown): Update => ({
      action: "add-schema",
      schema: { ...schema, fields: [...schema.fields, { id: 3, name, required: false, type }] },
    });
    expect(refusal(() => apply(table, withColumn("ID", "int")))).toBe(
      "Column ID can't be made: id is the same name apart from case",
    );
    const list = { type: "list", "element-id": 9, element: struct("a", "A"), "element-required": false };
    expect(refusal(() => apply(table, withColumn("x", list)))).toContain("Column x.element.A");
    expect(refusal(() => apply(table, withColumn("x", struct("id", "ID2"))))).toBeUndefined();
  });

  it("give partition fields ids where the client does not", () => {
    const field = (name: string, transform: string) => ({ name, transform, "source-id": 1 }) as never;
    const spec: Update = {
      action: "add-spec",
      spec: { "spec-id": 0, fields: [field("a", "identity"), field("b", "bucket[4]")] },
    };
    const one = apply(table, spec, { action: "set-default-spec", "spec-id": -1 });
    expect(one).toMatchObject({ "default-spec-id": 1, "last-partition-id": 1001 });
    expect(one["partition-specs"][1]?.fields.map((each) => each["field-id"])).toEqual([1000, 1001]);
    expect(apply(one, spec, { action: "set-default-spec", "spec-id": -1 })["partition-specs"]).toHaveLength(
      2,
    );
    expect(refusal(() => apply(one, { action: "remove-partition-specs", "spec-ids": [1] }))).toContain(
      "default",
    );
    expect(apply(one, { action: "remove-partition-specs", "spec-ids": [0] })["partition-specs"]).toHaveLength(
      1,
    );
  });

  it("number sort orders from 1, since 0 means unsorted", () => {
    const order = { "order-id": 0, fields: [{ "source-id": 1, transform: "identity" }] };
    const sorted = apply(
      table,
      { action: "add-sort-order", "sort-order": order },
      { action: "set-default-sort-order", "sort-order-id": -1 },
    );
    expect(sorted["default-sort-order-id"]).toBe(1);
  });

  it("refuse what does not exist", () => {
    expect(refusal(() => apply(table, { action: "set-current-schema", "schema-id": 4 }))).toContain(
      "unknown schema 4",
    );
    expect(refusal(() => apply(table, { action: "set-default-spec", "spec-id": 4 }))).toContain(
      "unknown spec 4",
    );
    expect(refusal(() => apply(table, { action: "set-default-sort-order", "sort-order-id": 4 }))).toContain(
      "4",
    );
    expect(refusal(() => apply(table, { action: "set-default-spec", "spec-id": -1 }))).toContain("adds none");
  });
});

describe("snapshots", () => {
  const two = apply(table, snapshot(1, 1), main(1), snapshot(2, 2, 1), main(2));

  it("come several in one commit", () => {
    expect(two).toMatchObject({ "current-snapshot-id": 2, "last-sequence-number": 2 });
    expect(two.snapshots).toHaveLength(2);
    expect(two["metadata-log"]).toEqual([{ "metadata-file": "/t/metadata/0.json", "timestamp-ms": nowMs }]);
  });

  it("are refused twice, or with a sequence number that does not rise", () => {
    expect(refusal(() => apply(two, snapshot(2, 3, 1)))).toContain("already exists");
    expect(refusal(() => apply(two, snapshot(3, 2, 2)))).toContain("older than last sequence number 2");
    expect(refusal(() => apply(two, main(9)))).toContain("unknown snapshot 9");
  });

  it("can be set back: the log gets an entry with the present time", () => {
    const back = apply(two, main(1));
    expect(back["current-snapshot-id"]).toBe(1);
    expect(back["snapshot-log"].at(-1)).toEqual({ "snapshot-id": 1, "timestamp-ms": nowMs });
  });

  it("are removed with what names them, but never the current one", () => {
    const tagged = apply(two, tag("v1", 1), {
      action: "set-statistics",
      statistics: { "snapshot-id": 1, "statistics-path": "/t/s.puffin" },
    });
    expect(tagged.statistics).toHaveLength(1);
    const removed = apply(tagged, { action: "remove-snapshots", "snapshot-ids": [1] });
    expect(removed).toMatchObject({ statistics: [], "snapshot-log": [{ "snapshot-id": 2 }] });
    expect(Object.keys(removed.refs)).toEqual(["main"]);
    expect(refusal(() => apply(two, { action: "remove-snapshots", "snapshot-ids": [2] }))).toContain(
      "current",
    );
  });

  it("keep the log of what was current when one commit replaces the table", () => {
    const replaced = apply(
      two,
      { action: "remove-snapshot-ref", "ref-name": "main" },
      snapshot(3, 3),
      main(3),
    );
    expect(replaced["snapshot-log"].map((entry) => entry["snapshot-id"])).toEqual([1, 2, 3]);
  });

  it("lose their reference, and with it the log of what was current", () => {
    const without = apply(two, { action: "remove-snapshot-ref", "ref-name": "main" });
    expect(without.refs).toEqual({});
    expect(without["snapshot-log"]).toEqual([]);
    expect(without.snapshots).toHaveLength(2);
    expect(without["current-snapshot-id"]).toBeUndefined();
  });

  it("of format 3 number their rows", () => {
    const three = apply(table, { action: "upgrade-format-version", "format-version": 3 });
    expect(three["next-row-id"]).toBe(0);
    const added = snapshot(1, 1) as Extract<Update, { action: "add-snapshot" }>;
    const rows = { ...added, snapshot: { ...added.snapshot, "first-row-id": 0, "added-rows": 10 } };
    expect(apply(three, rows)["next-row-id"]).toBe(10);
    expect(refusal(() => apply(three, added))).toContain("first row id none");
  });
});

describe("times", () => {
  const at = (id: Integer, sequence: number, atMs: number, parent?: Integer): Update => {
    const added = snapshot(id, sequence, parent);
    if (added.action !== "add-snapshot") throw new Error("expected a snapshot");
    return { ...added, snapshot: { ...added.snapshot, "timestamp-ms": atMs } };
  };
  const timesOf = (metadata: TableMetadata) => ({
    snapshots: metadata.snapshots.map((one) => one["timestamp-ms"]),
    log: metadata["snapshot-log"].map((entry) => entry["timestamp-ms"]),
    updated: metadata["last-updated-ms"],
  });
  const quarterMs = 15 * 60_000;
  const ahead = applyUpdates(table, [at(1, 1, nowMs + quarterMs), main(1)], { nowMs: nowMs + quarterMs });

  it("never go back when the clock does", () => {
    const later = apply(ahead, at(2, 2, nowMs, 1), main(2));
    const times = [nowMs + quarterMs, nowMs + quarterMs];
    expect(timesOf(later)).toEqual({ snapshots: times, log: times, updated: nowMs + quarterMs });
    expect(timesOf(apply(later, main(1))).log).toEqual([...times, nowMs + quarterMs]);
  });

  it("are the catalog's where a writer's clock is ahead", () => {
    const far = apply(table, at(1, 1, nowMs + 365 * 24 * 60 * 60_000), main(1));
    expect(timesOf(far)).toEqual({ snapshots: [nowMs], log: [nowMs], updated: nowMs });
  });

  it("are put in order in the logs of a table that another catalog left out of order", () => {
    const disordered = {
      ...apply(ahead, at(2, 2, nowMs, 1), main(2)),
      "snapshot-log": [
        { "snapshot-id": 1, "timestamp-ms": nowMs + quarterMs },
        { "snapshot-id": 2, "timestamp-ms": nowMs },
      ],
    };
    expect(timesOf(apply(disordered)).log).toEqual([nowMs, nowMs]);
  });
});

describe("the rest", () => {
  it("sets and removes properties and statistics", () => {
    const set = apply(
      table,
      { action: "set-properties", updates: { a: "1", b: "2" } },
      { action: "remove-properties", removals: ["a", "c"] },
    );
    expect(set.properties).toEqual({ b: "2" });
    const partition: Update = {
      action: "set-partition-statistics",
      "partition-statistics": { "snapshot-id": 1, "statistics-path": "/p" },
    };
    expect(apply(set, partition, partition)["partition-statistics"]).toHaveLength(1);
    expect(
      apply(apply(set, partition), { action: "remove-partition-statistics", "snapshot-id": 1 })[
        "partition-statistics"
      ],
    ).toEqual([]);
  });

  it("keeps identity and never goes back a format", () => {
    expect(
      refusal(() => apply(table, { action: "assign-uuid", uuid: "00000000-0000-0000-0000-000000000000" })),
    ).toContain("reassign");
    expect(refusal(() => apply(table, { action: "upgrade-format-version", "format-version": 1 }))).toContain(
      "downgrade",
    );
    expect(refusal(() => apply(table, { action: "upgrade-format-version", "format-version": 9 }))).toContain(
      "Unsupported",
    );
  });

  it("keeps as many metadata log entries as the table asks for", () => {
    let metadata = apply(table, {
      action: "set-properties",
      updates: { "write.metadata.previous-versions-max": "2" },
    });
    for (let count = 0; count < 4; count += 1) metadata = apply(metadata);
    expect(metadata["metadata-log"]).toHaveLength(2);
  });
});
