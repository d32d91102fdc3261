import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { build } from "esbuild";

/** A script of ours in a process of its own. */
export type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Node 20 runs no TypeScript; the bundle lies where bare imports resolve. */
const bundleFolder = new URL("../../node_modules/.cache/moraine-test/", import.meta.url).pathname;

/** Bundles a script beside this file; `run` starts it, `remove` deletes the bundle. */
export async function bundledScript(
  name: string,
): Promise<{ run(...args: readonly string[]): Child; remove(): Promise<void> }> {
  await mkdir(bundleFolder, { recursive: true });
  const outfile = join(bundleFolder, `${name}-${process.pid}.mjs`);
  await build({
    entryPoints: [new URL(`./${name}.ts`, import.meta.url).pathname],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "error",
  });
  return {
    run: (...args) => spawn(process.execPath, [outfile, ...args], { stdio: ["ignore", "pipe", "pipe"] }),
    remove: () => rm(outfile, { force: true }),
  };
}

/** Waits for a process to end; gives what it printed, and throws when it failed. */
export async function finished(child: ChildProcessByStdio<null, Readable, Readable>): Promise<string> {
  let out = "";
  let complaints = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`process ended with ${code}: ${complaints}`);
  return out;
}
