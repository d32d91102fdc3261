import { existsSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defineTable } from "moraine";
import { find, Shop, versionsOf } from "./rig.ts";

const staging = "staging/stg_order";
const customers = "marts/dim_customer";

test("models and seeds are assets, ephemeral models part of their readers, tests checks of the last table they read", async () => {
  const definitions = await new Shop().load();
  expect(definitions.problems).toEqual([]);
  expect(definitions.assets.map((asset) => asset.key)).toEqual(["raw/order_seed", staging, customers]);
  expect(find(definitions, customers).deps).toEqual({ stg_order: staging });
  expect(find(definitions, staging)).toMatchObject({
    assetKind: "dbt",
    pool: "dbt",
    group: "sales",
    owners: ["sales@example.com"],
    tags: ["staging"],
    description: "Orders as they came.",
  });
  expect(find(definitions, staging).where()).toBe("shop/models/stg_order.sql");

  const checks = definitions.assets.flatMap((asset) =>
    asset.checks.map(({ name, severity, blocking }) => [asset.key, name, severity, blocking]),
  );
  expect(new Set(checks)).toEqual(
    new Set([
      [staging, "unique_id", "error", true],
      [staging, "not_null_id", "error", true],
      [staging, "orders_have_totals", "error", true],
      [customers, "unique_customer", "error", true],
      [customers, "spent_is_small", "warn", false],
    ]),
  );
  const notNull = find(definitions, staging).checks.find((check) => check.name === "not_null_id");
  expect(notNull?.rowsSql?.("")).toContain("where id is null");
});

test("a dbt source is the asset of its schema and table, unless it says that it is external", async () => {
  const shop = new Shop();
  const source = await shop.source();
  shop.edit("models/stg_order.sql", (sql) => `${sql}\n-- {{ source('crm', 'account') }}`);
  expect(find(await shop.load(source), staging).deps).toMatchObject({ "crm.account": "crm/account" });
  shop.edit("models/schema.yml", (yml) =>
    yml.replace(
      "      - name: account",
      "      - name: account\n        config: { meta: { moraine: { external: true } } }",
    ),
  );
  expect(find(await shop.load(source), staging).deps).toEqual({ order_seed: "raw/order_seed" });
});

test("an unchanged project is read again without starting Python", async () => {
  const shop = new Shop();
  const before = versionsOf(await shop.load());
  const withoutPython = await shop.source();
  const cache = join(shop.stateDir, "dbt/shop-local/definitions.json");
  const written = readFileSync(cache, "utf8");
  // Touched, not changed: the content decides.
  const later = new Date(Date.now() + 60_000);
  utimesSync(join(shop.dir, "models/stg_order.sql"), later, later);
  const again = await withoutPython.load({
    projectDir: shop.directory,
    stateDir: shop.stateDir,
    target: "local",
    progress: () => undefined,
    signal: AbortSignal.abort(),
  });
  expect(versionsOf(again)).toEqual(before);
  expect(readFileSync(cache, "utf8")).not.toBe(written);
});

test("a damaged cache is made again", async () => {
  const shop = new Shop();
  const source = await shop.source();
  const before = versionsOf(await shop.load(source));
  writeFileSync(join(shop.stateDir, "dbt/shop-local/definitions.json"), "{");
  expect(versionsOf(await shop.load(source))).toEqual(before);
});

