import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { openEmbeddedLakehouse } from "../../framework/lakehouse/duckdb/embedded-lakehouse.ts";
import { materialize } from "../../framework/materializer/materialize.ts";
import { openStore } from "../../framework/store/open-store.ts";
import { runRequest } from "../support/run-request.ts";
import { type AppendingShape, appendingProject, keyAt } from "./appending-project.ts";

/*
 * One run over an appending project, as a command would do it; says on stdout, a line each, when a commit begins and is
 * done, when a table goes back or a draft becomes one, and each event's type with its asset. Ends with `done <status>`.
 *   run-process <folder> <extensions> <shape and what to do, as JSON>
 */
export interface RunOrder extends AppendingShape {
  readonly forced?: readonly number[];
  /** @default all */
  readonly selected?: readonly number[];
  readonly workers: number;
  /** Whether no commit begins before there is a file `go` in the folder. */
  readonly waits?: boolean;
  /** A line after which nothing more happens, so that a kill then is a kill there. @default none */
  readonly stopAt?: string;
}

const [, , folder = "", extensions = "", order = "{}"] = process.argv;
const { forced = [], selected, workers, waits = false, stopAt, ...shape } = JSON.parse(order) as RunOrder;
const go = async () => {
  if (!waits) return;
  while (!existsSync(join(folder, "go"))) await setTimeout(5);
};
const tell = (text: string) => {
  process.stdout.write(`${text}\n`);
  if (text === stopAt) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};

const stateDir = join(folder, "state");
await mkdir(stateDir, { recursive: true });
const lakehouse = openEmbeddedLakehouse({
  dir: join(folder, "lake"),
  extensionDirectory: async () => extensions,
});
const restore = lakehouse.restore.bind(lakehouse);
lakehouse.restore = async (key, change) => {
  tell(`restore ${key}`);
  await restore(key, change);
  tell(`restored ${key}`);
};
const begin = lakehouse.draft.bind(lakehouse);
lakehouse.draft = async (key, signal) => {
  const draft = await begin(key, signal);
  const publish = async () => {
    tell(`publish ${key}`);
    await draft.publish();
    tell(`published ${key}`);
  };
  return { ...draft, publish };
};
const store = openStore({ path: join(folder, "moraine.db"), target: "local" });
const request = runRequest(
  { assets: appendingProject(shape, { tell, go }) },
  { store, lakehouse, folder: stateDir },
);
const { status } = await materialize({
  ...request,
  keys: selected?.map(keyAt) ?? request.keys,
  forced: new Set(forced.map(keyAt)),
  workers,
  onEvent: (event) =>
    tell(`${event.type} ${"key" in event ? event.key : ""}${"outcome" in event ? ` ${event.outcome}` : ""}`),
});
await lakehouse.close();
store.close();
tell(`done ${status}`);
