// Bundles the framework into dist/: one entry for the command line, one for the public API, shared chunks between
// them. What is imported lazily becomes a chunk of its own, so that `moraine --version` loads none of it.
import { cp, readdir, rm, stat } from "node:fs/promises";
import { basename } from "node:path";
import { build } from "esbuild";

const root = new URL("../", import.meta.url);
const dist = new URL("dist/", root);

const { metafile } = await build({
  absWorkingDir: root.pathname,
  entryPoints: { moraine: "framework/cli/main.ts", index: "framework/index.ts" },
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  jsx: "automatic",
  // Beside the files and not named in them: a project's own modules are mapped as they load, and every chunk loaded after
  // them would have its map read and parsed as well.
  sourcemap: "external",
  minifySyntax: true,
  minifyWhitespace: true,
  define: { "process.env.NODE_ENV": '"production"' },
  // Native modules and the AWS clients stay in node_modules. The rest starts several times faster in the bundle: Node looks
  // for no file, and what a package has and we never call is left out. package.json names what the bundle then requires
  // itself: DuckDB's bindings.
  external: ["@aws-sdk/*", "@duckdb/node-bindings", "better-sqlite3", "esbuild", "react-devtools-core"],
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  metafile: true,
  logLevel: "warning",
});

// Chunks of earlier builds, but not those that a process started before this build may still be about to load.
const inUseMs = 10 * 60_000;
const written = new Set(Object.keys(metafile.outputs).map((file) => basename(file)));
for (const name of await readdir(dist)) {
  if (!/\.js(\.map)?$/.test(name) || written.has(name)) continue;
  const { mtimeMs } = await stat(new URL(name, dist));
  if (Date.now() - mtimeMs > inUseMs) await rm(new URL(name, dist));
}

// Files that code finds beside itself by import.meta.url.
await cp(new URL("framework/store/migrations", root), new URL("migrations", dist), { recursive: true });
await cp(new URL("framework/dbt/worker.py", root), new URL("worker.py", dist));
await cp(new URL("dbt/requirements.txt", root), new URL("requirements.txt", dist));
await cp(new URL("framework/dbthub/dbthub.schema.json", root), new URL("dbthub.schema.json", dist));
