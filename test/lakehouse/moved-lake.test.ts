import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import Database from "better-sqlite3";
import { beforeEach, describe, expect, it } from "vitest";
import { lakeProject } from "../support/lake-project.ts";
import { Project } from "../support/moraine.ts";
import { temporaryDirectory } from "../support/rig.ts";

const config = `
import { defineAsset, defineConfig, defineTable } from "moraine";
const table = defineTable({ key: "raw/users", columns: { id: "long" } });
const users = defineAsset({
  key: "raw/users",
  table,
  refresh: { everyMs: 0 },
  materialize: ({ lakehouse, signal, projectDir }) =>
    lakehouse.load({ table, files: [{ path: projectDir + "/users.ndjson", format: "ndjson" }], disposition: { type: "append" }, signal }),
});
export default defineConfig({ name: "small", assets: [users] });`;

let folder: string;
let original: Project;

beforeEach(async () => {
  folder = temporaryDirectory();
  const files = { "moraine.config.ts": config, "users.ndjson": '{"id":1}\n' };
  original = await lakeProject(files, join(folder, "original"));
  await original.run("materialize");
}, 300_000);

/** The hash of every file of the lake, by path. */
function filesOf({ directory }: Project): Readonly<Record<string, string>> {
  const lake = join(directory, ".moraine", "lake");
  const files = readdirSync(lake, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const hashOf = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [join(parentPath, name), hashOf(join(parentPath, name))]),
  );
}

/** Every verb that opens the lake is refused by this text, exit code 6. */
async function isRefused(project: Project, text: string): Promise<void> {
  for (const args of [
    ["materialize"],
    ["list"],
    ["query", "SELECT * FROM raw.users"],
    ["lake"],
    ["lake", "serve"],
    ["lake", "optimize"],
    ["lake", "expire", "--older-than", "0d"],
    ["doctor", "--only", "lake"],
  ]) {
    const { code, stdout, stderr } = await project.run(...args);
    expect([args, code, stdout + stderr]).toEqual([args, 6, expect.stringContaining(text)]);
  }
}

const idsOf = async (project: Project) => project.json("query", "SELECT id FROM raw.users ORDER BY id");

/** Makes the lake look like one that was made before lakes recorded their folder. */
function forgetFolder({ directory }: Project): void {
  const catalog = new Database(join(directory, ".moraine", "lake", "catalog.db"));
  catalog.exec("DROP TABLE moraine_lake");
  catalog.close();
}

describe("a copied project", () => {
  it.each(["", "made before lakes recorded their folder"])(
    "opens no lake and leaves the original as it is %s",
    async (kind) => {
      if (kind !== "") forgetFolder(original);
      const copy = new Project({}, join(folder, "copy"));
      cpSync(original.directory, copy.directory, { recursive: true, verbatimSymlinks: true });
      const before = filesOf(original);
      await isRefused(copy, "the lake is a copy: its files name each other by absolute path");
      const { stderr } = await copy.run("materialize");
      expect(stderr).toContain(`expected  ${join(original.directory, ".moraine/lake")}`);
      expect(stderr).toContain(`got       ${join(copy.directory, ".moraine/lake")}`);
      expect(filesOf(original)).toEqual(before);

      rmSync(join(copy.directory, ".moraine/lake"), { recursive: true });
      expect((await copy.run("materialize")).code).toBe(0);
      expect((await copy.run("materialize")).code).toBe(0);
      expect(await idsOf(copy)).toEqual([{ id: 1 }, { id: 1 }]);
      expect(filesOf(original)).toEqual(before);
      expect(await idsOf(original)).toEqual([{ id: 1 }]);
    },
  );
});

describe("a moved project", () => {
  it.each(["", "made before lakes recorded their folder"])(
    "says how its lake opens again %s",
    async (kind) => {
      if (kind !== "") forgetFolder(original);
      const moved = new Project({}, join(folder, "elsewhere", "moved"));
      mkdirSync(dirname(moved.directory), { recursive: true });
      renameSync(original.directory, moved.directory);
      await isRefused(moved, "the lake was moved: its files name each other by absolute path");
      const { stderr } = await moved.run("lake");
      const [, before, after] =
        /next +move it back, or leave a link .*: mkdir -p '(.*)' && ln -s '(.*)'\n?/.exec(stderr) ?? [];
      const [to = "", from = ""] = (after ?? "").split("' '");
      mkdirSync(before ?? "", { recursive: true });
      symlinkSync(to, from);
      expect(await idsOf(moved)).toEqual([{ id: 1 }]);
      expect((await moved.run("materialize")).code).toBe(0);
      expect((await moved.run("lake", "optimize")).code).toBe(0);
      expect((await moved.run("lake", "expire", "--older-than", "0d")).code).toBe(0);
      expect(await idsOf(moved)).toEqual([{ id: 1 }, { id: 1 }]);
    },
  );
});

describe("a project that is reached by a link", () => {
  it("is the same lake, whichever name came first", async () => {
    const link = join(folder, "link");
    symlinkSync(original.directory, link);
    expect((await original.run("materialize", "-C", link)).code).toBe(0);
    expect((await original.run("lake", "optimize", "-C", link)).code).toBe(0);
    expect((await original.run("lake", "expire", "--older-than", "0d", "-C", link)).code).toBe(0);
    expect(await idsOf(original)).toEqual([{ id: 1 }, { id: 1 }]);

    rmSync(join(original.directory, ".moraine/lake"), { recursive: true });
    expect((await original.run("materialize", "-C", link)).code).toBe(0);
    expect((await original.run("materialize")).code).toBe(0);
    expect((await original.run("lake", "expire", "--older-than", "0d")).code).toBe(0);
    expect(await idsOf(original)).toEqual([{ id: 1 }, { id: 1 }]);
  });
});
