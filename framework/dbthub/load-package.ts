import { mkdir, readdir, rm } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import * as z from "zod";
import type { AssetKey } from "../definition/asset-key.ts";
import { readJson, writeJsonDurably } from "./durable-file.ts";
import type { Spec } from "./spec.ts";

const openingSchema = z.object({
  key: z.string(),
  /** Hash of spec and cursor that the extraction starts from. */
  basis: z.string(),
});

const timestampSchema = z.string();

const manifestSchema = z.object({
  /** The source's time at the opening, ISO 8601: `extracted_at` of every row. */
  boundary: timestampSchema,
  window: z.object({ lo: timestampSchema.nullable(), hi: timestampSchema }),
  /** Files of records as read, in reading order, relative to the package. */
  files: z.array(z.string()),
  /** Files of whole rows that we made: tombstones and returns. */
  rowFiles: z.array(z.string()),
  counts: z.object({
    window: z.int(),
    tail: z.int(),
    strays: z.int(),
    returned: z.int(),
    tombstones: z.int(),
    retiredInactive: z.int(),
    sweeps: z.int(),
  }),
  /** The earliest stamp among the strays; null without any. */
  oldestStray: timestampSchema.nullable().default(null),
  proof: z.object({ counted: z.int(), read: z.int(), moved: z.int() }),
  orgId: z.string(),
  visibleUsers: z.int(),
  calls: z.int(),
});

/** What a package begins with: the asset, and what its extraction starts from. */
export interface Opening {
  readonly key: AssetKey;
  /** Hash of spec and cursor. */
  readonly basis: string;
}

/** What an extraction leaves: written last, so that a package without it never happened. */
export type ExtractManifest = z.output<typeof manifestSchema>;

const normalizedSchema = z.object({
  rows: z.int(),
  /** Rows left out because Id and cursor had come before. */
  repeated: z.int(),
  rejected: z.int(),
});

/** What normalizing leaves. */
export type NormalizeManifest = z.output<typeof normalizedSchema>;

const landedSchema = z.object({
  rowsInserted: z.int(),
  rowsUpdated: z.int(),
  ties: z.int(),
  snapshotId: z.string().nullable(),
});

/** What loading left. */
export type Landed = z.output<typeof landedSchema>;

/**
 * One load on disk, `.moraine/loads/<load_id>/`: `extract/`, `normalize/`, and a manifest behind each step. A step is done
 * when its manifest is there; a kill in between leaves a step undone, never half done.
 */
export class LoadPackage {
  readonly loadId: string;
  readonly dir: string;
  #opened: Promise<void> | undefined;

  constructor(loadsDir: string, loadId: string) {
    this.loadId = loadId;
    this.dir = join(loadsDir, loadId);
  }

  /** Path of a file in the package. */
  path(name: string): string {
    return join(this.dir, name);
  }

  /** Makes the package on disk, once: before the first thing is put into it. */
  async open(opening: Opening): Promise<void> {
    this.#opened ??= this.#make(opening);
    await this.#opened;
  }

  async #make(opening: Opening): Promise<void> {
    await mkdir(this.path("extract"), { recursive: true, mode: 0o700 });
    await mkdir(this.path("normalize"), { recursive: true, mode: 0o700 });
    await writeJsonDurably(this.path("opening.json"), opening);
  }

  opening = () => readJson(this.path("opening.json"), openingSchema);
  extracted = () => readJson(this.path("extract/manifest.json"), manifestSchema);
  normalized = () => readJson(this.path("normalize/manifest.json"), normalizedSchema);
  landed = () => readJson(this.path("landed.json"), landedSchema);

  finishExtract = (manifest: ExtractManifest) =>
    writeJsonDurably(this.path("extract/manifest.json"), manifest);
  finishNormalize = (manifest: NormalizeManifest) =>
    writeJsonDurably(this.path("normalize/manifest.json"), manifest);
  finishLoad = (landed: Landed) => writeJsonDurably(this.path("landed.json"), landed);
}

/** Whether there is nothing to keep and to land: no row, and no table that is to become empty. */
export function landsNothing({ files, rowFiles }: ExtractManifest, spec: Spec): boolean {
  return files.length + rowFiles.length === 0 && spec.write_disposition !== "replace";
}

/** A new load id: unique, and sorting as text by the time of its making. */
export function newLoadId(now: Date): string {
  return `${now.toISOString().replaceAll(/[-:.]/g, "")}-${randomBytes(4).toString("hex")}`;
}

/** The asset's packages on disk, oldest first. */
export async function listPackages(loadsDir: string, key: AssetKey): Promise<readonly LoadPackage[]> {
  await mkdir(loadsDir, { recursive: true, mode: 0o700 });
  const packages: LoadPackage[] = [];
  for (const name of (await readdir(loadsDir)).sort()) {
    const found = new LoadPackage(loadsDir, name);
    if ((await found.opening())?.key === key) packages.push(found);
  }
  return packages;
}

/** Removes a package; it is moved out of sight first by losing its opening. */
export async function removePackage(old: LoadPackage): Promise<void> {
  await rm(old.path("opening.json"), { force: true });
  await rm(old.dir, { recursive: true, force: true });
}
