import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Clock } from "../../util/clock.ts";
import { Attributions } from "./attributions.ts";
import { CatalogStore, catalogFile } from "./catalog-store.ts";
import { Drafts } from "./drafts.ts";
import type { CatalogDraft, ExpiredFiles, LakeCatalog } from "./lake-catalog.ts";
import { localPath, pathInside, type TableIdentifier } from "./location.ts";
import type { WriteFile } from "./metadata-file.ts";
import type { LoadedTable } from "./table-catalog.ts";

/** What an {@link EmbeddedCatalog} works with. */
export interface EmbeddedCatalogOptions {
  /** The lake's folder; made when something is first written. */
  readonly dir: string;
  readonly clock: Pick<Clock, "now">;
  /** How metadata files are written. @default durably, see {@link WriteFile} */
  readonly writeFile?: WriteFile | undefined;
}

/** The catalog of a lake in a folder, opened when it is there or first written to. */
export class EmbeddedCatalog implements LakeCatalog {
  readonly name = "embedded";
  readonly where: string;
  readonly spillDirectory: string;
  readonly attributions: Attributions;
  private readonly dir: string;
  private readonly options: EmbeddedCatalogOptions;
  /** Set in the catalog that writers of drafts see. */
  private readonly drafts: Drafts<string> | undefined;
  private draftCatalog: EmbeddedCatalog | undefined;
  private opened: CatalogStore | undefined;

  constructor(
    options: EmbeddedCatalogOptions,
    shared: { readonly attributions: Attributions; readonly drafts?: Drafts<string> } = {
      attributions: new Attributions(),
    },
  ) {
    this.options = options;
    this.dir = resolve(options.dir);
    this.where = catalogFile(this.dir);
    this.spillDirectory = join(this.dir, ".spill");
    this.attributions = shared.attributions;
    this.drafts = shared.drafts;
  }

  get readable(): readonly string[] {
    return [this.dir, this.present()?.dir ?? this.dir];
  }

  present(): CatalogStore | undefined {
    return this.opened ?? (existsSync(this.where) ? this.open() : undefined);
  }

  open(): CatalogStore {
    const { attributions, drafts } = this;
    const { clock, writeFile } = this.options;
    const writing = writeFile === undefined ? {} : { writeFile };
    this.opened ??= new CatalogStore({ dir: this.dir, clock, attributions, drafts, ...writing });
    return this.opened;
  }

  pathOf(location: string): string {
    return localPath(location);
  }

  isGone(path: string): boolean {
    return !existsSync(path);
  }

  overlapping({ metadata }: LoadedTable): readonly LoadedTable[] {
    return this.open().overlapping(metadata.location);
  }

  async accessOf(): Promise<undefined> {
    return undefined;
  }

  removeExpired({ table, kept, former, orphansOlderThan }: ExpiredFiles): {
    readonly filesRemoved: number;
    readonly bytesFreed: number;
  } {
    let bytesFreed = 0;
    let filesRemoved = 0;
    for (const file of filesBelow(pathInside(this.open().dir, table.metadata.location))) {
      if (kept.has(file)) continue;
      const { size, mtime } = statSync(file);
      if (!former.has(file) && mtime >= orphansOlderThan) continue;
      rmSync(file, { force: true });
      bytesFreed += size;
      filesRemoved += 1;
    }
    return { filesRemoved, bytesFreed };
  }

  drafting(): EmbeddedCatalog | undefined {
    if (this.drafts !== undefined) return undefined;
    this.draftCatalog ??= new EmbeddedCatalog(this.options, {
      attributions: this.attributions,
      drafts: new Drafts(),
    });
    return this.draftCatalog;
  }

  hasDraft(identifier: TableIdentifier): boolean {
    return this.drafts?.find(identifier) !== undefined;
  }

  async beginDraft(identifier: TableIdentifier, signal?: AbortSignal): Promise<CatalogDraft> {
    const drafts = this.drafting()?.drafts;
    if (drafts === undefined) throw new Error("Internal error: expected no draft within a draft");
    const store = this.open();
    const draft = await drafts.begin(identifier, () => store.find(identifier)?.metadataFile, signal);
    return {
      publish: () => {
        store.publish(identifier, draft.table());
        draft.end();
      },
      discard: () => {
        const table = draft.end();
        if (table !== undefined) store.forget(table);
      },
    };
  }

  close(): void {
    this.draftCatalog?.close();
    this.opened?.close();
    this.opened = undefined;
  }
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
