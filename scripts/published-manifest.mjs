// package.json of the checkout names what the sources import; most of that is inside dist/ when moraine is published. While
// `npm pack` packs, package.json is the published one, with the few packages that dist/ itself imports.
//   write    replaces package.json (prepack)
//   restore  puts the checkout's own back (postpack; the next build as well, after a pack that was killed)
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { publicTypes } from "./public-types.mjs";

const root = new URL("../", import.meta.url);
const manifestFile = new URL("package.json", root);
const keptFile = new URL("dist/checkout-package.json", root);

/** Imported by a bundled package under a condition that never holds in the bundle. */
const neverLoaded = new Set(["react-devtools-core"]);

/** Puts the checkout's package.json back where a pack has left the published one. */
export function restoreManifest() {
  if (existsSync(keptFile)) renameSync(keptFile, manifestFile);
}

function writeManifest() {
  restoreManifest();
  const text = readFileSync(manifestFile, "utf8");
  writeFileSync(keptFile, text);
  writeFileSync(manifestFile, `${JSON.stringify(published(JSON.parse(text)), undefined, 2)}\n`);
}

function published(manifest) {
  const { dependencies, files } = manifest;
  const { outputs } = JSON.parse(readFileSync(new URL("dist/metafile.json", root), "utf8"));
  const needed = [...new Set([...importsOf(outputs), ...publicTypes().packages])].toSorted((a, b) =>
    a < b ? -1 : 1,
  );
  const unknown = needed.filter((name) => dependencies[name] === undefined);
  if (unknown.length > 0)
    throw new Error(`dist/ imports ${unknown.join(", ")}, which package.json does not name`);
  return {
    ...manifest,
    scripts: undefined,
    devDependencies: undefined,
    allowScripts: undefined,
    files: [...files, ...chunksOfEarlierBuilds(outputs).map((name) => `!dist/${name}`)],
    dependencies: Object.fromEntries(needed.map((name) => [name, dependencies[name]])),
  };
}

/** The build keeps those that a running process may still load. */
function chunksOfEarlierBuilds(outputs) {
  const names = readdirSync(new URL("dist/", root)).filter((name) => name.endsWith(".js"));
  return names.filter((name) => outputs[`dist/${name}`] === undefined);
}

function importsOf(outputs) {
  return Object.values(outputs)
    .flatMap(({ imports }) => imports)
    .filter(({ external, path }) => external === true && !isBuiltin(path) && !neverLoaded.has(path))
    .map(({ path }) => /^(?:@[^/]+\/)?[^/]+/.exec(path)[0]);
}

const [, script, verb] = process.argv;
if (script === new URL(import.meta.url).pathname) {
  if (verb === "write") writeManifest();
  else restoreManifest();
}
