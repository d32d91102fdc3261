import { baseTypeOf } from "../definition/base-type.ts";
import type { DeclaredColumns } from "../definition/declared-columns.ts";
import type { DefinitionProblem } from "../definition/problem.ts";
import type { TableDefinition } from "../definition/table.ts";
import type { DbtColumns } from "./dbt-manifest.ts";

/** Columns as a dbt YAML names them. `types`: those that a seed's `column_types` gives. */
export function declaredColumns(columns: DbtColumns, types: unknown = {}): DeclaredColumns {
  const given = types as Readonly<Record<string, unknown>>;
  const named = Object.entries(columns).map(([name, { description, dataType }]) => {
    const type = dataType ?? given[name];
    const text = description.trim();
    return [
      name,
      {
        type: typeof type === "string" ? type : undefined,
        description: text === "" ? undefined : text,
      },
    ] as const;
  });
  const unnamed = Object.entries(given).flatMap(([name, type]) =>
    name in columns || typeof type !== "string" ? [] : [[name, { type, description: undefined }] as const],
  );
  return Object.fromEntries([...named, ...unnamed]);
}

/** Where a model's YAML and its table definition name another type for one column. */
export function typeContradictions(
  columns: DeclaredColumns,
  table: TableDefinition,
  where: string,
): readonly DefinitionProblem[] {
  return Object.entries(columns).flatMap(([name, { type = "" }]) => {
    const defined = table.columns[name];
    const said = baseTypeOf(type);
    if (defined === undefined || said === undefined || said === baseTypeOf(defined.type)) return [];
    return {
      message: `${table.key}: column ${name} is ${type} in dbt and ${defined.type} in its table definition`,
      where,
      next: "correct `data_type`, or the definition in `tables` of dbtProject()",
    };
  });
}
