// Bundles the framework into dist/: one entry for the command line, one for the public API, shared chunks between
// them. What is imported lazily becomes a chunk of its own, so that `moraine --version` loads none of it.
import { cp, rm } from "node:fs/promises";
import { build } from "esbuild";

const root = new URL("../", import.meta.url);
const dist = new URL("dist/", root);

await rm(new URL("types", dist), { recursive: true, force: true });
await build({
  absWorkingDir: root.pathname,
  entryPoints: { moraine: "framework/cli/main.ts", index: "framework/index.ts" },
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  jsx: "automatic",
  sourcemap: true,
  minifySyntax: true,
  define: { "process.env.NODE_ENV": '"production"' },
  // Native modules and large clients stay in node_modules; Ink and React start four times faster in the bundle.
  external: ["@aws-sdk/*", "@duckdb/node-api", "better-sqlite3", "esbuild", "jsforce", "react-devtools-core"],
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  logLevel: "warning",
});

// Files that code finds beside itself by import.meta.url.
await cp(new URL("framework/store/migrations", root), new URL("migrations", dist), { recursive: true });
await cp(new URL("framework/dbt/worker.py", root), new URL("worker.py", dist));
