import { caseTwins } from "../../util/same-but-case.ts";
import { badRequest, nameTaken } from "./catalog-error.ts";
import { type Integer, sameJson } from "./json.ts";
import {
  findSnapshot,
  mainBranch,
  type MetadataSnapshot,
  noPartitionFieldId,
  type PartitionSpec,
  sameId,
  type Schema,
  type SnapshotReference,
  type SortOrder,
  type StatisticsFile,
  type TableMetadata,
} from "./table-metadata.ts";

/** In updates, -1 names the schema, spec or sort order that the same commit added last. */
const lastAdded = -1;
const defaultFormat = 2;
const newestFormat = 3;
/** Iceberg's default of `write.metadata.previous-versions-max`. */
const defaultPreviousVersions = 100;

const nothing: TableMetadata = {
  "format-version": 1,
  "table-uuid": "",
  location: "",
  "last-sequence-number": 0,
  "last-updated-ms": 0,
  "last-column-id": 0,
  schemas: [],
  "current-schema-id": -1,
  "partition-specs": [],
  "default-spec-id": -1,
  "last-partition-id": noPartitionFieldId,
  "sort-orders": [],
  "default-sort-order-id": -1,
  properties: {},
  snapshots: [],
  refs: {},
  "snapshot-log": [],
  "metadata-log": [],
  statistics: [],
  "partition-statistics": [],
};

/** What a {@link MetadataBuilder} works with beside the updates. */
export interface BuilderContext {
  readonly nowMs: number;
  /** See `TableChange`. @default false */
  readonly renewsSchemas?: boolean | undefined;
}

/**
 * Makes one table metadata from another, step by step, by the rules of Iceberg's own implementation: equal schemas,
 * specs and sort orders are reused, ids are given by the catalog, sequence numbers only rise, and times never go back.
 */
export class MetadataBuilder {
  private table: TableMetadata;
  private readonly base: TableMetadata | undefined;
  private readonly nowMs: number;
  private readonly renewsSchemas: boolean;
  private lastSchemaId: number | undefined;
  private lastSpecId: number | undefined;
  private lastSortOrderId: number | undefined;
  private readonly addedSnapshots = new Set<string>();

  constructor(base: TableMetadata | undefined, { nowMs, renewsSchemas = false }: BuilderContext) {
    this.base = base;
    this.nowMs = nowMs;
    this.renewsSchemas = renewsSchemas;
    this.table = base ?? nothing;
  }

  assignUuid(uuid: string): void {
    const present = this.table["table-uuid"];
    if (present !== "" && present.toLowerCase() !== uuid.toLowerCase()) {
      badRequest(`Cannot reassign uuid: table has ${present}, got ${uuid}`);
    }
    this.set({ "table-uuid": uuid });
  }

  upgradeFormat(version: number): void {
    const present = this.table["format-version"];
    if (this.base === undefined && version < defaultFormat)
      badRequest(`Unsupported format version ${version}: expected at least ${defaultFormat}`);
    if (version < present) badRequest(`Cannot downgrade v${present} table to v${version}`);
    if (version > newestFormat)
      badRequest(`Unsupported format version ${version}: expected at most ${newestFormat}`);
    this.set({
      "format-version": version,
      ...(version >= 3 && this.table["next-row-id"] === undefined ? { "next-row-id": 0 } : {}),
    });
  }

  addSchema(schema: Schema, lastColumnId: number | undefined): void {
    const { schemas } = this.table;
    const highest = Math.max(lastColumnId ?? 0, highestFieldId(schema.fields));
    const equal = schemas.find((other) => sameJson(withoutId(other), withoutId(schema)));
    const id = equal?.["schema-id"] ?? 1 + Math.max(-1, ...schemas.map((other) => other["schema-id"]));
    if (equal === undefined) {
      const known = new Set(schemas.flatMap((other) => columnTwins(other)).map(String));
      const [name, other] = columnTwins(schema).find((twins) => !known.has(String(twins))) ?? [];
      if (name !== undefined && other !== undefined) nameTaken("Column", other, name);
      this.set({ schemas: [...schemas, { ...schema, "schema-id": id }] });
    }
    this.set({ "last-column-id": Math.max(this.table["last-column-id"], highest) });
    this.lastSchemaId = id;
  }

