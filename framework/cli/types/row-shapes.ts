import type { Asset } from "../../definition/asset.ts";
import type { AssetKey } from "../../definition/asset-key.ts";
import { baseTypeOf } from "../../definition/base-type.ts";
import type { LakeColumn, Lakehouse } from "../../lakehouse/lakehouse.ts";

/** One column of a row, with the type that is known best. */
export interface ColumnShape {
  readonly name: string;
  /** In the words of whoever says so; undefined: nobody does. */
  readonly type: string | undefined;
  readonly required: boolean;
  /** `table`: its table definition; `declared`: the file that declares the asset; `lake`: the table as it is there. */
  readonly origin: "table" | "declared" | "lake" | undefined;
  readonly description: string | undefined;
}

/** What a row of an asset is, as far as anybody knows. */
export interface RowShape {
  readonly key: AssetKey;
  readonly description: string | undefined;
  readonly columns: readonly ColumnShape[];
}

/** Row shapes, and columns of which the declaration and the lake say different things. */
export interface RowShapes {
  readonly shapes: readonly RowShape[];
  readonly notes: readonly string[];
}

/** Columns as the lake had them when types were last written, for a machine whose lake does not hold the table. */
export type RememberedColumns = ReadonlyMap<string, readonly LakeColumn[]>;

/**
 * The rows of all assets that are declared outside TypeScript, ordered by key. A column's type is that of the table
 * definition, else what the declaring file says, else what the lake has or had.
 */
export async function readRowShapes(
  assets: readonly Asset[],
  lakehouse: Lakehouse,
  remembered: RememberedColumns,
): Promise<RowShapes> {
  const notes: string[] = [];
  const shapes: RowShape[] = [];
  for (const asset of assets.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    const { key, description, declaredColumns } = asset;
    if (declaredColumns === undefined) continue;
    if (asset.table !== undefined) {
      shapes.push({ key, description, columns: tableColumns(asset.table) });
      continue;
    }
    const inLake = await lakehouse.columns(key);
    const columns = mergeColumns(declaredColumns, inLake ?? remembered.get(key) ?? []);
    shapes.push({ key, description, columns });
    notes.push(...disagreements(key, columns, inLake ?? []));
  }
  return { shapes, notes };
}

function tableColumns({ columns }: NonNullable<Asset["table"]>): readonly ColumnShape[] {
  return Object.entries(columns).map(([name, { type, required = false, description }]) => ({
    name,
    type,
    required,
    origin: "table",
    description,
  }));
}

/**
 * Declared columns in the order of their file, then what else the lake has. A machine whose lake lacks the table must
 * come to the same, so nothing that the file does not remember of the lake decides.
 */
function mergeColumns(
  declared: NonNullable<Asset["declaredColumns"]>,
  inLake: readonly LakeColumn[],
): readonly ColumnShape[] {
  // Engines take names in any case, and a row has the lake's.
  const byName = new Map(inLake.map((column) => [column.name.toLowerCase(), column]));
  const shapes = Object.entries(declared).map(([name, { type, description }]): ColumnShape => {
    const found = byName.get(name.toLowerCase());
    byName.delete(name.toLowerCase());
    if (found !== undefined && (type === undefined || found.name !== name))
      return { ...found, origin: "lake", description };
    return { name, type, required: false, origin: type === undefined ? undefined : "declared", description };
  });
  const others = [...byName.values()].map((column): ColumnShape => ({
    ...column,
    origin: "lake",
    description: undefined,
  }));
  return [...shapes, ...others];
}

function disagreements(
  key: AssetKey,
  columns: readonly ColumnShape[],
  inLake: readonly LakeColumn[],
): readonly string[] {
  const types = new Map(inLake.map(({ name, type }) => [name, type]));
  return columns.flatMap(({ name, type, origin }) => {
    const has = types.get(name);
    if (origin !== "declared" || type === undefined || has === undefined) return [];
    const [said, found] = [baseTypeOf(type), baseTypeOf(has)];
    return said === undefined || said === found
      ? []
      : [`${key}: column ${name} is declared as ${type} and is ${has} in the lake`];
  });
}
