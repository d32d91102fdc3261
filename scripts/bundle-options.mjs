import { readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Takes the ES modules of AWS packages that name them by `module` alone. With `platform: "node"` esbuild takes `main`,
 * which is CommonJS: of that nothing can be left out.
 *
 * @type {import("esbuild").Plugin}
 */
const awsModules = {
  name: "aws-modules",
  setup(build) {
    build.onResolve(
      { filter: /^@(?:aws-sdk|smithy)\/[^/]+$/ },
      async ({ path, resolveDir, kind, pluginData }) => {
        if (pluginData === "resolved" || kind === "require-call") return undefined;
        const manifestFile = await build.resolve(`${path}/package.json`, {
          kind,
          resolveDir,
          pluginData: "resolved",
        });
        if (manifestFile.path === "") return undefined;
        const { module, exports, sideEffects } = JSON.parse(await readFile(manifestFile.path, "utf8"));
        if (exports !== undefined || module === undefined) return undefined;
        return { path: join(manifestFile.path, "..", module), sideEffects: sideEffects !== false };
      },
    );
  },
};

/**
 * What jsforce loads and no request of ours reaches: its transport with an undici of its own, readers and writers of XML,
 * CSV and forms, what browsers need, the registry of its command line. They take 84 of its 98 ms (docs/salesforce.md).
 */
const partsLeftOut = /^(\.\/request|\.\/registry|\.\/browser\/\w+|\.\/csv|xml2js|form-data)$/;

/** Leaves those parts of jsforce out of the bundle. */
const jsforceInPart = {
  name: "jsforce-in-part",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: partsLeftOut }, ({ path, importer }) =>
      /\/jsforce\/lib\/[^/]+\.js$/.test(importer) ? { path, namespace: "left-out" } : undefined,
    );
    // Called as jsforce loads, with the proxy that its own transport would take.
    onLoad({ filter: /./, namespace: "left-out" }, () => ({ contents: "exports.setDefaults = () => {};" }));
  },
};

/** How our code is bundled: for `dist/`, and for measurements. */
export const bundleOptions = {
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22.14",
  jsx: "automatic",
  // Beside the files and not named in them: a project's own modules are mapped as they load, and every chunk loaded after
  // them would have its map read and parsed as well. Nobody needs them to run moraine, so no package holds them.
  sourcemap: "external",
  minifySyntax: true,
  minifyWhitespace: true,
  define: { "process.env.NODE_ENV": '"production"' },
  // Programs and native modules stay in node_modules. The rest starts several times faster in the bundle: Node looks for no
  // file, and what a package has and we never call is left out. The published manifest names what the bundle then imports.
  external: ["@duckdb/node-bindings", "better-sqlite3", "esbuild", "react-devtools-core"],
  plugins: [awsModules, jsforceInPart],
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  metafile: true,
  logLevel: "warning",
};