  setCurrentSchema(id: number): void {
    const resolved = resolveLast("schema", id, this.lastSchemaId);
    const { schemas } = this.table;
    const schema = schemas.find((one) => one["schema-id"] === resolved);
    if (schema === undefined) badRequest(`Cannot set current schema to unknown schema ${resolved}`);
    const newest = Math.max(...schemas.map((one) => one["schema-id"]));
    if (!this.renewsSchemas || resolved === newest || resolved === this.table["current-schema-id"]) {
      this.set({ "current-schema-id": resolved });
      return;
    }
    this.set({
      schemas: [...schemas, { ...schema, "schema-id": newest + 1 }],
      "current-schema-id": newest + 1,
    });
  }

  removeSchemas(ids: readonly number[]): void {
    if (ids.includes(this.table["current-schema-id"])) badRequest("Cannot remove the current schema");
    this.set({ schemas: this.table.schemas.filter((schema) => !ids.includes(schema["schema-id"])) });
  }

  addSpec(spec: PartitionSpec): void {
    const specs = this.table["partition-specs"];
    let highest = this.table["last-partition-id"];
    // The field id is optional in a request; a field that an older spec has already keeps its id.
    const fields = spec.fields.map((field) => {
      const known = specs.flatMap((other) => other.fields).find((other) => sameField(other, field));
      const id = (field["field-id"] as number | undefined) ?? known?.["field-id"] ?? highest + 1;
      highest = Math.max(highest, id);
      return { ...field, "field-id": id };
    });
    const equal = specs.find((other) => sameJson(other.fields, fields));
    const id = equal?.["spec-id"] ?? 1 + Math.max(-1, ...specs.map((other) => other["spec-id"]));
    if (equal === undefined) this.set({ "partition-specs": [...specs, { "spec-id": id, fields }] });
    this.set({ "last-partition-id": highest });
    this.lastSpecId = id;
  }

  setDefaultSpec(id: number): void {
    const resolved = resolveLast("partition spec", id, this.lastSpecId);
    if (!this.table["partition-specs"].some((spec) => spec["spec-id"] === resolved)) {
      badRequest(`Cannot set default partition spec to unknown spec ${resolved}`);
    }
    this.set({ "default-spec-id": resolved });
  }

  removeSpecs(ids: readonly number[]): void {
    if (ids.includes(this.table["default-spec-id"])) badRequest("Cannot remove the default partition spec");
    this.set({
      "partition-specs": this.table["partition-specs"].filter((spec) => !ids.includes(spec["spec-id"])),
    });
  }

  addSortOrder(order: SortOrder): void {
    const orders = this.table["sort-orders"];
    const equal = orders.find((other) => sameJson(other.fields, order.fields));
    // Order 0 is reserved for "unsorted".
    const free = order.fields.length === 0 ? 0 : 1 + Math.max(0, ...orders.map((other) => other["order-id"]));
    const id = equal?.["order-id"] ?? free;
    if (equal === undefined) this.set({ "sort-orders": [...orders, { ...order, "order-id": id }] });
    this.lastSortOrderId = id;
  }

  setDefaultSortOrder(id: number): void {
    const resolved = resolveLast("sort order", id, this.lastSortOrderId);
    if (!this.table["sort-orders"].some((order) => order["order-id"] === resolved)) {
      badRequest(`Cannot set default sort order to unknown sort order ${resolved}`);
    }
    this.set({ "default-sort-order-id": resolved });
  }

  addSnapshot(snapshot: MetadataSnapshot): void {
    const id = snapshot["snapshot-id"];
    if (findSnapshot(this.table, id) !== undefined) badRequest(`Snapshot already exists for id ${id}`);
    const last = this.table["last-sequence-number"];
    const sequence = snapshot["sequence-number"] ?? 0;
    const isChild = (snapshot["parent-snapshot-id"] ?? undefined) !== undefined;
    if (this.table["format-version"] >= 2 && isChild && sequence <= last) {
      badRequest(
        `Cannot add snapshot with sequence number ${sequence} older than last sequence number ${last}`,
      );
    }
    this.addedSnapshots.add(String(id));
    const earliestMs = this.newestSnapshotMs();
    const latestMs = Math.max(this.nowMs, earliestMs);
    // The writer's clock may be wrong, or have been set back since the last commit.
    const atMs = Math.min(Math.max(snapshot["timestamp-ms"], earliestMs), latestMs);
    this.set({
      snapshots: [...this.table.snapshots, { ...snapshot, "timestamp-ms": atMs }],
      "last-sequence-number": sequence > last ? sequence : last,
      ...this.advanceRowIds(snapshot),
    });
  }

