import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Project } from "../support/moraine.ts";
import { shippedProject } from "../support/shipped-project.ts";

const committed = resolve(import.meta.dirname, "../../moraine.types.ts");

describe("moraine types in the shipped project", () => {
  let project: Project;
  let file: string;
  beforeAll(async () => {
    project = await shippedProject(mkdtempSync(join(tmpdir(), "moraine-types-")));
    file = join(project.directory, "moraine.types.ts");
    cpSync(committed, file);
  });
  afterAll(() => rmSync(project.directory, { recursive: true, force: true }));

  const text = () => readFileSync(file, "utf8");

  it("finds the committed file up to date, with the tables in the lake and without", async () => {
    expect(await project.run("types", "--check")).toEqual({
      code: 0,
      stdout: "moraine.types.ts: rows of 3 assets; nothing has changed\n",
      stderr: expect.any(String) as string,
    });
    expect((await project.run("demo", "--users", "50", "--json")).code).toBe(0);
    const { code, stderr } = await project.run("types", "--check");
    expect([code, stderr]).toEqual([0, ""]);
  }, 240_000);

  it("exits with 3 and writes nothing when the file differs, and says where", async () => {
    const right = text();
    const wrong = right.replace("readonly is_deleted: boolean | null;", "readonly is_removed: string;");
    writeFileSync(file, wrong);
    const { code, stdout, stderr } = await project.run("types", "--check");
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toBe(
      [
        "moraine.types.ts is not what the project declares (2 lines)",
        "  - readonly is_removed: string;",
        "  + readonly is_deleted: boolean | null;",
        "  next      moraine types",
        "",
      ].join("\n"),
    );
    expect(text()).toBe(wrong);
    expect((await project.run("types")).stdout).toBe("moraine.types.ts: rows of 3 assets\n");
    expect(text()).toBe(right);
  });

  it("writes the same file anew where the lake has the tables", async () => {
    const right = text();
    rmSync(file);
    const { code, stderr } = await project.run("types", "--check");
    expect([code, stderr]).toEqual([3, "there is no moraine.types.ts yet\n  next      moraine types\n"]);
    expect(existsSync(file)).toBe(false);
    expect((await project.run("types")).code).toBe(0);
    expect(text()).toBe(right);
  });

  it("writes columns that nobody gives a type as unknown, where the lake has no tables", async () => {
    const [lake, away] = [".moraine/lake", ".moraine/away"].map((path) => join(project.directory, path));
    renameSync(lake ?? "", away ?? "");
    const staging = join(project.directory, "dbt/models/staging/stg_sf_user.yml");
    const typed = readFileSync(staging, "utf8");
    const untyped = typed
      .replace("enforced: true", "enforced: false")
      .replace("        data_type: bigint\n", "");
    writeFileSync(staging, untyped);
    try {
      const other = join(project.directory, "other.types.ts");
      const { code, stdout } = await project.run("types", "--out", "other.types.ts");
      expect([code, stdout]).toEqual([0, "other.types.ts: rows of 3 assets\n"]);
      expect(readFileSync(other, "utf8")).toContain("  readonly landed_rows: unknown;\n");
      expect(readFileSync(other, "utf8")).toContain("  readonly valid_from: string | null;\n");
    } finally {
      writeFileSync(staging, typed);
      renameSync(away ?? "", lake ?? "");
    }
  });

  it("prints what it knows of each column as JSON", async () => {
    const printed = await project.json<{
      readonly assets: readonly { readonly columns: readonly object[] }[];
    }>("types");
    expect(printed).toMatchObject({
      file: "moraine.types.ts",
      status: "current",
      notes: [],
      assets: [
        { key: "sf_curated/dim_sf_user_scd" },
        { key: "sf_raw/sf_user" },
        { key: "sf_staging/stg_sf_user" },
      ],
    });
    expect(printed.assets[1]?.columns[0]).toEqual({
      name: "id",
      type: "string",
      required: true,
      origin: "table",
      description: "18-character id",
    });
    expect(printed.assets[2]?.columns).toContainEqual({
      name: "landed_rows",
      type: "bigint",
      required: false,
      origin: "declared",
      description: "How many rows of the log tie here. Above 1 means a tie was decided.",
    });
  });

  it("leaves a file alone that it has not written", async () => {
    const { code, stderr } = await project.run("types", "--out", "moraine.config.ts");
    expect(code).toBe(2);
    expect(stderr).toBe(
      [
        "error[usage]: moraine.config.ts was not written by moraine types and is left alone",
        "  next      name another file with --out, or remove this one",
        "",
      ].join("\n"),
    );
  });
});

describe("moraine types in a project of TypeScript alone", () => {
  it("writes no rows: its assets are imported, not referred to", async () => {
    const project = new Project({
      "moraine.config.ts": `
import { defineAsset, defineConfig } from "moraine";
export default defineConfig({ name: "small", assets: [defineAsset({ key: "a/b", materialize: () => {} })] });`,
    });
    const { code, stdout } = await project.run("types");
    expect([code, stdout]).toEqual([0, "moraine.types.ts: rows of 0 assets\n"]);
    expect(readFileSync(join(project.directory, "moraine.types.ts"), "utf8")).toContain(
      "interface AssetRows {\n  }\n",
    );
  });
});
