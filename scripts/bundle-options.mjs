/** How our code is bundled: for `dist/`, and for measurements. */
export const bundleOptions = {
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22.14",
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
};
