import { join } from "node:path";

/** A project in a folder: its graph, its store on disk, and runs of all of it. */
export function openRun(engine, { folder, assets }) {
  const graph = engine.buildGraph({ assets, checks: [], problems: [] });
  const store = engine.openStore({ path: join(folder, "moraine.db"), target: "local" });
  const lakehouse = engine.openEmbeddedLakehouse({
    dir: join(folder, "lake"),
    extensionDirectory: () => Promise.reject(new Error("not needed here")),
  });
  const materialize = () =>
    engine.materialize({
      graph,
      keys: graph.keys,
      forced: new Set(),
      selection: "",
      trigger: "cli",
      store,
      lakehouse,
      resources: {},
      projectDir: folder,
      stateDir: folder,
      workers: 4,
      pools: {},
      failFast: false,
      signal: new AbortController().signal,
      clock: engine.systemClock,
      redact: (text) => text,
      onEvent: () => {},
    });
  return { graph, store, lakehouse, materialize };
}
