import { assetRef, dbthub, defineUpkeep } from "moraine";
import { sfUserRaw } from "./tables.ts";

/** Salesforce users as they change, landed by dbtHub. */
export const sfUser = dbthub({ file: new URL("./dbthub.yml", import.meta.url), table: sfUserRaw });

/** Keeps the log and the dimension in few files and a week or two of snapshots. */
export const upkeep = defineUpkeep({ of: [sfUser, assetRef("sf_curated/dim_sf_user_scd")] });
