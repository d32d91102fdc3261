// Bundles the framework's inside for measurements and imports it.
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { cacheDir, root } from "./places.mjs";

const folder = join(cacheDir, "engine");

/** What {@link importEngine} imports; call it once before children do. */
export async function buildEngine() {
  // What measured processes import must not load the bundler.
  const { build } = await import("esbuild");
  const { bundleOptions } = await import("../../scripts/bundle-options.mjs");
  await build({
    absWorkingDir: root,
    entryPoints: { engine: "bench/support/engine.ts" },
    outdir: folder,
    ...bundleOptions,
    outExtension: { ".js": ".mjs" },
  });
  rmSync(join(folder, "migrations"), { recursive: true, force: true });
  cpSync(join(root, "framework/store/migrations"), join(folder, "migrations"), { recursive: true });
}

export function importEngine() {
  return import(pathToFileURL(join(folder, "engine.mjs")).href);
}
