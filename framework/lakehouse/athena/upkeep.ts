import { type AssetKey } from "../../definition/asset-key.ts";
import { fail, FailureError } from "../../event/failure.ts";
import { expirableSnapshots, namedSnapshots, type Retention } from "../catalog/retention.ts";
import { currentSnapshot, type TableMetadata } from "../catalog/table-metadata.ts";
import type { Expired, Optimized } from "../lakehouse.ts";
import { athenaDialect } from "./athena-dialect.ts";
import type { GlueTable } from "./glue-catalog.ts";
import type { QueryRunner } from "./query-runner.ts";
import { allSnapshots, tableLayout } from "./table-snapshots.ts";
import { joinS3 } from "./s3-uri.ts";
import type { S3Objects } from "./s3-objects.ts";

/** What upkeep of one table works with. */
export interface UpkeepContext {
  readonly key: AssetKey;
  readonly lake: string;
  readonly runner: QueryRunner;
  readonly objects: S3Objects;
  readonly signal: AbortSignal | undefined;
  /** The present, and what may still be gone back to. */
  retained(): Pick<Retention, "nowMs" | "inUse">;
  /** The table as it is now. */
  read(): Promise<GlueTable>;
}

/** The name of a table in OPTIMIZE and VACUUM, which take no quotes. */
function statementName(key: AssetKey): string {
  return key.replace("/", ".");
}

/** One statement does a limited amount of work, and Athena says when there is more. */
const maxRounds = 20;

/** Rewrites small files and drops delete files, where there are any. */
export async function optimize(context: UpkeepContext): Promise<Optimized> {
  const before = await layout(context);
  if (before.deletes > 0 || before.data > 1)
    await untilDone(context, `OPTIMIZE ${statementName(context.key)} REWRITE DATA USING BIN_PACK`);
  const after = await layout(context);
  return {
    filesBefore: before.data + before.deletes,
    filesAfter: after.data + after.deletes,
    bytesBefore: before.bytes,
    bytesAfter: after.bytes,
  };
}

async function layout(context: UpkeepContext) {
  const { dataFiles, deleteFiles, bytes } = tableLayout((await context.read()).metadata, context.retained());
  return { data: dataFiles ?? 0, deletes: deleteFiles ?? 0, bytes };
}

const ageProperty = "vacuum_max_snapshot_age_seconds";
/** Athena's own default: five days. */
const defaultAgeSeconds = "432000";

/** How much older than the oldest snapshot that must stay a statement may take the present to be. */
const marginMs = 3_600_000;

/**
 * Removes old snapshots, then the files that nothing refers to, and looks whether they are gone: without the permission
 * to delete objects VACUUM succeeds and deletes nothing.
 */
export async function expire(context: UpkeepContext, olderThanMs: number): Promise<Expired> {
  const before = await context.read();
  const files = await filesBelow(context, before.metadata.location);
  const retention = { ...context.retained(), olderThanMs };
  const ageSeconds = Math.max(0, Math.ceil(vacuumAgeMs(before.metadata, retention) / 1000));
  await setAge(context, String(ageSeconds));
  try {
    await untilDone(context, `VACUUM ${statementName(context.key)}`);
  } finally {
    const own = before.metadata.properties[ageProperty] ?? before.table.Parameters?.[ageProperty];
    // Whatever ended it, a cancellation too.
    await setAge({ ...context, signal: undefined }, own ?? defaultAgeSeconds);
  }
  const after = await context.read();
  await expectDeleted(context, before.metadata, after.metadata, retention.nowMs - ageSeconds * 1000);
  const left = await filesBelow(context, after.metadata.location);
  const removed = [...files].filter(([uri]) => !left.has(uri));
  return {
    snapshotsRemoved: allSnapshots(before.metadata).length - allSnapshots(after.metadata).length,
    filesRemoved: removed.length,
    bytesFreed: removed.reduce((sum, [, bytes]) => sum + bytes, 0),
  };
}

/**
 * The age that VACUUM is to go by. It counts from a snapshot's commit and knows no exception but what branches and tags
 * name, so it goes no further back than to the oldest of the other snapshots that must stay.
 */
function vacuumAgeMs(metadata: TableMetadata, retention: Retention): number {
  const expirable = new Set(expirableSnapshots(metadata, retention));
  const named = namedSnapshots(metadata, retention.nowMs);
  const kept = metadata.snapshots.filter(
    (snapshot) => !expirable.has(snapshot) && !named.has(String(snapshot["snapshot-id"])),
  );
  const ages = kept.map((snapshot) => retention.nowMs - snapshot["timestamp-ms"] + marginMs);
  return Math.max(retention.olderThanMs, ...ages);
}

async function setAge({ key, lake, runner, signal }: UpkeepContext, seconds: string): Promise<void> {
  const name = athenaDialect(lake).tableName(key);
  await runner.run({
    sql: `ALTER TABLE ${name} SET TBLPROPERTIES ('${ageProperty}' = '${seconds}')`,
    table: key,
    signal,
  });
}

async function untilDone({ key, runner, signal }: UpkeepContext, sql: string): Promise<void> {
  for (let round = 1; ; round += 1) {
    try {
      await runner.run({ sql, table: key, signal });
      return;
    } catch (error) {
      const words = error instanceof FailureError ? (error.failure.got ?? "") : "";
      if (!/MORE_RUNS_NEEDED/.test(words) || round === maxRounds) throw error;
    }
  }
}

async function expectDeleted(
  { key, objects }: UpkeepContext,
  before: TableMetadata,
  after: TableMetadata,
  olderThan: number,
): Promise<void> {
  const removed = removedSnapshots(before, after);
  if (removed.length === 0) {
    if (hasDueSnapshots(before, olderThan)) notDeleted(key, "every snapshot is still there");
    return;
  }
  // A removed snapshot's list of manifests is its own; nothing else can still need it.
  const list = removed[0]?.["manifest-list"]?.replace(/^s3[an]:/, "s3:");
  if (list !== undefined && (await objects.exists(list))) notDeleted(key, list);
}

/** Whether VACUUM had to remove at least one: branches, tags and a least number of snapshots may keep old ones. */
function hasDueSnapshots(metadata: TableMetadata, olderThan: number): boolean {
  const current = currentSnapshot(metadata);
  const due = metadata.snapshots.filter((one) => one !== current && one["timestamp-ms"] < olderThan);
  const kept = Number(metadata.properties["vacuum_min_snapshots_to_keep"] ?? 1);
  return due.length > 0 && metadata.snapshots.length > kept && Object.keys(metadata.refs).length <= 1;
}

function notDeleted(key: AssetKey, got: string): never {
  return fail({
    reason: "credentials-refused",
    message: "VACUUM ended well, but did not delete what it had to",
    expected: "s3:DeleteObject on the lake's bucket for whoever runs it",
    got,
    where: key,
    next: "give the role the permissions of deploy/terraform's policy, then run the same command again",
    retryable: false,
  });
}

function removedSnapshots(before: TableMetadata, after: TableMetadata) {
  const left = new Set(after.snapshots.map((snapshot) => String(snapshot["snapshot-id"])));
  return before.snapshots.filter((snapshot) => !left.has(String(snapshot["snapshot-id"])));
}

/** Sizes in bytes by URI. */
async function filesBelow(
  { objects, signal }: UpkeepContext,
  location: string,
): Promise<ReadonlyMap<string, number>> {
  const files = new Map<string, number>();
  for await (const { uri, bytes } of objects.list(`${joinS3(location)}/`, signal)) files.set(uri, bytes);
  return files;
}
