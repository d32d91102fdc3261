import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, extname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import type { BuildFailure, Loader, Message, Metafile, Plugin } from "esbuild";
import { DefinitionError, type DefinitionProblem } from "../../definition/problem.ts";
import { hashJson } from "../../util/hash.ts";
import { writeAtomically } from "../../util/write-atomically.ts";
import { makeStateDir, type ProjectPaths } from "./find-project.ts";
import { undoAfterWrongUsage } from "./undo-wrong-usage.ts";

/** What a compiled project was made from; it holds while all of it is unchanged. */
interface Manifest {
  /** Compiled file by source file, absolute. */
  readonly outputs: Readonly<Record<string, string>>;
  /** `mtime:size` of every source file that went in. */
  readonly inputs: Readonly<Record<string, string>>;
}

/**
 * Compiles TypeScript entries of a project into modules that Node can import, shared code once, and keeps the result
 * under `.moraine/cache`: a second call with nothing changed does not load the compiler.
 *
 * @returns the compiled file of each entry, in order
 * @throws DefinitionError with file, line and column of every syntax error and unresolved import
 */
export async function compileProject(
  paths: ProjectPaths,
  entries: readonly string[],
): Promise<readonly string[]> {
  const cacheDir = join(paths.stateDir, "cache", "project");
  const manifestFile = join(cacheDir, `${hashJson([publicApi, ...entries]).slice(0, 16)}.json`);
  const known = readManifest(manifestFile);
  const manifest = known !== undefined && isCurrent(known) ? known : await compile(paths, entries, cacheDir);
  if (manifest !== known) writeAtomically(manifestFile, JSON.stringify(manifest));
  return entries.map((entry) => {
    const output = manifest.outputs[entry];
    if (output === undefined) throw new Error(`Internal error: expected a compiled file for ${entry}`);
    return output;
  });
}

/** The running moraine itself: a project's `import ... from "moraine"` must meet the same classes. */
const publicApi = new URL("./index.js", import.meta.url).href;

function readManifest(file: string): Manifest | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Manifest) : undefined;
}

function isCurrent(manifest: Manifest): boolean {
  return (
    Object.entries(manifest.inputs).every(([file, stamp]) => stampOf(file) === stamp) &&
    Object.values(manifest.outputs).every((file) => existsSync(file))
  );
}

function stampOf(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.mtimeMs}:${stat.size}`;
}

async function compile(paths: ProjectPaths, entries: readonly string[], cacheDir: string): Promise<Manifest> {
  const { build } = await import("esbuild");
  const outdir = join(cacheDir, `${ownBuilds}${Date.now().toString(36)}`);
  if (makeStateDir(paths.stateDir)) undoAfterWrongUsage(() => leaveNothing(cacheDir));
  // The compiler's own message for a folder that can't be made would pass for a wrong definition.
  mkdirSync(outdir, { recursive: true });
  let metafile: Metafile;
  try {
    ({ metafile } = await build({
      absWorkingDir: paths.projectDir,
      entryPoints: entries.map((entry, index) => ({ in: entry, out: `entry-${index}` })),
      outdir,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "node22.14",
      packages: "external",
      sourcemap: "inline",
      metafile: true,
      logLevel: "silent",
      plugins: [moraineItself, ownUrls],
    }));
  } catch (error) {
    throw new DefinitionError((error as BuildFailure).errors.map(problemOf));
  }
  const inputs = Object.keys(metafile.inputs).map((file) => join(paths.projectDir, file));
  const outputs = Object.entries(metafile.outputs).flatMap(([file, { entryPoint }]) =>
    entryPoint === undefined
      ? []
      : [[join(paths.projectDir, entryPoint), join(paths.projectDir, file)] as const],
  );
  await removeOldBuilds(cacheDir, outdir);
  return {
    inputs: Object.fromEntries(inputs.map((file) => [file, stampOf(file) ?? ""])),
    outputs: Object.fromEntries(outputs),
  };
}

/** How the builds of this process begin; other processes may be importing theirs. */
const ownBuilds = `build-${process.pid}-`;

/** Removes the builds of this process, and the state folder unless it holds anything else. */
function leaveNothing(cacheDir: string): void {
  for (const name of readdirSync(cacheDir)) {
    const path = join(cacheDir, name);
    const isManifest = name.endsWith(".json");
    if (isManifest ? readFileSync(path, "utf8").includes(ownBuilds) : name.startsWith(ownBuilds))
      rmSync(path, { recursive: true });
  }
  const stateDir = dirname(dirname(cacheDir));
  try {
    for (const folder of [cacheDir, dirname(cacheDir), stateDir]) rmdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOTEMPTY") throw error;
  }
}

/** Another process may be importing the build before this one, so the two newest stay. */
async function removeOldBuilds(cacheDir: string, newest: string): Promise<void> {
  const builds = (await readdir(cacheDir)).filter(
    (name) => name.startsWith("build-") && name !== basename(newest),
  );
  const byAge = builds
    .map((name) => ({
      path: join(cacheDir, name),
      mtimeMs: statSync(join(cacheDir, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
    }))
    .sort((a, b) => b.mtimeMs - a.mtimeMs);
  for (const { path } of byAge.slice(2)) rmSync(path, { recursive: true, force: true });
}

const moraineItself: Plugin = {
  name: "moraine-itself",
  setup(build) {
    build.onResolve({ filter: /^moraine$/ }, () => ({ path: publicApi, external: true }));
  },
};

/** Keeps `import.meta.url` the source file's own, so that `new URL("./dbthub.yml", import.meta.url)` finds it. */
const ownUrls: Plugin = {
  name: "own-urls",
  setup(build) {
    build.onLoad({ filter: /\.[mc]?[jt]sx?$/, namespace: "file" }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const contents = text.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href));
      return { contents, loader: extname(path).replace(/^\.[mc]?/, "") as Loader };
    });
  },
};

function problemOf(message: Message): DefinitionProblem {
  const { location } = message;
  return {
    message: message.text,
    ...(location === null
      ? {}
      : {
          where: `${relative(".", location.file) || location.file}:${location.line}:${location.column + 1}`,
        }),
  };
}