test("code versions change with code, macros, variables, settings and seeds, and with nothing else", async () => {
  const shop = new Shop();
  // One source throughout: its worker stays, as in a long-lived process.
  const source = await shop.source();
  let versions = versionsOf(await shop.load(source));
  const changedBy = async (change: () => void): Promise<readonly string[]> => {
    change();
    const before = versions;
    versions = versionsOf(await shop.load(source));
    return Object.keys(versions).filter((key) => versions[key] !== before[key]);
  };
  const edit = (path: string, from: string, to: string) => () =>
    shop.edit(path, (text) => {
      expect(text).toContain(from);
      return text.replace(from, to);
    });
  expect(await changedBy(edit("models/stg_order.sql", "-- One row", "/* Two */ -- rows"))).toEqual([]);
  expect(await changedBy(edit("models/stg_order.sql", "select id, ", "select\n    id,\n"))).toEqual([]);
  expect(await changedBy(edit("models/schema.yml", "Orders as they came.", "Orders."))).toEqual([]);
  expect(await changedBy(edit("models/schema.yml", "tags: [staging]", "tags: [other]"))).toEqual([]);
  expect(await changedBy(edit("models/schema.yml", "values: [2000]", "values: [1]"))).toEqual([]);
  expect(await changedBy(edit("models/stg_order.sql", "lower(", "upper("))).toEqual([staging]);
  expect(await changedBy(edit("macros/cents.sql", "* 100", "* 1000"))).toEqual([staging]);
  expect(await changedBy(edit("dbt_project.yml", "smallest_total: 0", "smallest_total: 1"))).toEqual([
    staging,
  ]);
  expect(await changedBy(edit("models/int_spender.sql", "sum(", "max("))).toEqual([customers]);
  expect(
    await changedBy(edit("models/dim_customer.sql", "schema='marts'", "schema='marts', materialized='view'")),
  ).toEqual([customers]);
  expect(await changedBy(edit("seeds/order_seed.csv", "10.5", "11.5"))).toEqual(["raw/order_seed"]);
});

test("a variable of the environment that a model reads is part of its code version", async () => {
  const shop = new Shop();
  const before = versionsOf(await shop.load());
  process.env["SHOP_LABEL"] = "spring";
  try {
    const after = versionsOf(await shop.load());
    expect(after[customers]).not.toBe(before[customers]);
    expect(after[staging]).toBe(before[staging]);
  } finally {
    delete process.env["SHOP_LABEL"];
  }
});

test("what dbt cannot parse is a problem with file and reason", async () => {
  const shop = new Shop();
  shop.edit("models/dim_customer.sql", (sql) => sql.replace("int_spender", "nobody"));
  const { problems, assets } = await shop.load();
  expect(assets).toEqual([]);
  expect(problems).toEqual([
    {
      message: expect.stringMatching(/^dbt: Compilation Error: .*nobody/) as string,
      where: "shop/models/dim_customer.sql",
    },
  ]);
  shop.edit("models/dim_customer.sql", (sql) => sql.replace("nobody", "int_spender").replace("}}", "}"));
  expect((await shop.load()).problems).toEqual([
    {
      message: expect.stringMatching(/^dbt: Compilation Error/) as string,
      where: expect.stringMatching(/^shop\/models\/dim_customer.sql:\d+$/) as string,
    },
  ]);
});

test("a generic test that nobody defines is a problem before anything runs", async () => {
  const shop = new Shop();
  shop.edit("models/schema.yml", (yml) => yml.replace("[unique, not_null]", "[unique, not_nul]"));
  expect((await shop.load()).problems).toEqual([
    {
      message: "dbt test not_nul_stg_order_id: nothing is called not_nul; did you mean not_null?",
      where: "shop/models/schema.yml",
    },
  ]);
});

test("broken YAML is a problem with file and line", async () => {
  const shop = new Shop();
  shop.edit("models/schema.yml", (yml) => yml.replace("models:", "models: ["));
  const { problems } = await shop.load();
  expect(problems).toEqual([
    {
      message: expect.stringMatching(/^dbt: Parsing Error.*expected/) as string,
      where: "shop/models/schema.yml:13",
    },
  ]);
});

test("a folder without dbt project is a problem that starts nothing", async () => {
  const shop = new Shop();
  expect(await shop.load(await shop.source({ dir: "nowhere" }))).toEqual({
    assets: [],
    checks: [],
    problems: [
      {
        message: "expected a dbt project in nowhere, got no dbt_project.yml",
        where: "nowhere/dbt_project.yml",
        next: "correct `dir` of dbtProject()",
      },
    ],
  });
  expect(existsSync(shop.stateDir)).toBe(false);
});

