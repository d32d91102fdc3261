import * as z from "zod";
import { expectTypeOf, test } from "vitest";
import {
  type Asset,
  assetRef,
  type AssetRef,
  type AssetRow,
  type Dependency,
  type AssetOptions,
  type ColumnType,
  type ColumnValue,
  dbthub,
  defineAsset,
  defineTable,
  type Input,
  type Row,
  type RowOf,
  type RowSchema,
  type TableDefinition,
} from "moraine";
import type { sfUser } from "../../assets/sf_user/index.ts";

const materialize = () => {};

const orderTable = defineTable({
  key: "shop/order",
  columns: {
    id: { type: "long", required: true, description: "Number of the order" },
    customer: "string",
    total: { type: "decimal(10,2)" },
    paid: { type: "boolean", required: false },
    weight: "double",
    ordered_at: "timestamp",
  },
});

interface OrderRow {
  readonly id: number | `${bigint}`;
  readonly customer: string | null;
  readonly total: string | null;
  readonly paid: boolean | null;
  readonly weight: number | "NaN" | "Infinity" | "-Infinity" | null;
  readonly ordered_at: string | null;
}

const user = z.object({
  id: z.string(),
  joined_at: z.coerce.date(),
  phase: z.enum(["new", "old"]).nullable(),
});

interface UserRow {
  id: string;
  joined_at: Date;
  phase: "new" | "old" | null;
}

const order = defineAsset({ key: "shop/order", table: orderTable, materialize });
const users = defineAsset({ key: "crm/user", rows: user, materialize });
const untyped = defineAsset({ key: "a/untyped", materialize });

test("a table's columns are the type of its rows: nullable unless required, what numbers can't hold as text", () => {
  expectTypeOf<RowOf<typeof orderTable>>().toEqualTypeOf<OrderRow>();
  expectTypeOf(order).toEqualTypeOf<Asset<OrderRow>>();
  expectTypeOf<ColumnValue<ColumnType>>().toEqualTypeOf<string | number | boolean>();
});

test("a schema's output is the type of an asset's rows, also beside a table", () => {
  expectTypeOf<RowOf<typeof users>>().toEqualTypeOf<UserRow>();
  const both = defineAsset({ key: "shop/order", table: orderTable, rows: user, materialize });
  expectTypeOf<RowOf<typeof both>>().toEqualTypeOf<UserRow>();
});

test("a hand-written validator types rows like one of a library", () => {
  const rows: RowSchema<{ readonly a: 1 }> = {
    "~standard": { version: 1, vendor: "hand", validate: () => ({ value: { a: 1 } }) },
  };
  const asset = defineAsset({ key: "a/hand", rows, materialize });
  expectTypeOf<RowOf<typeof asset>>().toEqualTypeOf<{ readonly a: 1 }>();
});

test("dbthub gives its asset the rows of its table", () => {
  const declare = () => dbthub({ file: "dbthub.yml", table: orderTable });
  expectTypeOf(declare).returns.toEqualTypeOf<Asset<OrderRow>>();
});

test("ctx.inputs has the names of deps, each with its upstream's rows", () => {
  defineAsset({
    key: "mart/report",
    deps: { users, order, untyped },
    materialize: async ({ inputs }) => {
      expectTypeOf(inputs).toEqualTypeOf<{
        readonly users: Input<UserRow>;
        readonly order: Input<OrderRow>;
        readonly untyped: Input<unknown>;
      }>();
      for await (const row of inputs.users.rows()) {
        expectTypeOf(row.joined_at).toEqualTypeOf<Date>();
        // @ts-expect-error no upstream produces this column
        void row.division;
      }
      for await (const row of inputs.order.rows()) {
        // @ts-expect-error a mistyped column
        void row.custmer;
        // @ts-expect-error nullable until it has been looked at
        void row.customer.length;
      }
      for await (const row of inputs.untyped.rows()) {
        // @ts-expect-error nothing declares the rows of this upstream
        void row.id;
      }
      for await (const row of inputs.untyped.rawRows()) expectTypeOf(row).toEqualTypeOf<Row>();
      // @ts-expect-error no such upstream
      void inputs.orders;
    },
  });
});

test("an asset without deps has no inputs", () => {
  defineAsset({
    key: "raw/users",
    materialize: ({ inputs }) => {
      // @ts-expect-error nothing is declared in deps
      void inputs.users;
    },
  });
});

test("assets, tables and references of any rows are taken where rows do not matter", () => {
  expectTypeOf<Asset<OrderRow>>().toExtend<Asset>();
  expectTypeOf<TableDefinition<OrderRow>>().toExtend<TableDefinition>();
  expectTypeOf<NonNullable<AssetOptions["deps"]>[string]>().toEqualTypeOf<Asset | AssetRef | Dependency>();
});

test("columns have the types that engines share", () => {
  // @ts-expect-error no such type
  defineTable({ key: "a/b", columns: { id: "varchar" } });
  // @ts-expect-error no such type
  defineTable({ key: "a/b", columns: { id: { type: "text", required: true } } });
});

test("a reference has the rows that `moraine types` wrote down, and takes no key that it does not know", () => {
  defineAsset({
    key: "mart/report",
    deps: { staged: assetRef("sf_staging/stg_sf_user"), raw: assetRef("sf_raw/sf_user") },
    materialize: async ({ inputs }) => {
      for await (const row of inputs.staged.rows()) {
        expectTypeOf(row.is_deleted).toEqualTypeOf<boolean | null>();
        expectTypeOf(row.landed_rows).toEqualTypeOf<number | `${bigint}` | null>();
        // @ts-expect-error the model makes no such column
        void row.is_removed;
      }
      for await (const row of inputs.raw.rows()) expectTypeOf(row.id).toEqualTypeOf<string>();
    },
  });
  expectTypeOf<AssetRow<"sf_raw/sf_user">>().toEqualTypeOf<RowOf<typeof sfUser>>();
  // @ts-expect-error no asset has this key
  assetRef("sf_raw/sf_usr");
});