  setReference(name: string, reference: SnapshotReference): void {
    const snapshot = findSnapshot(this.table, reference["snapshot-id"]);
    if (snapshot === undefined) {
      badRequest(`Cannot set ${name} to unknown snapshot ${reference["snapshot-id"]}`);
    }
    const present = this.table.refs[name];
    this.set({ refs: { ...this.table.refs, [name]: reference } });
    if (name !== mainBranch || sameId(present?.["snapshot-id"], snapshot["snapshot-id"])) return;
    const id = snapshot["snapshot-id"];
    const isAdded = this.addedSnapshots.has(String(id));
    const at = isAdded ? snapshot["timestamp-ms"] : Math.max(this.nowMs, this.newestSnapshotMs());
    this.set({
      "current-snapshot-id": id,
      "snapshot-log": [...this.table["snapshot-log"], { "snapshot-id": id, "timestamp-ms": at }],
    });
  }

  removeReference(name: string): void {
    const { [name]: _removed, ...refs } = this.table.refs;
    this.set({ refs });
    if (name === mainBranch) this.set({ "current-snapshot-id": undefined });
  }

  removeSnapshots(ids: readonly Integer[]): void {
    const removed = new Set(ids.map(String));
    const main = this.table.refs[mainBranch]?.["snapshot-id"];
    if (main !== undefined && removed.has(String(main))) {
      badRequest(`Cannot remove snapshot ${main}: it is the current one`);
    }
    const stays = (entry: { readonly "snapshot-id": Integer }) => !removed.has(String(entry["snapshot-id"]));
    this.set({
      snapshots: this.table.snapshots.filter(stays),
      refs: Object.fromEntries(Object.entries(this.table.refs).filter(([, reference]) => stays(reference))),
      // A gap in the log would say that an older snapshot was current during it, so the log begins after the gap.
      "snapshot-log": this.table["snapshot-log"].slice(
        1 + this.table["snapshot-log"].findLastIndex((entry) => !stays(entry)),
      ),
      statistics: this.table.statistics.filter(stays),
      "partition-statistics": this.table["partition-statistics"].filter(stays),
    });
  }

  setLocation(location: string): void {
    this.set({ location: location.replace(/(?<=.)\/+$/, "") });
  }

  setProperties(properties: Readonly<Record<string, string>>): void {
    this.set({ properties: { ...this.table.properties, ...properties } });
  }

  removeProperties(names: readonly string[]): void {
    const kept = Object.entries(this.table.properties).filter(([name]) => !names.includes(name));
    this.set({ properties: Object.fromEntries(kept) });
  }

  setStatistics(list: "statistics" | "partition-statistics", file: StatisticsFile): void {
    this.removeStatistics(list, file["snapshot-id"]);
    this.set({ [list]: [...this.table[list], file] });
  }

  removeStatistics(list: "statistics" | "partition-statistics", snapshotId: Integer): void {
    this.set({ [list]: this.table[list].filter((file) => !sameId(file["snapshot-id"], snapshotId)) });
  }

  /** The result, with the replaced file (if any) in the metadata log. */
  build(previousFile: string | undefined): TableMetadata {
    const { base } = this;
    if (base === undefined) this.completeNewTable();
    const previous =
      base === undefined || previousFile === undefined
        ? []
        : [{ "metadata-file": previousFile, "timestamp-ms": base["last-updated-ms"] }];
    const limit = Number(
      this.table.properties["write.metadata.previous-versions-max"] ?? defaultPreviousVersions,
    );
    const log = [...this.table["metadata-log"], ...previous].slice(
      -Math.max(1, limit || defaultPreviousVersions),
    );
    // The log tells which snapshot was current when, and has no word for "none": it begins anew.
    const hasCurrent = this.table.refs[mainBranch] !== undefined;
    this.set({
      "snapshot-log": hasCurrent ? inOrder(this.table["snapshot-log"]) : [],
      "metadata-log": inOrder(log),
      "last-updated-ms": Math.max(this.nowMs, this.table["last-updated-ms"], this.newestSnapshotMs()),
    });
    return this.table;
  }

