import { describe, expect, it } from "vitest";
import { defineAsset, DefinitionError } from "moraine";
import { buildGraph } from "../../framework/graph/build-graph.ts";
import { selectAssets } from "../../framework/graph/selection.ts";

const raw = defineAsset({
  key: "raw/users",
  group: "salesforce",
  tags: ["pii"],
  kind: "dbthub",
  materialize: () => {},
});
const staging = defineAsset({
  key: "staging/stg_users",
  deps: { raw },
  owners: ["crm"],
  materialize: () => {},
});
const dimension = defineAsset({
  key: "mart/dim_users",
  deps: { staging },
  group: "salesforce",
  materialize: () => {},
});
const report = defineAsset({ key: "mart/report", deps: { dimension }, materialize: () => {} });
const graph = buildGraph({ assets: [raw, staging, dimension, report], checks: [], problems: [] });
const select = (...terms: string[]) =>
  selectAssets(graph, terms, (key) => new Set(key === "mart/report" ? ["stale", "failed"] : ["fresh"]));

describe("a selection", () => {
  it.each([
    [[], ["raw/users", "staging/stg_users", "mart/dim_users", "mart/report"]],
    [["mart/dim_users"], ["mart/dim_users"]],
    [["dim_users"], ["mart/dim_users"]],
    [["mart/*"], ["mart/dim_users", "mart/report"]],
    [["+dim_users"], ["raw/users", "staging/stg_users", "mart/dim_users"]],
    [["1+dim_users"], ["staging/stg_users", "mart/dim_users"]],
    [["raw/users+"], ["raw/users", "staging/stg_users", "mart/dim_users", "mart/report"]],
    [["raw/users+1"], ["raw/users", "staging/stg_users"]],
    [["+staging/stg_users+1"], ["raw/users", "staging/stg_users", "mart/dim_users"]],
    [["group:salesforce"], ["raw/users", "mart/dim_users"]],
    [["tag:pii"], ["raw/users"]],
    [["owner:crm"], ["staging/stg_users"]],
    [["kind:dbthub"], ["raw/users"]],
    [["state:stale"], ["mart/report"]],
    [["group:salesforce,mart/*"], ["mart/dim_users"]],
    [
      ["raw/users", "report"],
      ["raw/users", "mart/report"],
    ],
    [["^mart/*"], ["raw/users", "staging/stg_users"]],
    [
      ["raw/users+", "^report"],
      ["raw/users", "staging/stg_users", "mart/dim_users"],
    ],
  ])("%j names %j", (terms, keys) => {
    expect(select(...terms)).toEqual(keys);
  });

  it.each([
    ["dim_user", "no asset matches dim_user", "did you mean dim_users or stg_users?"],
    ["colour:red", "no field colour:; expected group:, tag:, owner:, kind: or state:"],
    ["state:old", "no state old; expected fresh, stale, missing, failed, unchecked, overdue"],
  ])("refuses %s with what it could have been", (term, message, next?: string) => {
    expect(() => select(term)).toThrow(
      new DefinitionError([{ message, ...(next === undefined ? {} : { next }) }]),
    );
  });
});
