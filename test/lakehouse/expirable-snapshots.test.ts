import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  currentBranch,
  type SnapshotReference,
  type TableMetadata,
} from "../../framework/lakehouse/catalog/table-metadata.ts";
import { applyUpdates, type Update } from "../../framework/lakehouse/catalog/updates.ts";
import {
  contentSnapshotId,
  contentSnapshotProperty,
} from "../../framework/lakehouse/catalog/whole-table-view.ts";
import { expirableSnapshots, oldestExpirableMs } from "../../framework/lakehouse/catalog/retention.ts";
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
  return applyUpdates(empty, updates, { nowMs: summaries.length });
}

const append = { operation: "append" };
const replace = { operation: "replace" };
/** What goes that the table ceased to show before an instant. */
const ids = (metadata: TableMetadata, beforeMs: number, inUse: readonly string[] = []) =>
  expirableSnapshots(metadata, { nowMs: 2_000, olderThanMs: 2_000 - beforeMs, inUse }).map((snapshot) =>
    Number(snapshot["snapshot-id"]),
  );
const withReference = (metadata: TableMetadata, name: string, reference: SnapshotReference) =>
  applyUpdates(metadata, [{ action: "set-snapshot-ref", "ref-name": name, ...reference }], { nowMs: 0 });

describe("snapshots that may be expired", () => {
  it("are the old ones, never the current", () => {
    expect(ids(chain(append, append, append), 3)).toEqual([1, 2]);
    expect(ids(chain(append, append, append), 2)).toEqual([1]);
    expect(ids(chain(append, append, append), 1_000)).toEqual([1, 2]);
    expect(ids(empty, 1_000)).toEqual([]);
  });

  it("exclude what a tag names", () => {
    const tagged = withReference(chain(append, append, append), "v1", { type: "tag", "snapshot-id": 2 });
    expect(ids(tagged, 1_000)).toEqual([1]);
  });

  it("exclude what the table was within the time, however long ago it was committed", () => {
    const shown = chain(append, append, append);
    // Committed at 1 and 2 ms, the third at 3 ms: at 2 the table was the second.
    expect(ids(shown, 2)).toEqual([1]);
    expect(ids({ ...shown, "snapshot-log": [] }, 2)).toEqual([1]);
    expect(oldestExpirableMs(shown, { nowMs: 10, inUse: [] })).toBe(8);
    expect(oldestExpirableMs(shown, { nowMs: 10, inUse: ["2"] })).toBe(8);
    expect(oldestExpirableMs(shown, { nowMs: 10, inUse: ["1"] })).toBeUndefined();
    expect(oldestExpirableMs(chain(append), { nowMs: 10, inUse: [] })).toBeUndefined();
  });

  it("exclude what a rollback left until its time has passed, and what it went back to", () => {
    const back = applyUpdates(
      chain(append, append, append),
      [{ action: "set-snapshot-ref", "ref-name": "main", type: "branch", "snapshot-id": 1 }],
      { nowMs: 500 },
    );
    expect(ids(back, 400)).toEqual([2]);
    expect(ids(back, 500)).toEqual([2, 3]);
  });

  it("exclude what somebody may go back to, and what was committed on top of it", () => {
    expect(ids(chain(append, append, append, append), 1_000, ["2", "17"])).toEqual([1]);
  });

  it("exclude as much of a branch as the branch or the table asks to keep", () => {
    const branch = (more: object) =>
      withReference(chain(append, append, append, append), "audit", {
        type: "branch",
        "snapshot-id": 3,
        ...more,
      });
    expect(ids(branch({}), 1_000)).toEqual([1, 2]);
    expect(ids(branch({ "min-snapshots-to-keep": 2 }), 1_000)).toEqual([1]);
    expect(ids(branch({ "max-snapshot-age-ms": 2_000 }), 1_000)).toEqual([]);
    const least = { "history.expire.min-snapshots-to-keep": "2" };
    const properties = [{ action: "set-properties", updates: least } as const];
    expect(ids(applyUpdates(chain(append, append, append), properties, { nowMs: 0 }), 1_000)).toEqual([1]);
  });

  it("include the content's own snapshot when the compaction recorded it", () => {
    expect(ids(chain(append, append, { ...replace, [contentSnapshotProperty]: "2" }), 1_000)).toEqual([1, 2]);
  });

  it("exclude the way back to the content when another tool compacted the table", () => {
    expect(ids(chain(append, append, replace, replace), 1_000)).toEqual([1]);
  });
});

describe("whatever is committed, compacted and taken back", () => {
  const steps = fc.array(
    fc.record({
      gapMs: fc.integer({ min: 1, max: 9 }),
      what: fc.constantFrom("append", "replace", "back"),
      back: fc.nat(20),
    }),
    { minLength: 1, maxLength: 12 },
  );

  it("expiring keeps data version, current snapshot and every state of the time that it keeps", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 60 }), (taken, olderThanMs) => {
        let metadata = empty;
        let nowMs = 100;
        const shown: { readonly from: number; readonly id: string }[] = [];
        for (const [index, { gapMs, what, back }] of taken.entries()) {
          nowMs += gapMs;
          const current = metadata["current-snapshot-id"] ?? undefined;
          const known = metadata.snapshots.map((snapshot) => snapshot["snapshot-id"]);
          const to = what === "back" ? known[back % Math.max(1, known.length)] : undefined;
          const id = to ?? index + 1;
          const snapshot = {
            "snapshot-id": id,
            ...(current === undefined ? {} : { "parent-snapshot-id": current }),
            "sequence-number": index + 1,
            "timestamp-ms": nowMs,
            summary: { operation: what === "replace" && current !== undefined ? "replace" : "append" },
          };
          const added: readonly Update[] = to === undefined ? [{ action: "add-snapshot", snapshot }] : [];
          metadata = applyUpdates(
            metadata,
            [...added, { action: "set-snapshot-ref", "ref-name": "main", type: "branch", "snapshot-id": id }],
            { nowMs },
          );
          shown.push({ from: nowMs, id: String(id) });
        }
        nowMs += 1;
        const removed = expirableSnapshots(metadata, { nowMs, olderThanMs, inUse: [] });
        const removedIds = removed.map((snapshot) => snapshot["snapshot-id"]);
        const after = applyUpdates(metadata, [{ action: "remove-snapshots", "snapshot-ids": removedIds }], {
          nowMs,
        });
        const left = new Set(after.snapshots.map((snapshot) => String(snapshot["snapshot-id"])));
        const lost = shown.filter(({ id }, index) => {
          const until = shown[index + 1]?.from ?? Infinity;
          return until > nowMs - olderThanMs && !left.has(id);
        });
        expect(lost).toEqual([]);
        expect(after["current-snapshot-id"]).toBe(metadata["current-snapshot-id"]);
        expect(contentSnapshotId(currentBranch(after))).toBe(contentSnapshotId(currentBranch(metadata)));
      }),
    );
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
