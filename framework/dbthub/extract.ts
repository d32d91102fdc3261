import type { Row } from "../lakehouse/lakehouse.ts";
import { checkBreaker } from "./breaker.ts";
import { Extraction, type ExtractionOptions } from "./extraction.ts";
import { type ExtractManifest, landsNothing } from "./load-package.ts";
import { NdjsonWriter } from "./ndjson.ts";
import { readProvenWindow } from "./prove-window.ts";
import { returnRows, sweep, tombstones } from "./sweep-absent.ts";

/**
 * Reads everything that one load needs into its package: closed window (proven), open tail, sweep, what the sweep found.
 * Nothing reaches the lake here, so every guard may still stop the run with the earlier data untouched.
 */
export async function extract(options: ExtractionOptions): Promise<Extracted> {
  const { spec, org, load, window, boundary } = options;
  const extraction = new Extraction(options);
  const proof = await readProvenWindow(extraction);
  const tail = spec.cursor.read_tail ? await readTail(extraction) : 0;

  const found = await sweep(extraction);
  const strays = await readStrays(extraction, found.strays);
  const returned = await returnRows(
    extraction,
    found,
    await org.byId(spec.object, extraction.fields, found.returned),
  );
  if (!found.isSettled) {
    const retirement = { absent: found.absent, inactive: extraction.retired, visible: found.visible };
    checkBreaker(spec, await options.known(), retirement, `${spec.object} at ${org.instanceUrl}`);
  }

  const graves = await tombstones(extraction, found);
  const rowFiles = await keepRows(extraction, [...graves, ...returned]);
  const manifest: ExtractManifest = {
    boundary: boundary.toISOString(),
    window: { lo: window.lo?.toISOString() ?? null, hi: window.hi.toISOString() },
    files: extraction.files,
    rowFiles,
    counts: {
      window: proof.read,
      tail,
      strays: strays.count,
      returned: returned.length,
      tombstones: graves.length,
      retiredInactive: extraction.retired.size,
      sweeps: found.sweeps,
    },
    oldestStray: strays.oldest?.toISOString() ?? null,
    proof,
    orgId: org.id,
    visibleUsers: found.visible,
    calls: org.calls(),
  };
  if (!landsNothing(manifest, spec)) {
    await load.open(options.opening);
    await load.finishExtract(manifest);
  }
  const isAnswered = strays.count === found.strays.length && returned.length === found.returned.length;
  return { manifest, sweep: isAnswered ? found.digest : undefined };
}

/** What was extracted. */
export interface Extracted {
  readonly manifest: ExtractManifest;
  /** Digest of the sweep, when the package brings all that the sweep called for; else undefined. */
  readonly sweep: string | undefined;
}

/** The rows that are too young to be proven: landed now, read again by the next window. Without an upper bound. */
async function readTail(extraction: Extraction): Promise<number> {
  const { org, window } = extraction.options;
  const range = extraction.range(window.hi, undefined);
  const ids = await extraction.keep(
    "tail",
    org.read(range, { method: extraction.method, count: 0 }),
    undefined,
  );
  return ids.size;
}

/** Reads what the sweep found and no window gave; `oldest` is the earliest stamp among it. */
async function readStrays(
  extraction: Extraction,
  ids: readonly string[],
): Promise<{ readonly count: number; readonly oldest: Date | undefined }> {
  if (ids.length === 0) return { count: 0, oldest: undefined };
  const { org, spec, window, context } = extraction.options;
  const records = await org.byId(spec.object, extraction.fields, ids);
  // Without the tail, the young ones wait for the window that will prove them.
  const stampOf = (record: (typeof records)[number]) => new Date(String(record[spec.cursor.field]));
  const kept = spec.cursor.read_tail ? records : records.filter((record) => stampOf(record) < window.hi);
  if (kept.length === 0) return { count: 0, oldest: undefined };
  context.log(`${kept.length} users came by the sweep that no window gave; read by id`);
  await extraction.keep("strays", [kept], undefined);
  const oldest = new Date(Math.min(...kept.map((record) => stampOf(record).getTime())));
  return { count: kept.length, oldest };
}

async function keepRows(extraction: Extraction, rows: readonly Row[]): Promise<string[]> {
  if (rows.length === 0) return [];
  extraction.announce();
  const { load, opening } = extraction.options;
  await load.open(opening);
  const file = "extract/made-rows.ndjson";
  const writer = new NdjsonWriter(load.path(file));
  await writer.write(rows);
  await writer.close();
  return [file];
}
