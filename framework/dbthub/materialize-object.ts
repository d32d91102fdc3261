import { join } from "node:path";
import type { MaterializeContext, MaterializeResult } from "../definition/context.ts";
import type { TableDefinition } from "../definition/table.ts";
import { fail } from "../event/failure.ts";
import { collectRows, rowCountOf } from "../lakehouse/lakehouse.ts";
import { openSalesforce, type SalesforceOrg } from "../salesforce/salesforce-org.ts";
import type { Clock } from "../util/clock.ts";
import { hashJson, type Json } from "../util/hash.ts";
import { checkAccessContract } from "./access-contract.ts";
import { fieldsHash, type IngestionCursor, readCursor } from "./cursor.ts";
import { extract } from "./extract.ts";
import { isLanded, land, rejectedTable } from "./land.ts";
import { readKnownUsers } from "./latest-rows.ts";
import {
  type ExtractManifest,
  landsNothing,
  listPackages,
  LoadPackage,
  newLoadId,
  removePackage,
} from "./load-package.ts";
import { type FinishedLoad, loadMetadata } from "./load-metadata.ts";
import { normalize } from "./normalize.ts";
import type { Spec } from "./spec.ts";
import { readRejectedIds } from "./sweep-absent.ts";
import { type NewLoad, readVersions, settledBy, settledHash, type Versions } from "./settled.ts";
import { planWindow } from "./window.ts";

/** What every step of one materialization needs. */
interface Work {
  readonly context: MaterializeContext;
  readonly spec: Spec;
  readonly table: TableDefinition;
  readonly loadsDir: string;
  readonly clock: Clock;
}

/**
 * Brings the table up to the source: first a package that a killed run left whole, then everything that changed since.
 * The cursor is only returned; it is stored in the transaction that records success, so that a crash before it means
 * reading the same window again, which adds nothing.
 */
export async function materializeObject(
  options: Omit<Work, "loadsDir"> & { readonly where: string },
): Promise<MaterializeResult> {
  const { context, spec, table, clock, where } = options;
  const work: Work = { context, spec, table, clock, loadsDir: join(context.stateDir, "loads") };
  const stored = readCursor(context.cursor);
  context.progress({ message: "connecting" });
  const org = await connect(work);
  checkOrg(stored, org);
  checkAccessContract(spec, await org.describe(spec.object), where);
  // One boundary for the whole run: the source's time before anything is read.
  const boundary = org.serverTime();
  const rejected = rejectedTable(spec, table);
  if (rejected !== undefined) await context.lakehouse.ensureTable(rejected, context.signal);

  const basis = hashJson({ spec: spec as unknown as Json, cursor: context.forced ? null : (stored ?? null) });
  const finished = await finishLeftOver(work, org, basis);
  // Before anything is read of the tables, so that what another writer does meanwhile is never taken for known.
  const versions = await readVersions(context.lakehouse, table, rejected);
  let cursor = await trusted(work, stored, versions.table);
  for (const load of finished) cursor = nextCursor(spec, load, cursor);
  const newest = await loadNew(work, org, { basis, cursor, boundary, rejected, versions });
  if (!landsNothing(newest.manifest, spec)) await removeOld(work);
  return {
    metadata: loadMetadata([...finished, newest], org, await countRows(work)),
    cursor: {
      ...nextCursor(spec, newest, cursor),
      ...(await settledBy({ ...work, load: newest, before: versions })),
    },
  };
}

async function connect({ context, spec, clock }: Work): Promise<SalesforceOrg> {
  const { connection } = spec;
  return openSalesforce({
    secrets: context.resources.secrets,
    secretName: connection.secret,
    apiVersion: connection.api_version,
    auth: connection.auth,
    requestTimeoutMs: connection.request_timeout,
    dailyCallsShare: connection.daily_calls_share,
    clock,
    signal: context.signal,
    log: (message, level) => context.log(message, level),
  });
}

/** A sandbox refresh, or another login URL, gives another org: its users would retire all of ours. */
function checkOrg(stored: IngestionCursor | undefined, org: SalesforceOrg): void {
  if (stored === undefined || stored.orgId === org.id) return;
  fail({
    reason: "org-changed",
    message: "another Salesforce org answers than the one that filled the table; nothing was written",
    retryable: false,
    expected: stored.orgId,
    got: org.id,
    where: org.instanceUrl,
    next: "point the secret at the right org, or start a new table for this one",
  });
}

/**
 * Finishes a package that was extracted whole from the same point with the same YAML and then lost its process. All others
 * are of no use: half extracted, or overtaken.
 */
async function finishLeftOver(work: Work, org: SalesforceOrg, basis: string): Promise<FinishedLoad[]> {
  const { context, table, loadsDir } = work;
  const finished: FinishedLoad[] = [];
  for (const load of await listPackages(loadsDir, table.key)) {
    const opening = await load.opening();
    const manifest = await load.extracted();
    const landed = await load.landed();
    const isNext =
      opening?.basis === basis && manifest?.orgId === org.id && !context.forced && finished.length === 0;
    // A package that says it landed counts only while the lake says so too: the lake may have been made anew.
    if (isNext && (landed === undefined || (await isLanded(context, table, load.loadId)))) {
      context.log(`finishing load ${load.loadId}, which an earlier run left behind`);
      finished.push(await finish(work, load, manifest));
    } else if (landed === undefined) await removePackage(load);
  }
  return finished;
}