  /** When a snapshot was last committed or made the current one; 0 when there is none. */
  private newestSnapshotMs(): number {
    const { snapshots, "snapshot-log": log } = this.table;
    return [...snapshots, ...log].reduce((newest, one) => Math.max(newest, one["timestamp-ms"]), 0);
  }

  private completeNewTable(): void {
    const { table } = this;
    if (table["table-uuid"] === "") badRequest("Cannot create a table without assign-uuid");
    if (table.location === "") badRequest("Cannot create a table without set-location");
    if (table["format-version"] < 2) this.upgradeFormat(defaultFormat);
    if (table["current-schema-id"] < 0) badRequest("Cannot create a table without set-current-schema");
    if (table["default-spec-id"] < 0) {
      this.addSpec({ "spec-id": 0, fields: [] });
      this.setDefaultSpec(lastAdded);
    }
    if (table["default-sort-order-id"] < 0) {
      this.addSortOrder({ "order-id": 0, fields: [] });
      this.setDefaultSortOrder(lastAdded);
    }
  }

  /** Format 3 numbers rows; the catalog keeps the next free number. */
  private advanceRowIds(snapshot: MetadataSnapshot): Partial<TableMetadata> {
    if (this.table["format-version"] < 3) return {};
    const first = asBigInt(snapshot["first-row-id"]);
    const next = asBigInt(this.table["next-row-id"]) ?? 0n;
    if (first === undefined || first < next) {
      badRequest(`Cannot add snapshot with first row id ${first ?? "none"}: next row id is ${next}`);
    }
    const after = first + (asBigInt(snapshot["added-rows"]) ?? 0n);
    return { "next-row-id": after <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(after) : after };
  }

  private set(change: Partial<TableMetadata>): void {
    this.table = { ...this.table, ...change };
  }
}

/**
 * The log with times that never go back, which Iceberg's other implementations insist on. An entry that is later than the
 * next one was made while the clock was ahead.
 */
function inOrder<E extends { readonly "timestamp-ms": number }>(log: readonly E[]): readonly E[] {
  let nextMs = Number.MAX_SAFE_INTEGER;
  return log
    .toReversed()
    .map((entry) => {
      nextMs = Math.min(entry["timestamp-ms"], nextMs);
      return { ...entry, "timestamp-ms": nextMs };
    })
    .toReversed();
}

function resolveLast(kind: string, id: number, last: number | undefined): number {
  if (id !== lastAdded) return id;
  return last ?? badRequest(`Cannot set last added ${kind}: this commit adds none`);
}

function withoutId(schema: Schema): unknown {
  const { "schema-id": _id, ...rest } = schema;
  return rest;
}

function sameField(a: PartitionSpec["fields"][number], b: PartitionSpec["fields"][number]): boolean {
  return a["source-id"] === b["source-id"] && a.transform === b.transform && a.name === b.name;
}

function asBigInt(value: unknown): bigint | undefined {
  return typeof value === "number" || typeof value === "bigint" ? BigInt(value) : undefined;
}

/** Columns, and fields of one struct, whose names are the same apart from case, by their paths. */
function columnTwins(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [];
  const members = value as Readonly<Record<string, unknown>>;
  const fields = Array.isArray(members["fields"]) ? (members["fields"] as readonly unknown[]) : [];
  const named = fields as readonly { readonly name: string; readonly type: unknown }[];
  const inside = (name: string) => [...path, name].join(".");
  return [
    ...caseTwins(named.map((field) => field.name)).map((twins) => twins.map(inside)),
    ...named.flatMap((field) => columnTwins(field.type, [...path, field.name])),
    ...["element", "key", "value"].flatMap((part) => columnTwins(members[part], [...path, part])),
  ];
}

/** Field, element, key and value ids at every depth. */
function highestFieldId(value: unknown): number {
  if (Array.isArray(value)) return Math.max(0, ...value.map(highestFieldId));
  if (typeof value !== "object" || value === null) return 0;
  const members = Object.entries(value).map(([name, member]) => {
    const isId = name === "id" || name === "element-id" || name === "key-id" || name === "value-id";
    return isId && typeof member === "number" ? member : highestFieldId(member);
  });
  return Math.max(0, ...members);
}
