import type { Metadata, MetadataValue } from "./event.ts";

/** One wrong value of some metadata. */
export interface MetadataProblem {
  /** Its name in the metadata, and the field of it. */
  readonly path: string;
  readonly expected: string;
  /** The wrong value. */
  readonly got: unknown;
}

type FieldKind = "number" | "text" | "texts" | "rows" | "any";

/** The fields of each type of metadata. */
const fieldsByType: {
  readonly [T in MetadataValue["type"]]: Readonly<
    Record<Exclude<keyof Extract<MetadataValue, { type: T }>, "type">, FieldKind>
  >;
} = {
  rows: { value: "number" },
  bytes: { value: "number" },
  duration: { ms: "number" },
  number: { value: "number" },
  text: { value: "text" },
  markdown: { value: "text" },
  url: { value: "text" },
  json: { value: "any" },
  table: { columns: "texts", rows: "rows" },
};

const kinds: Readonly<
  Record<FieldKind, { readonly is: (value: unknown) => boolean; readonly name: string }>
> = {
  number: {
    // What DuckDB counts is a bigint; it is kept as a number.
    is: (value) =>
      Number.isFinite(value) || (typeof value === "bigint" && Number.isSafeInteger(Number(value))),
    name: "a finite number",
  },
  text: { is: (value) => typeof value === "string", name: "a text" },
  texts: {
    is: (value) => Array.isArray(value) && value.every((each) => typeof each === "string"),
    name: "a list of texts",
  },
  rows: { is: (value) => Array.isArray(value) && value.every(Array.isArray), name: "a list of lists" },
  any: { is: (value) => value !== undefined, name: "a value" },
};

/** The first value that is not what its type says; undefined when all are. */
export function metadataProblem(metadata: unknown): MetadataProblem | undefined {
  if (!isRecord(metadata)) {
    return { path: "metadata", expected: "an object of typed values by name", got: metadata };
  }
  for (const [name, value] of Object.entries(metadata)) {
    const problem = valueProblem(name, value);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/**
 * Metadata as it stands in a store. A value that is not what its type says (an older moraine recorded what it was
 * given) is given as `json`, so that readers can rely on the types.
 */
export function storedMetadata(plain: unknown): Metadata {
  if (metadataProblem(plain) === undefined) return plain as Metadata;
  if (!isRecord(plain)) return {};
  return Object.fromEntries(
    Object.entries(plain).map(([name, value]) => [
      name,
      valueProblem(name, value) === undefined
        ? (value as MetadataValue)
        : { type: "json", value: isRecord(value) && "value" in value ? value["value"] : value },
    ]),
  );
}

function valueProblem(name: string, value: unknown): MetadataProblem | undefined {
  const fields = isRecord(value) ? fieldsOf(value["type"]) : undefined;
  if (!isRecord(value) || fields === undefined) {
    const types = Object.keys(fieldsByType).join(", ");
    return { path: `metadata.${name}`, expected: `{ type: one of ${types}, ... }`, got: value };
  }
  for (const [field, kind] of Object.entries(fields)) {
    const { is, name: expected } = kinds[kind];
    if (!is(value[field])) return { path: `metadata.${name}.${field}`, expected, got: value[field] };
  }
  return undefined;
}

function fieldsOf(type: unknown): Readonly<Record<string, FieldKind>> | undefined {
  if (typeof type !== "string" || !Object.hasOwn(fieldsByType, type)) return undefined;
  return fieldsByType[type as MetadataValue["type"]];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
