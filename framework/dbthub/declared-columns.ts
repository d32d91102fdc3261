import type { DeclaredColumns } from "../definition/declared-columns.ts";
import { type Spec, systemColumns } from "./spec.ts";

/** Columns that a `dbthub.yml` fills: its fields', then those of the load itself. */
export function declaredColumns(spec: Spec): DeclaredColumns {
  const fields = Object.values(spec.fields).map(({ column, type }) => [column, type] as const);
  return Object.fromEntries(
    [...fields, ...Object.entries(systemColumns)].map(([name, type]) => [
      name,
      { type, description: undefined },
    ]),
  );
}
