import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Readable } from "node:stream";
import { build } from "esbuild";
import { onTestFinished } from "vitest";

/** A script of ours in a process of its own. */
export type Child = ChildProcessByStdio<null, Readable, Readable>;

const root = new URL("../../", import.meta.url).pathname;

/**
 * Bundles a script, which Node 20 can't run as it is; `remove` deletes the bundle.
 *
 * @param path from the tests' folder, e.g. `store/hammer-process`
 */
export async function bundledScript(path: string) {
  const name = basename(path);
  // Inside the project, where bare imports resolve; the migrations lie beside the bundle, as in dist/.
  const folder = join(root, "node_modules/.cache/moraine-test", `${name}-${process.pid}`);
  await mkdir(folder, { recursive: true });
  await cp(join(root, "framework/store/migrations"), join(folder, "migrations"), { recursive: true });
  const file = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [join(root, "test", `${path}.ts`)],
    outfile: file,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "error",
  });
  return {
    file,
    run: (...args: readonly string[]): Child => started(process.execPath, [file, ...args]),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Starts a program; it is killed with the test, should it still run. */
export function started(program: string, args: readonly string[]): Child {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** Waits for a process to end; gives what it printed, and throws with its complaints when it failed. */
export async function finished(child: Child): Promise<string> {
  let [out, complaints] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`process ended with ${code}: ${complaints}`);
  return out;
}
