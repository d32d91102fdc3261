import type { Asset } from "../../definition/asset.ts";
import type { AssetKey } from "../../definition/asset-key.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";
import { dotted, type DatasetName, type NameDataset } from "./dataset-names.ts";
import { type Dataset, facet, facets } from "./event.ts";

/** What datasets are described by. */
export interface Catalog {
  readonly graph: AssetGraph;
  readonly nameDataset: NameDataset;
}

/** Undefined: it is no longer defined. */
export function assetOf({ graph }: Pick<Catalog, "graph">, key: AssetKey): Asset | undefined {
  return graph.has(key) ? graph.asset(key) : undefined;
}

/** A table's dataset by its names alone. */
export function bareDataset({ nameDataset }: Catalog, key: AssetKey): Dataset {
  const { namespace, name } = nameDataset(key);
  return { namespace, name };
}

/**
 * A table's dataset with what is known of it.
 *
 * @param state `version`: the one that was read or written. `written`: whether the definition is still that by which it was, without
 * which nothing is said of columns; absent: it was read
 */
export function dataset(
  catalog: Catalog,
  key: AssetKey,
  state: {
    readonly version: string | undefined;
    readonly written?: "as-defined" | "by-another-definition";
  },
): Dataset {
  const { symlinks, ...named } = catalog.nameDataset(key);
  const asset = assetOf(catalog, key);
  const { version, written } = state;
  return {
    ...named,
    facets: facets({
      version:
        version === undefined ? undefined : facet("DatasetVersionDatasetFacet", { datasetVersion: version }),
      storage: facet("StorageDatasetFacet", { storageLayer: "iceberg", fileFormat: "parquet" }),
      symlinks: symlinkFacet(symlinks),
      ...(asset === undefined ? {} : aboutFacets(asset)),
      schema: asset === undefined || written === "by-another-definition" ? undefined : schemaFacet(asset),
      columnLineage: asset === undefined || written !== "as-defined" ? undefined : columnLineageFacet(asset),
    }),
  };
}

function symlinkFacet(identifiers: DatasetName["symlinks"]): object | undefined {
  return identifiers.length === 0 ? undefined : facet("SymlinksDatasetFacet", { identifiers });
}

function aboutFacets({ description, owners }: Asset): Readonly<Record<string, object | undefined>> {
  return {
    documentation:
      description === undefined ? undefined : facet("DocumentationDatasetFacet", { description }),
    ownership:
      owners.length === 0
        ? undefined
        : facet("OwnershipDatasetFacet", { owners: owners.map((name) => ({ name })) }),
  };
}

/** The columns that the table's definition has, else those that a file declares. */
function schemaFacet({ table, declaredColumns = {} }: Asset): object | undefined {
  const columns = Object.entries(table?.columns ?? declaredColumns);
  if (columns.length === 0) return undefined;
  return facet("SchemaDatasetFacet", {
    fields: columns.map(([name, { type, description }], index) => ({
      name,
      type,
      description,
      ordinal_position: index + 1,
    })),
  });
}

/** Where columns come from, where that is certain: a field of the source whose values they hold. */
function columnLineageFacet(asset: Asset): object | undefined {
  const source = sourceDataset(asset);
  const mapped = Object.entries(asset.declaredColumns ?? {}).flatMap(([column, { field }]) =>
    field === undefined ? [] : [[column, field] as const],
  );
  if (source === undefined || mapped.length === 0) return undefined;
  const { namespace, name } = source;
  const transformations = [{ type: "DIRECT", subtype: "IDENTITY" }];
  const fields = mapped.map(
    ([column, field]) => [column, { inputFields: [{ namespace, name, field, transformations }] }] as const,
  );
  return facet("ColumnLineageDatasetFacet", { fields: Object.fromEntries(fields) });
}

/**
 * What an asset reads of a system outside. The conventions know no Salesforce; which org it is, the name of its secret tells.
 */
export function sourceDataset({ connection }: Asset): Dataset | undefined {
  if (connection === undefined) return undefined;
  const { system, secret, object } = connection;
  return { namespace: `${system}://${secret}`, name: object };
}

/** The job that makes an asset. */
export function assetJobName(project: string, key: AssetKey): string {
  return `${project}.${dotted(key)}`;
}
