import { dbthub } from "moraine";
import { sfUserRaw } from "./tables.ts";

/** Salesforce users as they change, landed by dbtHub. */
export const sfUser = dbthub({ file: new URL("./dbthub.yml", import.meta.url), table: sfUserRaw });
