// Bundles the framework into dist/: one entry for the command line, one for the public API, shared chunks between
// them. What is imported lazily becomes a chunk of its own, so that `moraine --version` loads none of it.
import { cp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { build } from "esbuild";
import { bundleOptions } from "./bundle-options.mjs";
import { restoreManifest } from "./published-manifest.mjs";
import { thirdPartyNotices } from "./third-party-notices.mjs";

const root = new URL("../", import.meta.url);
const dist = new URL("dist/", root);

restoreManifest();
const { metafile } = await build({
  absWorkingDir: root.pathname,
  entryPoints: { moraine: "framework/cli/main.ts", index: "framework/index.ts" },
  outdir: "dist",
  ...bundleOptions,
});

await writeFile(new URL("THIRD-PARTY-NOTICES.txt", dist), await thirdPartyNotices(metafile, root.pathname));
// For scripts/published-manifest.mjs: what the bundle imports.
await writeFile(new URL("metafile.json", dist), JSON.stringify(metafile));

// Chunks of earlier builds, but not those that a process started before this build may still be about to load.
const inUseMs = 10 * 60_000;
const written = new Set(Object.keys(metafile.outputs).map((file) => basename(file)));
for (const name of await readdir(dist)) {
  if (!/\.js(\.map)?$/.test(name) || written.has(name)) continue;
  const { mtimeMs } = await stat(new URL(name, dist));
  if (Date.now() - mtimeMs > inUseMs) await rm(new URL(name, dist));
}

// Files that code finds beside itself by import.meta.url.
const migrations = new URL("framework/store/migrations/", root);
await cp(migrations, new URL("migrations", dist), { recursive: true });
// One that was renamed must not run as well.
const named = new Set(await readdir(migrations));
for (const name of await readdir(new URL("migrations/", dist))) {
  if (!named.has(name)) await rm(new URL(`migrations/${name}`, dist));
}
await cp(new URL("framework/dbt/worker.py", root), new URL("worker.py", dist));
await cp(new URL("dbt/requirements.txt", root), new URL("requirements.txt", dist));
await cp(new URL("framework/dbthub/dbthub.schema.json", root), new URL("dbthub.schema.json", dist));
