import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Asset, defineAsset, defineTable } from "moraine";
import { renderTypes } from "../../framework/cli/types/render-types.ts";
import { readRowShapes } from "../../framework/cli/types/row-shapes.ts";
import { type CompilerError, compilerErrors, installTypes } from "../support/compiler.ts";
import { MemoryLakehouse } from "../support/memory-lakehouse.ts";
import { Project } from "../support/moraine.ts";

/** A folder in which projects find moraine's published types. */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "moraine-tsc-"));
  installTypes(folder);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What `tsc` finds in a project of these files. */
function errorsIn(name: string, files: Readonly<Record<string, string>>): readonly CompilerError[] {
  return compilerErrors(new Project(files, join(folder, name)).directory);
}

const everyType = {
  yes: "boolean",
  count: { type: "int", required: true },
  id: { type: "long", required: true },
  ratio: "float",
  weight: "double",
  total: { type: "decimal(10,2)", required: true },
  born: "date",
  at: "timestamp",
  name: { type: "string", description: "Full name" },
  hash: "binary",
} as const;

/** What `moraine types` writes for one table that is declared outside TypeScript. */
async function generated(): Promise<string> {
  const table = defineTable({ key: "crm/user", columns: everyType });
  const asset: Asset = {
    ...defineAsset({ key: "crm/user", table, materialize: () => {} }),
    declaredColumns: {},
  };
  const { shapes } = await readRowShapes([asset], new MemoryLakehouse(), new Map());
  return renderTypes(shapes);
}

describe("tsc on a project", () => {
  it("refuses a column that no upstream produces, on the line that reads it", () => {
    const assets = `
import { defineAsset, defineTable } from "moraine";
import * as z from "zod";

const users = defineAsset({
  key: "crm/user",
  rows: z.object({ id: z.string(), joined_at: z.coerce.date() }),
  materialize: () => {},
});
const table = defineTable({ key: "shop/order", columns: { id: { type: "string", required: true }, total: "double" } });
const orders = defineAsset({ key: "shop/order", table, materialize: () => {} });

export const report = defineAsset({
  key: "mart/report",
  deps: { users, orders },
  materialize: async ({ inputs, log }) => {
    for await (const user of inputs.users.rows()) log(user.joined_at.toISOString());
    for await (const user of inputs.users.rows()) log(user.division);
    for await (const order of inputs.orders.rows()) log(order.id.toUpperCase());
    for await (const order of inputs.orders.rows()) log(order.totl);
    log(inputs.customers.sql);
  },
});`;
    expect(errorsIn("wrong-column", { "assets.ts": assets })).toEqual([
      {
        file: "assets.ts",
        line: "for await (const user of inputs.users.rows()) log(user.division);",
        message: "Property 'division' does not exist on type '{ id: string; joined_at: Date; }'.",
      },
      {
        file: "assets.ts",
        line: "for await (const order of inputs.orders.rows()) log(order.totl);",
        message: expect.stringMatching(
          /^Property 'totl' does not exist on type .*Did you mean 'total'\?$/,
        ) as string,
      },
      {
        file: "assets.ts",
        line: "log(inputs.customers.sql);",
        message: expect.stringMatching(
          /^Property 'customers' does not exist on type 'InputsOf<.*'\.$/,
        ) as string,
      },
    ]);
  });

  it("knows the rows that moraine types wrote, exactly as a table definition has them, and no other key", async () => {
    const assets = `
import { assetRef, type AssetRow, defineAsset, defineTable, type RowOf } from "moraine";
import type { CrmUser } from "./moraine.types.js";

const table = defineTable({ key: "crm/user", columns: ${JSON.stringify(everyType)} });
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export const areSame: Same<CrmUser, RowOf<typeof table>> = true;
export const isByKey: Same<CrmUser, AssetRow<"crm/user">> = true;

export const report = defineAsset({
  key: "mart/report",
  deps: { users: assetRef("crm/user") },
  materialize: async ({ inputs, log }) => {
    for await (const user of inputs.users.rows()) log(user.total);
    for await (const user of inputs.users.rows()) log(user.nme);
  },
});
export const none = assetRef("crm/usr");`;
    expect(errorsIn("generated", { "assets.ts": assets, "moraine.types.ts": await generated() })).toEqual([
      {
        file: "assets.ts",
        line: "for await (const user of inputs.users.rows()) log(user.nme);",
        message: "Property 'nme' does not exist on type 'CrmUser'. Did you mean 'name'?",
      },
      {
        file: "assets.ts",
        line: 'export const none = assetRef("crm/usr");',
        message: `Argument of type '"crm/usr"' is not assignable to parameter of type '"crm/user"'.`,
      },
    ]);
  });

  it("takes any key before types are written, and knows nothing of its rows", () => {
    const assets = `
import { assetRef, defineAsset } from "moraine";
export const report = defineAsset({
  key: "mart/report",
  deps: { users: assetRef("crm/user") },
  materialize: async ({ inputs, log }) => {
    for await (const user of inputs.users.rawRows()) log(String(user["name"]));
    for await (const user of inputs.users.rows()) log(user.name);
  },
});`;
    expect(errorsIn("no-types", { "assets.ts": assets })).toEqual([
      {
        file: "assets.ts",
        line: "for await (const user of inputs.users.rows()) log(user.name);",
        message: "'user' is of type 'unknown'.",
      },
    ]);
  });
});
