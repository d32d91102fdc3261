import { pathToFileURL } from "node:url";
import { join } from "node:path";
import type { AssetKey } from "../../definition/asset-key.ts";
import type { AthenaLakehouse, LakehouseConfig } from "../../definition/config.ts";
import { unreachable } from "../../util/unreachable.ts";

/** What a dataset is called, and what else the same table is called. */
export interface DatasetName {
  readonly namespace: string;
  readonly name: string;
  readonly symlinks: readonly {
    readonly namespace: string;
    readonly name: string;
    readonly type: "TABLE" | "LOCATION";
  }[];
}

/** Names an asset's table. */
export type NameDataset = (key: AssetKey) => DatasetName;

/**
 * Names tables as OpenLineage's naming conventions want it, https://openlineage.io/docs/spec/naming, so that other
 * producers (Spark, Athena's, dbt's) name them the same: a local lake's by their folders, Athena's by region and catalog.
 * For a REST catalog, whose tables may be anywhere, the conventions say nothing: its address and the table's name in it.
 *
 * @param place `projectDir`: absolute; `region`: AWS region that requests go to, where the lake is Athena's
 */
export function datasetNames(
  lakehouse: LakehouseConfig,
  place: { readonly projectDir: string; readonly region: string },
): NameDataset {
  switch (lakehouse.type) {
    case "embedded": {
      const dir = join(place.projectDir, lakehouse.dir ?? ".moraine/lake");
      const catalog = pathToFileURL(dir).href;
      return (key) => ({
        namespace: "file",
        name: join(dir, key),
        symlinks: [{ namespace: catalog, name: dotted(key), type: "TABLE" }],
      });
    }
    case "athena":
      return athenaNames(lakehouse, place.region);
    case "rest": {
      const { uri, warehouse } = lakehouse;
      const prefix = warehouse === undefined ? "" : `${warehouse}.`;
      return (key) => ({ namespace: uri, name: `${prefix}${dotted(key)}`, symlinks: [] });
    }
    default:
      return unreachable(lakehouse);
  }
}

function athenaNames({ location, catalog }: AthenaLakehouse, region: string): NameDataset {
  const [, bucket = "", prefix = ""] = /^(s3:\/\/[^/]+)\/?(.*?)\/*$/.exec(location) ?? [];
  return (key) => ({
    namespace: `awsathena://athena.${region}.amazonaws.com`,
    name: `${catalog ?? "awsdatacatalog"}.${dotted(key)}`,
    symlinks: [{ namespace: bucket, name: prefix === "" ? key : `${prefix}/${key}`, type: "LOCATION" }],
  });
}

/** `sf_raw/sf_user` -> `sf_raw.sf_user`. */
export function dotted(key: string): string {
  return key.replace("/", ".");
}
