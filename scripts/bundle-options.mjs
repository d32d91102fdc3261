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
  plugins: [awsModules],
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  metafile: true,
  logLevel: "warning",
};
