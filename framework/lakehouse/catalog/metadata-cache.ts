import type { TableMetadata } from "./table-metadata.ts";

/** Enough for every table of a project; a metadata document has some kilobytes per snapshot. */
const capacity = 64;

/** Remembers parsed metadata files. A metadata file never changes once it is written, so entries never go stale. */
export class MetadataCache {
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
    const oldest = this.entries.keys().next();
    if (this.entries.size > capacity && oldest.done !== true) this.entries.delete(oldest.value);
    return metadata;
  }
}
