import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { Project } from "../support/moraine.ts";

const definitions = readFileSync(resolve(import.meta.dirname, "../../docs/definitions.md"), "utf8");

const config = `import { defineConfig } from "moraine";
export default defineConfig({ name: "shop", assets: "assets/*.ts" });
`;

/** A module of assets that do nothing, one a line behind the imports. */
const moduleOf = (...assets: readonly string[]) =>
  [
    'import { assetRef, defineAsset, defineSource } from "moraine";',
    'import { table } from "../lib/table.ts";',
    ...assets,
    "",
  ].join("\n");

const helper = `import { defineAsset } from "moraine";
export const table = (key: string) => defineAsset({ key, materialize: () => {} });
`;

const asset = (name: string, key: string, ...reads: readonly string[]) =>
  `export const ${name} = defineAsset({ key: "${key}", deps: { ${reads
    .map((read, index) => `d${index}: assetRef("${read}")`)
    .join(", ")} }, materialize: () => {} });`;

describe("wrong definitions by the command line", () => {
  it("name both files of a duplicate key and the file of each asset of a circle, as docs/definitions.md shows", async () => {
    const project = new Project({
      "moraine.config.ts": config,
      "lib/table.ts": helper,
      "assets/orders.ts": moduleOf(
        asset("orders", "shop/orders", "shop/users"),
        asset("daily", "shop/daily"),
      ),
      "assets/users.ts": moduleOf(
        asset("users", "shop/users", "shop/orders"),
        "",
        asset("daily", "shop/daily"),
      ),
    });
    const { code, stdout, stderr } = await project.run("list");
    expect([code, stdout]).toEqual([2, ""]);
    const [, documented = ""] =
      /```\n(error\[definition\]: two assets have the key [^`]*`deps`\n)```/.exec(definitions) ?? [];
    expect(documented).toContain("assets/users.ts:3:22 (shop/users)");
    expect(stderr).toBe(`${documented}2 definitions to correct; nothing ran\n`);
  });

  it("name the file of an asset that reads itself", async () => {
    const project = new Project({
      "moraine.config.ts": config,
      "lib/table.ts": helper,
      "assets/orders.ts": moduleOf("", asset("orders", "shop/orders", "shop/orders")),
    });
    const { code, stderr } = await project.run("list");
    expect(code).toBe(2);
    expect(stderr).toBe(`error[definition]: assets read each other in a circle: shop/orders -> shop/orders
  where     assets/orders.ts:4:23
  next      remove the asset itself from its \`deps\`
`);
  });

  it("name the helper that made an asset and the file that called it", async () => {
    const project = new Project({
      "moraine.config.ts": config,
      "lib/table.ts": helper,
      "assets/a.ts": moduleOf('export const first = table("shop/daily");'),
      "assets/b.ts": moduleOf(
        'export const second = table("shop/daily");',
        'export const third = defineSource({ key: "shop/daily", files: "x" });',
      ),
    });
    const { code, stderr } = await project.run("list");
    expect(code).toBe(2);
    const first = "lib/table.ts:2:39, called from assets/a.ts:3:22";
    expect(stderr).toBe(`error[definition]: two assets have the key shop/daily
  where     ${first}
            lib/table.ts:2:39, called from assets/b.ts:3:23
error[definition]: two assets have the key shop/daily
  where     ${first}
            assets/b.ts:4:22
2 definitions to correct; nothing ran
`);
  });
});
