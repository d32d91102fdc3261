// One materialization in a process of its own, which kills itself at the `dieAt`-th step: every call to the org, to the
// lake (before and after) and every piece of progress is a step.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sfUserRaw } from "../../../assets/sf_user/tables.ts";
import type { MaterializeContext } from "../../../framework/definition/context.ts";
import { dbthub } from "../../../framework/dbthub/dbthub.ts";
import { openEmbeddedLakehouse } from "../../../framework/lakehouse/duckdb/embedded-lakehouse.ts";
import type { Lakehouse } from "../../../framework/lakehouse/lakehouse.ts";
import type { Secret } from "../../../framework/secrets/secret-provider.ts";
import type { Json } from "../../../framework/util/hash.ts";

interface Order {
  readonly dir: string;
  readonly yaml: string;
  readonly extensions: string;
  readonly credentials: Secret;
  readonly dieAt: number;
}

const order = JSON.parse(process.env["ORDER"] ?? "") as Order;
let steps = 0;
function step(): void {
  steps += 1;
  if (steps === order.dieAt) process.kill(process.pid, "SIGKILL");
}

const plainFetch = globalThis.fetch;
globalThis.fetch = async (...args) => {
  step();
  return plainFetch(...args);
};

function stepping(lake: Lakehouse): Lakehouse {
  return new Proxy(lake, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function" || name === "tableName") {
        return typeof member === "function" ? (member.bind(target) as unknown) : member;
      }
      return async (...args: unknown[]) => {
        step();
        const result: unknown = await (Reflect.apply(member, target, args) as Promise<unknown>);
        step();
        return result;
      };
    },
  });
}

const lake = openEmbeddedLakehouse({
  dir: join(order.dir, "lake"),
  extensionDirectory: async () => order.extensions,
});
const asset = dbthub({ file: order.yaml, table: sfUserRaw });
if (asset.source.type !== "body") throw new Error("expected a body");
const cursorFile = join(order.dir, "cursor.json");
const lakehouse = stepping(lake);
await lakehouse.ensureTable(sfUserRaw);
const context: MaterializeContext = {
  runId: "run-1",
  projectDir: order.dir,
  stateDir: order.dir,
  target: "local",
  lakehouse,
  resources: { secrets: { name: "order", get: async () => order.credentials } },
  signal: new AbortController().signal,
  log: step,
  key: asset.key,
  partition: undefined,
  inputs: {},
  attempt: 1,
  forced: false,
  lastMaterialization: undefined,
  cursor: existsSync(cursorFile) ? (JSON.parse(readFileSync(cursorFile, "utf8")) as Json) : undefined,
  progress: step,
  announceChange: step,
  reportCheck: step,
};
const result = await asset.source.materialize(context);
step();
writeFileSync(`${cursorFile}.part`, JSON.stringify(result?.cursor));
renameSync(`${cursorFile}.part`, cursorFile);
await lake.close();
process.stdout.write(String(steps));
