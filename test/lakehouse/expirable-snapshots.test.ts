import { describe, expect, it } from "vitest";
import { currentBranch, type TableMetadata } from "../../framework/lakehouse/catalog/table-metadata.ts";
import { applyUpdates, type Update } from "../../framework/lakehouse/catalog/updates.ts";
import {
  contentSnapshotId,
  contentSnapshotProperty,
} from "../../framework/lakehouse/catalog/whole-table-view.ts";
import { expirableSnapshots } from "../../framework/lakehouse/duckdb/expire.ts";
import { schema } from "./catalog-client.ts";

const empty = applyUpdates(
  undefined,
  [
    { action: "assign-uuid", uuid: "9c12d441-03fe-4693-9a96-a0705ddf69c1" },
    { action: "set-location", location: "/t" },
    { action: "add-schema", schema },
    { action: "set-current-schema", "schema-id": -1 },
  ],
  { nowMs: 0 },
);

/** A chain of snapshots 1, 2, 3..., committed at 1, 2, 3... milliseconds. */
function chain(...summaries: readonly Readonly<Record<string, string>>[]): TableMetadata {
  const updates = summaries.flatMap((summary, index): readonly Update[] => [
    {
      action: "add-snapshot",
      snapshot: {
        "snapshot-id": index + 1,
        ...(index === 0 ? {} : { "parent-snapshot-id": index }),
        "sequence-number": index + 1,
        "timestamp-ms": index + 1,
        "manifest-list": "/t/x.avro",
        summary,
      },
    },
    { action: "set-snapshot-ref", "ref-name": "main", type: "branch", "snapshot-id": index + 1 },
  ]);
  return applyUpdates(empty, updates, { nowMs: 0 });
}

const append = { operation: "append" };
const replace = { operation: "replace" };
const ids = (metadata: TableMetadata, olderThanMs: number) =>
  expirableSnapshots(metadata, new Date(olderThanMs)).map((snapshot) => snapshot["snapshot-id"]);

describe("snapshots that may be expired", () => {
  it("are the old ones, never the current", () => {
    expect(ids(chain(append, append, append), 3)).toEqual([1, 2]);
    expect(ids(chain(append, append, append), 2)).toEqual([1]);
    expect(ids(chain(append, append, append), 1_000)).toEqual([1, 2]);
    expect(ids(empty, 1_000)).toEqual([]);
  });

  it("exclude what a tag names", () => {
    const tagged = applyUpdates(
      chain(append, append, append),
      [{ action: "set-snapshot-ref", "ref-name": "v1", type: "tag", "snapshot-id": 2 }],
      { nowMs: 0 },
    );
    expect(ids(tagged, 1_000)).toEqual([1]);
  });

  it("include the content's own snapshot when the compaction recorded it", () => {
    expect(ids(chain(append, append, { ...replace, [contentSnapshotProperty]: "2" }), 1_000)).toEqual([1, 2]);
  });

  it("exclude the way back to the content when another tool compacted the table", () => {
    expect(ids(chain(append, append, replace, replace), 1_000)).toEqual([1]);
  });
});

describe("the data version", () => {
  const version = (...summaries: readonly Readonly<Record<string, string>>[]) =>
    contentSnapshotId(currentBranch(chain(...summaries)));

  it("is the newest snapshot that is no compaction", () => {
    expect(version()).toBeUndefined();
    expect(version(append, append)).toBe("2");
    expect(version(append, replace, replace)).toBe("1");
    expect(version(append, replace, { operation: "overwrite" })).toBe("3");
    expect(version(append, { ...replace, [contentSnapshotProperty]: "9007199254740993" })).toBe(
      "9007199254740993",
    );
  });

  it("is the oldest compaction when nothing else is left", () => {
    expect(version(replace, replace)).toBe("1");
  });
});
