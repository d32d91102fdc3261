import { existsSync, rmSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { Attributions } from "../catalog/attributions.ts";
import type { CatalogDraft, ExpiredFiles, LakeCatalog } from "../catalog/lake-catalog.ts";
import { Drafts } from "../catalog/drafts.ts";
import { localPath, type TableIdentifier } from "../catalog/location.ts";
import type { FileAccess, LoadedTable, SearchableCatalog } from "../catalog/table-catalog.ts";
import { DraftCatalog, type DraftVersion, publishing } from "./draft-catalog.ts";
import { isS3 } from "./file-access.ts";
import { removeObjects } from "./remove-objects.ts";
import { RestCatalog, type RestCatalogOptions } from "./rest-catalog.ts";

/** What a {@link RestLake} works with. */
export type RestLakeOptions = Omit<RestCatalogOptions, "signal"> & {
  /** Folder of this machine for what does not fit into memory. */
  readonly workDir: string;
};

/** The tables of a catalog elsewhere, their files in S3 or on this machine. */
export class RestLake implements LakeCatalog {
  readonly name = "rest";
  readonly where: string;
  readonly spillDirectory: string;
  readonly readable: readonly string[];
  readonly attributions: Attributions;
  private readonly catalog: RestCatalog;
  /** Set in the lake that writers of drafts see. */
  private readonly drafts: Drafts<DraftVersion> | undefined;
  private readonly options: RestLakeOptions;
  private readonly ending = new AbortController();
  private draftLake: RestLake | undefined;
  private readonly shown: SearchableCatalog;

  constructor(
    options: RestLakeOptions,
    shared?: { readonly catalog: RestCatalog; readonly drafts: Drafts<DraftVersion> },
  ) {
    const { uri, warehouse, workDir, attributions } = options;
    this.where = uri;
    this.spillDirectory = join(workDir, "spill");
    this.readable = ["s3://", "s3a://", ...(isLocal(warehouse) ? [localPath(warehouse)] : [])];
    this.attributions = attributions;
    this.options = options;
    this.catalog = shared?.catalog ?? new RestCatalog({ ...options, signal: this.ending.signal });
    this.drafts = shared?.drafts;
    this.shown =
      this.drafts === undefined ? this.catalog : new DraftCatalog(this.catalog, this.drafts, options);
  }

  present(): SearchableCatalog {
    return this.shown;
  }

  open(): SearchableCatalog {
    return this.shown;
  }

  pathOf(location: string): string {
    return isLocal(location) ? localPath(location) : location;
  }

  isGone(path: string): boolean {
    return isLocal(path) && !existsSync(path);
  }

  /** The protocol has no way to ask for others; catalogs give each table a folder of its own. */
  overlapping(table: LoadedTable): readonly LoadedTable[] {
    return [table];
  }

  async accessOf({ access }: LoadedTable): Promise<FileAccess["config"]> {
    return access?.config;
  }

  /** Only what removed snapshots named: files that no snapshot ever named can't be told from those of other tools. */
  async removeExpired({ table, kept, former }: ExpiredFiles): Promise<{
    readonly filesRemoved: number;
    readonly bytesFreed: number;
  }> {
    const unneeded = [...former].filter(([path]) => !kept.has(path));
    const objects = unneeded.filter(([path]) => isS3(path));
    const gone = await removeObjects(objects, table.access?.config ?? {});
    let { filesRemoved, bytesFreed } = gone;
    for (const [path] of unneeded) {
      if (!isLocal(path) || !existsSync(path)) continue;
      bytesFreed += statSync(path).size;
      filesRemoved += 1;
      rmSync(path);
    }
    return { filesRemoved, bytesFreed };
  }

  drafting(): RestLake | undefined {
    if (this.drafts !== undefined) return undefined;
    const { catalog } = this;
    this.draftLake ??= new RestLake(this.options, { catalog, drafts: new Drafts<DraftVersion>() });
    return this.draftLake;
  }

  hasDraft(identifier: TableIdentifier): boolean {
    return this.drafts?.find(identifier) !== undefined;
  }

  async beginDraft(identifier: TableIdentifier, signal?: AbortSignal): Promise<CatalogDraft> {
    const drafts = this.drafting()?.drafts;
    if (drafts === undefined) throw new Error("Internal error: expected no draft within a draft");
    const readBase = async (): Promise<DraftVersion | undefined> => {
      const table = await this.catalog.find(identifier);
      return table === undefined ? undefined : { table, updates: [] };
    };
    const draft = await drafts.begin(identifier, readBase, signal);
    return {
      publish: async () => {
        const change = publishing(identifier, draft.table());
        if (change !== undefined) await this.catalog.publish(change);
        draft.end();
      },
      // The files of a table that was never made stay: the protocol lists none.
      discard: () => void draft.end(),
    };
  }

  close(): void {
    this.ending.abort();
  }
}

function isLocal(location: string | undefined): location is string {
  return location !== undefined && (isAbsolute(location) || location.startsWith("file:"));
}
