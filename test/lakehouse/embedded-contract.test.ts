import { lakehouseContract } from "./contract.ts";
import { lakeRig } from "./support.ts";

lakehouseContract("embedded", lakeRig);
