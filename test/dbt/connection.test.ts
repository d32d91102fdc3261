import { expect, test } from "vitest";
import { MemoryLakehouse } from "../support/memory-lakehouse.ts";
import { Rig } from "../support/rig.ts";
import { Shop } from "./rig.ts";

test("a connection that is refused fails every model, says why, and hides the token", async () => {
  const shop = new Shop();
  const rig = new Rig();
  shop.write(
    "profiles.yml",
    `shop:
  target: local
  outputs:
    local:
      type: duckdb
      path: ":memory:"
      attach: [{ path: "/nowhere/{{ env_var('MORAINE_CATALOG_TOKEN', '') }}.duckdb", alias: lake, options: { read_only: true } }]
`,
  );
  const definitions = await shop.load();
  class TokenLakehouse extends MemoryLakehouse {
    override async connectionEnvironment() {
      return { MORAINE_CATALOG_TOKEN: "very-secret-token" };
    }
  }
  const { outcomes } = await rig.run(definitions.assets, { lakehouse: new TokenLakehouse() });
  expect(new Set(Object.values(outcomes))).toEqual(new Set(["failed"]));
  const failures = rig.eventsOf("asset-finished").flatMap((event) => event.failure ?? []);
  expect(failures[0]).toMatchObject({
    reason: "dbt-failed",
    message: expect.stringMatching(/^dbt could not begin: /) as string,
  });
  expect(JSON.stringify(failures)).toContain("[redacted]");
  expect(JSON.stringify(rig.events)).not.toContain("very-secret-token");
});
