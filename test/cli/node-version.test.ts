import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { transform } from "esbuild";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../support/rig.ts";
import { unsupportedNode } from "../../framework/util/node-version.ts";

const repository = resolve(import.meta.dirname, "../..");
const packageJson = JSON.parse(readFileSync(resolve(repository, "package.json"), "utf8")) as {
  readonly engines: { readonly node: string };
};

/** Runs the command line on this Node.js, which says that it is another version. */
function runAs(version: string, ...args: readonly string[]) {
  const pretend = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`;
  return spawnSync(
    process.execPath,
    [
      "--import",
      `data:text/javascript,${encodeURIComponent(pretend)}`,
      resolve(repository, "dist/moraine.js"),
      ...args,
    ],
    { cwd: temporaryDirectory(), encoding: "utf8" },
  );
}

describe("an unsupported Node.js", () => {
  it.each(["18.20.8", "20.20.2", "22.13.1"])("%s is refused in one line, with exit code 2", (version) => {
    const { status, stdout, stderr } = runAs(version, "list");
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^moraine needs Node\.js 22\.14 or newer, and this is Node\.js [\d.]+: .+\n$/);
    expect(stderr).toContain(`Node.js ${version}:`);
  });

  it("is told from a supported one by number, not by text", () => {
    const answer = (found: string) => unsupportedNode(packageJson.engines.node, found);
    for (const found of ["22.14.0", "22.100.0", "24.0.0", "100.1.0"]) expect(answer(found)).toBeUndefined();
    for (const found of ["22.2.0", "8.99.0", "21.20.0"]) expect(answer(found)).toContain(found);
  });
});

/** Bodies of every form whose output could depend on what the compiler takes the Node.js for. */
const bodies = `export const bodies = [
  async () => await import("x", { with: { type: "json" } }),
  () => { using file = open(); return file.rows; },
  async () => { await using file = open(); },
  () => /[\\p{L}--[a-z]]/v.test(name),
  () => /(?i:a)b|(?<y>c)|(?<y>d)/.test(name),
  () => rows.toSorted().findLast((row) => row.at(-1)) ?? other?.[0],
  class { static #count = 1; static { this.#count = 2; } accessor name = 1; has(x) { return #count in x; } },
  async function* () { for await (const row of rows) yield { ...row, n: row.n ** 2n }; total ??= 1_000; },
];`;

it("a body's code version is that of builds for Node.js 20", async () => {
  const compiled = async (target: string) => (await transform(bodies, { loader: "ts", target })).code;
  const current = /target: "(node[\d.]+)"/.exec(
    readFileSync(resolve(repository, "framework/cli/project/compile-project.ts"), "utf8"),
  )?.[1];
  expect(current).toBe("node22.14");
  expect(await compiled("node22.14")).toBe(await compiled("node20"));
});
