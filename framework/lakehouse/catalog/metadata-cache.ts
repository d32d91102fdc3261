import { dirname } from "node:path";
import type { TableMetadata } from "./table-metadata.ts";

/** Enough for every table of a project; a metadata document has some kilobytes per snapshot. */
const capacity = 64;
/** A table's current document, and that of a draft or of the commit before, which others may still be reading. */
const perTable = 2;

/** Remembers parsed metadata files. A metadata file never changes once it is written, so entries never go stale. */
export class MetadataCache {
  /** Least recently read first. */
  private readonly entries = new Map<string, TableMetadata>();
  private readonly readFile: (file: string) => TableMetadata;

  constructor(readFile: (file: string) => TableMetadata) {
    this.readFile = readFile;
  }

  read(file: string): TableMetadata {
    const known = this.entries.get(file);
    const metadata = known ?? this.readFile(file);
    this.entries.delete(file);
    this.entries.set(file, metadata);
    if (known === undefined) this.forgetOldest(dirname(file));
    return metadata;
  }

  private forgetOldest(folder: string): void {
    const files = [...this.entries.keys()];
    const ofTable = files.filter((file) => dirname(file) === folder);
    for (const file of [...ofTable.slice(0, -perTable), ...files.slice(0, -capacity)])
      this.entries.delete(file);
  }
}