test("a table definition goes to its model with dbt's descriptions; one without model is a problem", async () => {
  const shop = new Shop();
  const order = defineTable({ key: staging, columns: { id: "long", customer: "string" } });
  const stray = defineTable({ key: "marts/nobody", columns: { id: "long" } });
  const definitions = await shop.load(await shop.source({ tables: [order, stray] }));
  expect(find(definitions, staging).table?.columns).toEqual({
    id: { type: "long", description: "Number of the order." },
    customer: { type: "string" },
  });
  expect(definitions.problems.map((problem) => problem.message)).toEqual([
    'dbtProject({ dir: "shop" }) has a table marts/nobody, which no model makes',
  ]);
});

test("a model's meta gives its freshness policy and when it is published, and changing it makes nothing stale", async () => {
  const shop = new Shop();
  const source = await shop.source();
  const before = versionsOf(await shop.load(source));
  const meta = (text: string) =>
    shop.edit("models/schema.yml", (yml) =>
      yml.replace(/group: sales.*}$/m, `group: sales, meta: { moraine: ${text} } }`),
    );
  meta("{ freshness: { max_age: 26h }, publish: after-checks }");
  const definitions = await shop.load(source);
  expect(definitions.problems).toEqual([]);
  expect(find(definitions, staging)).toMatchObject({
    freshness: { maxAgeMs: 93_600_000 },
    publish: "after-checks",
    problems: [],
  });
  expect(versionsOf(definitions)).toEqual(before);
  meta("{ publish: later }");
  expect(find(await shop.load(source), staging).problems.map(({ message }) => message)).toEqual([
    'dbt model stg_order: meta.moraine.publish: Invalid option: expected one of "at-once"|"after-checks", got "later"',
  ]);
  meta("{ freshnes: {}, freshness: { deadline: { cron: 0 7 * * *, timezone: Oslo } } }");
  expect(find(await shop.load(source), staging).problems).toEqual([
    {
      message:
        'dbt model stg_order: meta.moraine.freshness.deadline.timezone: expected an IANA time zone like "Europe/Oslo" or "UTC", got "Oslo"',
      where: "shop/models/stg_order.sql",
    },
    {
      message: "dbt model stg_order: unknown meta.moraine.freshnes; did you mean freshness?",
      where: "shop/models/stg_order.sql",
    },
  ]);
});

test("an asset has the columns that YAML names, a seed's types too, and a source says them of the asset that it is", async () => {
  const shop = new Shop();
  shop.edit("models/schema.yml", (yml) =>
    yml
      .replace("      - name: customer\n", "      - name: customer\n        data_type: varchar(40)\n")
      .replace("          - name: id\n", "          - name: id\n            data_type: bigint\n"),
  );
  shop.edit("dbt_project.yml", (yml) =>
    yml.replace("    +schema: raw", "    +schema: raw\n    +column_types: {total: 'decimal(10,2)'}"),
  );
  const definitions = await shop.load();
  expect(find(definitions, customers).declaredColumns).toEqual({
    customer: { type: "varchar(40)", description: undefined },
    spent: { type: undefined, description: undefined },
  });
  expect(find(definitions, staging).declaredColumns).toEqual({
    id: { type: undefined, description: "Number of the order." },
  });
  expect(find(definitions, "raw/order_seed").declaredColumns).toEqual({
    total: { type: "decimal(10,2)", description: undefined },
  });
  expect(definitions.columnsElsewhere).toEqual(
    new Map([["crm/account", { id: { type: "bigint", description: undefined } }]]),
  );
});

test("a column's type that is another one in the model's table definition is a problem", async () => {
  const shop = new Shop();
  shop.edit("models/schema.yml", (yml) =>
    yml.replace(
      "      - name: id\n        description",
      "      - name: id\n        data_type: integer\n        description",
    ),
  );
  const table = defineTable({ key: staging, columns: { id: "long", customer: "string" } });
  expect((await shop.load(await shop.source({ tables: [table] }))).assets[1]?.problems).toEqual([
    {
      message: "staging/stg_order: column id is integer in dbt and long in its table definition",
      where: "shop/models/stg_order.sql",
      next: "correct `data_type`, or the definition in `tables` of dbtProject()",
    },
  ]);
});
