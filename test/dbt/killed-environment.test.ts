import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ensurePythonEnvironment } from "../../framework/dbt/python-environment.ts";
import { temporaryFolder, writeSmallLock } from "./lock-files.ts";

// Node 20 runs no TypeScript: the process that is killed runs a bundle.
const bundles = fileURLToPath(new URL("../../node_modules/.cache/moraine-test/", import.meta.url));
const bundle = join(bundles, `make-environment-${process.pid}.mjs`);
const script = `
import { ensurePythonEnvironment } from "./framework/dbt/python-environment.ts";
const [stateDir, requirementsFile] = process.argv.slice(2);
await ensurePythonEnvironment({ stateDir, requirementsFile, onProgress: ({ message }) => console.log(message) });
`;

beforeAll(async () => {
  mkdirSync(bundles, { recursive: true });
  await build({
    stdin: { contents: script, resolveDir: fileURLToPath(new URL("../../", import.meta.url)), loader: "ts" },
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });
});
afterAll(() => rmSync(bundle, { force: true }));

it.each([1, 2, 3])(
  "killed at step %i, making it leaves no half environment, and the next one makes it whole",
  async (step) => {
    const stateDir = temporaryFolder();
    const requirementsFile = writeSmallLock(stateDir);
    const child = spawn(process.execPath, [bundle, stateDir, requirementsFile], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let lines = 0;
    createInterface({ input: child.stdout }).on("line", () => {
      lines += 1;
      if (lines === step) child.kill("SIGKILL");
    });
    await once(child, "close");
    expect(child.signalCode).toBe("SIGKILL");
    expect(existsSync(join(stateDir, "venv"))).toBe(false);
    expect(readdirSync(stateDir)).toContain("venv.lock");

    const { python } = await ensurePythonEnvironment({ stateDir, requirementsFile });
    expect(existsSync(python)).toBe(true);
    expect(readdirSync(stateDir)).not.toContain("venv.lock");
  },
);
