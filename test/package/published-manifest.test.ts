import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const repository = resolve(import.meta.dirname, "../..");

/** A checkout of one bundle that imports what `imports` names, and of public types that import `types`. */
function checkout(imports: readonly string[], types: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "moraine-manifest-"));
  cpSync(join(repository, "scripts"), join(folder, "scripts"), { recursive: true });
  mkdirSync(join(folder, "dist/types/framework"), { recursive: true });
  const original = JSON.stringify({
    name: "moraine",
    files: ["dist"],
    scripts: { prepare: "build" },
    dependencies: { bundled: "^1.0.0", native: "^2.0.0", typed: "^3.0.0" },
    devDependencies: { tool: "^4.0.0" },
  });
  writeFileSync(join(folder, "package.json"), original);
  const found = imports.map((path) => ({ path, external: true }));
  writeFileSync(
    join(folder, "dist/metafile.json"),
    JSON.stringify({ outputs: { "dist/index.js": { imports: found, inputs: {} } } }),
  );
  writeFileSync(join(folder, "dist/index.js"), "");
  writeFileSync(
    join(folder, "dist/types/framework/index.d.ts"),
    types.map((name) => `export type * from "${name}";\n`).join(""),
  );
  return {
    folder,
    original,
    run: (verb: string) =>
      spawnSync(process.execPath, ["scripts/published-manifest.mjs", verb], {
        cwd: folder,
        encoding: "utf8",
      }),
    manifest: () => readFileSync(join(folder, "package.json"), "utf8"),
  };
}

describe("the published manifest", () => {
  it("names the packages that the bundle and the public types import, and no others", () => {
    const { run, manifest } = checkout(["native/binding", "node:fs", "path"], ["typed"]);
    expect(run("write").stderr).toBe("");
    expect(JSON.parse(manifest())).toEqual({
      name: "moraine",
      files: ["dist"],
      dependencies: { native: "^2.0.0", typed: "^3.0.0" },
    });
  });

  it("is refused when package.json does not name what the bundle imports", () => {
    const { run, manifest, original } = checkout(["stranger"], []);
    expect(run("write").stderr).toContain("dist/ imports stranger, which package.json does not name");
    expect(manifest()).toBe(original);
  });

  it("leaves chunks of earlier builds out", () => {
    const { run, manifest, folder } = checkout([], []);
    writeFileSync(join(folder, "dist/chunk-OLD.js"), "");
    run("write");
    expect(JSON.parse(manifest())).toMatchObject({ files: ["dist", "!dist/chunk-OLD.js"] });
  });

  it("gives way to the checkout's own when a pack was killed, however often", () => {
    const { run, manifest, original } = checkout(["native"], []);
    run("write");
    run("write");
    expect(manifest()).not.toBe(original);
    run("restore");
    expect(manifest()).toBe(original);
    run("restore");
    expect(manifest()).toBe(original);
  });
});