async function loadNew(
  work: Work,
  org: SalesforceOrg,
  options: {
    readonly basis: string;
    readonly cursor: IngestionCursor | undefined;
    readonly boundary: Date;
    readonly rejected: TableDefinition | undefined;
    readonly versions: Versions;
  },
): Promise<NewLoad> {
  const { context, spec, table, loadsDir, clock } = work;
  const { lakehouse, signal } = context;
  const { basis, cursor, boundary, rejected, versions } = options;
  const isWhole = cursor === undefined || spec.write_disposition === "replace";
  const window = planWindow({
    lastHi: isWhole ? undefined : new Date(cursor.hi),
    serverTime: boundary,
    settleMs: spec.cursor.settle,
    overlapMs: spec.cursor.overlap,
  });
  const load = new LoadPackage(loadsDir, newLoadId(clock.now()));
  const { manifest, sweep } = await extract({
    context,
    spec,
    table,
    org,
    load,
    window,
    boundary,
    opening: { key: table.key, basis },
    known: once(() => readKnownUsers(lakehouse, table, spec, signal)),
    rejectedIds: once(async () =>
      rejected === undefined
        ? new Set<string>()
        : readRejectedIds({ context, spec }, lakehouse.tableName(rejected.key)),
    ),
    expectedUsers: cursor?.visibleUsers ?? 0,
    isSettled: (digest) => {
      const now = settledHash({ spec, orgId: org.id, versions, sweep: digest });
      return now !== null && now === cursor?.settled;
    },
  });
  return { ...(await finish(work, load, manifest)), sweep };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

async function finish(
  { context, spec, table }: Work,
  load: LoadPackage,
  manifest: ExtractManifest,
): Promise<FinishedLoad> {
  if (landsNothing(manifest, spec)) return { load, manifest, ...nothingLanded };
  context.progress({ message: "normalizing" });
  const normalized = (await load.normalized()) ?? (await normalize(load, spec, manifest, context.signal));
  context.progress({ message: "landing", unit: "rows", done: 0, total: normalized.rows });
  const landed = await land(context, spec, table, load, normalized);
  context.progress({ message: "landed", unit: "rows", done: normalized.rows, total: normalized.rows });
  return { load, manifest, normalized, landed };
}

const nothingLanded: Pick<FinishedLoad, "normalized" | "landed"> = {
  normalized: { rows: 0, repeated: 0, rejected: 0 },
  landed: { rowsInserted: 0, rowsUpdated: 0, ties: 0, snapshotId: null },
};

function nextCursor(
  spec: Spec,
  { load, manifest, landed }: FinishedLoad,
  before: IngestionCursor | undefined,
): IngestionCursor {
  const { orgId, visibleUsers, window } = manifest;
  const hasLanded = landed.rowsInserted + landed.rowsUpdated > 0;
  const landedLoadId = hasLanded ? load.loadId : (before?.landedLoadId ?? null);
  const fields = fieldsHash(spec);
  const unsettled = { tableVersion: null, settled: null };
  return { hi: window.hi, orgId, visibleUsers, loadId: load.loadId, landedLoadId, fields, ...unsettled };
}

/**
 * The cursor, when it may be relied on: not when everything was asked for; not when the table no longer holds the load that
 * the cursor stands behind, because somebody rolled it back or made it anew; and not when a field was added, which is filled
 * in by reading everything: present rows land once more under their own stamps, as ties, and so open no version.
 */
async function trusted(
  { context, spec, table }: Work,
  stored: IngestionCursor | undefined,
  tableVersion: string | undefined,
): Promise<IngestionCursor | undefined> {
  if (context.forced || stored === undefined) return undefined;
  if (stored.fields !== fieldsHash(spec)) {
    context.log(`the fields of ${spec.object} changed; reading everything again`);
    return undefined;
  }
  const { landedLoadId } = stored;
  // The same snapshot holds the same rows; only of another one has to be asked.
  if (tableVersion !== undefined && tableVersion === stored.tableVersion) return stored;
  if (landedLoadId === null || (await isLanded(context, table, landedLoadId))) return stored;
  context.log(`${table.key} no longer holds load ${landedLoadId}; reading everything again`, "warn");
  return undefined;
}

async function countRows({ context: { lakehouse, signal }, table }: Work): Promise<number> {
  const rows = rowCountOf(await lakehouse.currentSnapshot(table.key));
  if (rows !== undefined) return rows;
  const sql = `SELECT count(*) AS n FROM ${lakehouse.tableName(table.key)}`;
  const [row] = await collectRows(await lakehouse.query(sql, { signal }));
  return Number(row?.["n"]);
}

/** The newest packages stay for whoever wants to look; they hold what the lake holds. */
async function removeOld({ loadsDir, table, spec }: Work): Promise<void> {
  const packages = await listPackages(loadsDir, table.key);
  for (const old of packages.slice(0, Math.max(0, packages.length - spec.keep_packages)))
    await removePackage(old);
}
