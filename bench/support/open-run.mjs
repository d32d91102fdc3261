import { join } from "node:path";

/** A project in a folder: its graph, its store on disk, and runs of all of it. */
export function openRun(engine, { folder, assets }) {
  const store = engine.openStore({ path: join(folder, "moraine.db"), target: "local" });
  const lakehouse = engine.openEmbeddedLakehouse({
    dir: join(folder, "lake"),
    extensionDirectory: () => Promise.reject(new Error("not needed here")),
  });
  const request = engine.runRequest({ assets }, { store, lakehouse, folder });
  return { graph: request.graph, store, lakehouse, materialize: () => engine.materialize(request) };
}
