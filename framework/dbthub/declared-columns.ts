import type { DeclaredColumns } from "../definition/declared-columns.ts";
import { type Spec, systemColumns } from "./spec.ts";

/** Columns that a `dbthub.yml` fills: its fields', then those of the load itself. */
export function declaredColumns(spec: Spec): DeclaredColumns {
  const fields = Object.entries(spec.fields).map(
    ([field, { column, type }]) => [column, { type, description: undefined, field }] as const,
  );
  const own = Object.entries(systemColumns).map(
    ([column, type]) => [column, { type, description: undefined }] as const,
  );
  return Object.fromEntries([...fields, ...own]);
}
