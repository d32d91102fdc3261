import { describe, expect, it } from "vitest";
import { defineAsset, DefinitionError } from "moraine";
import { buildGraph } from "../../framework/graph/build-graph.ts";
import { selectAssets } from "../../framework/graph/selection.ts";

const users = defineAsset({
  key: "raw/users",
  group: "crm",
  tags: ["pii"],
  owners: ["Data Team"],
  kind: "dbthub",
  materialize: () => {},
});
const cases = defineAsset({ key: "raw/cases", group: "crm", kind: "dbthub", materialize: () => {} });
const staging = defineAsset({
  key: "staging/stg_users",
  deps: { users },
  tags: ["pii", "r+d"],
  owners: ["data (eu)"],
  materialize: () => {},
});
const dimension = defineAsset({
  key: "mart/dim_users",
  deps: { staging },
  group: "crm",
  materialize: () => {},
});
const facts = defineAsset({ key: "mart/fct_cases", deps: { cases, dimension }, materialize: () => {} });
const graph = buildGraph({ assets: [users, cases, staging, dimension, facts], checks: [], problems: [] });

/** The names of the tables that arguments select, in order. */
function select(...terms: string[]): string {
  const keys = selectAssets(graph, terms, {
    stateOf: (key) =>
      new Set([
        key === dimension.key || key === facts.key ? "stale" : "fresh",
        ...(key === facts.key ? (["overdue"] as const) : []),
      ]),
    changes: {
      now: new Date("2026-11-23T12:00:00Z"),
      changedSince: (instant) => {
        const changes = {
          [users.key]: "2026-11-22T12:00:00.000Z",
          [staging.key]: "2026-11-20T00:00:00.000Z",
        };
        return new Set(graph.keys.filter((key) => (changes[key] ?? "") >= instant.toISOString()));
      },
    },
  });
  return keys.map((key) => key.slice(key.indexOf("/") + 1)).join(" ");
}

const everything = "cases users stg_users dim_users fct_cases";

describe("a selection in one argument", () => {
  it.each([
    ["group:crm and kind:dbthub", "cases users"],
    ["group:crm or tag:pii", "cases users stg_users dim_users"],
    ["not tag:pii", "cases dim_users fct_cases"],
    ["^tag:pii", "cases dim_users fct_cases"],
    ["(group:crm or tag:pii) and not state:fresh", "dim_users"],
    ["group:crm and (tag:pii or state:stale)", "users dim_users"],
    ["state:overdue", "fct_cases"],
    ["state:stale and not state:overdue", "dim_users"],
    ["raw/cases or tag:pii and kind:dbthub", "cases users"],
    ["not tag:pii and group:crm", "cases dim_users"],
    ["not (tag:pii or kind:dbthub)", "dim_users fct_cases"],
    ["not not tag:pii", "users stg_users"],
    ["not tag:pii,kind:dbthub", "cases stg_users dim_users fct_cases"],
    ["group:crm,^tag:pii", "cases dim_users"],
    ["group:crm , not tag:pii or stg_users", "cases stg_users dim_users"],
    ["roots()", "cases users"],
    ["sinks()", "fct_cases"],
    ["roots() and ^raw/cases", "users"],
    ["roots()+1", "cases users stg_users fct_cases"],
    ["1+sinks()", "cases dim_users fct_cases"],
    ["+(tag:pii and not kind:dbthub)", "users stg_users"],
    ["(raw/users or mart/dim_users)+1", "users stg_users dim_users fct_cases"],
    ["1+(stg_users)+1", "users stg_users dim_users"],
    ["+(raw/cases+)", everything],
    ["+raw/cases+", "cases fct_cases"],
    ["0+dim_users", "dim_users"],
    ["changed since 2d", "users"],
    ["changed since 100h", "users stg_users"],
    ["changed since 2026-11-20", "users stg_users"],
    ["changed since 2026-11-22T13:00:00+01:00", "users"],
    ["changed since 2026-11-22T13:00+00:30", ""],
    ["(changed since 2d)+1 and not changed since 2d", "stg_users"],
    ["owner:Data Team", "users"],
    ["owner:Data Team and tag:pii", "users"],
    ["owner:Data Team+1", "users stg_users"],
    ['owner:"data (eu)" or owner:"Data Team"', "users stg_users"],
    ["tag:r+d", "stg_users"],
    ["group:", "stg_users fct_cases"],
    ["not(raw/*)", "stg_users dim_users fct_cases"],
    ["state:failed", ""],
  ])("%j names %j", (term, tables) => {
    expect(select(term)).toBe(tables);
  });

  it("stands beside others: arguments are joined, and those that negate take away whatever their place", () => {
    expect(select("not tag:pii", "group:crm and kind:dbthub", "^cases")).toBe("");
    expect(select("^raw/cases", "group:crm", "sinks()")).toBe("users dim_users fct_cases");
    expect(select("not tag:pii", "^fct_cases")).toBe("cases dim_users");
  });

  it("is read to any length", () => {
    expect(select(Array.from({ length: 20_000 }, () => "users").join(" or "))).toBe("users");
    expect(select("^^^users")).toBe("cases stg_users dim_users fct_cases");
  });
});

/** Message, place and advice of each problem, as text. */
function refusal(...terms: string[]): string {
  try {
    return `names ${select(...terms)}`;
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    return error.problems
      .map(({ message, where, next }) =>
        [message, where, next].filter((part) => part !== undefined).join("\n"),
      )
      .join("\n\n");
  }
}

describe("a selection that can't be read", () => {
  it.each([
    [
      "a b",
      "expected `and`, `or` or a comma, got `b`\na b\n  ^\nwords side by side are not joined; arguments side by side are",
    ],
    [
      "users AND cases",
      "expected `and`, `or` or a comma, got `AND`\nusers AND cases\n      ^^^\noperators are written in small letters: and, or, and not",
    ],
    [
      "(users or cases",
      "expected `and`, `or`, a comma or `)`, got the end\n(users or cases\n               ^",
    ],
    ["users)", "expected `and`, `or` or a comma, got `)`\nusers)\n     ^\nno parenthesis is open here"],
    ["users or", "expected a term, got the end\nusers or\n        ^"],
    [
      "users or or x",
      'expected a term, got `or`\nusers or or x\n         ^^\na table of this name is written "or", in quotes',
    ],
    ["users,", "expected a term, got the end\nusers,\n      ^"],
    ["+ users", "expected a term or a parenthesis right after `+`, got `users`\n+ users\n  ^^^^^"],
    ["roots(users)", "expected `)`, for roots() takes nothing, got `users`\nroots(users)\n      ^^^^^"],
    ['tag:"pii', 'a quote " is not closed\ntag:"pii\n^^^^^^^^'],
    [
      "owner:data (eu)",
      'expected `and`, `or` or a comma, got `(`\nowner:data (eu)\n           ^\na value with parentheses stands in quotes: owner:"data (eu)"',
    ],
    [
      "^users,^cases",
      "what negates the first of a comma list negates the whole list\n^users,^cases\n       ^\nwrite ^(a,^b), or a negation as an argument of its own",
    ],
    [
      "changed since",
      "expected an instant or an age after `changed since`, got the end\nchanged since\n             ^\nlike 2026-11-20T09:00Z or 2d",
    ],
    ["", "a selection is empty\neverything is selected by giving no selection at all"],
  ])("%j is refused with the place and what may stand there", (term, text) => {
    expect(refusal(term)).toBe(text);
  });

  it("is refused before the stack ends", () => {
    expect(refusal("(".repeat(50_000))).toContain("stand more than 100 deep in each other");
    expect(refusal("^".repeat(50_000))).toContain("stand more than 100 deep in each other");
  });

  it("is shown around the place when it is long", () => {
    const [, shown = "", carets = ""] = refusal(
      `${"users or ".repeat(30)}bad) ${"or users".repeat(30)}`,
    ).split("\n");
    expect(shown.length).toBeLessThanOrEqual(66);
    expect(shown[carets.indexOf("^")]).toBe(")");
  });
});

describe("a selection that names what does not exist", () => {
  it.each([
    [
      "(group:crm or tag:pi) and not stat:fresh",
      "no asset has the tag pi\n(group:crm or tag:pi) and not stat:fresh\n              ^^^^^^\ndid you mean pii?\n\nno field stat:; expected group:, tag:, owner:, kind: or state:\n(group:crm or tag:pi) and not stat:fresh\n                              ^^^^^^^^^^\ndid you mean state: or tag:?",
    ],
    ["+user+", "no asset matches user\n+user+\n ^^^^\ndid you mean users?"],
    ["root()", "no function root(); expected roots() or sinks()\ndid you mean roots()?"],
    [
      "state:stalle",
      "no state stalle; expected fresh, stale, missing, failed, unchecked, overdue\ndid you mean stale?",
    ],
    [
      "changed since yesterday",
      "expected an age like 2d, a date, or an instant with its zone like 2026-11-20T09:00Z after `changed since`, got yesterday",
    ],
    ["changed since 2026-11-20T09:00", expect.stringContaining("an instant with its zone")],
    ["changed since 2026-02-30", expect.stringContaining("got 2026-02-30")],
    ["group:crm, tag:x*", "no asset has the tag x*\ngroup:crm, tag:x*\n           ^^^^^^"],
  ])("%j is refused with the nearest names", (term, text) => {
    expect(refusal(term)).toEqual(text);
  });

  it("is reported for all arguments at once", () => {
    expect(refusal("usrs", "(cases", "tag:pi and users").split("\n\n")).toHaveLength(3);
  });

  it("shows how to quote it when its words came as arguments of their own", () => {
    expect(refusal("group:crm", "and", "users")).toBe(
      "no asset matches and\na selection of several words is one argument, in quotes: 'group:crm and state:stale'",
    );
  });

  it("refuses changed since where no records are at hand", () => {
    expect(() => selectAssets(graph, ["changed since 2d"], () => new Set())).toThrow("no records are read");
  });
});

it("selects a table whose name is an operator, alone or in quotes", () => {
  const or = defineAsset({ key: "raw/or", materialize: () => {} });
  const small = buildGraph({ assets: [or, users], checks: [], problems: [] });
  const keys = (term: string) => selectAssets(small, [term], () => new Set());
  expect(keys("or")).toEqual(["raw/or"]);
  expect(keys('"or" or users')).toEqual(["raw/or", "raw/users"]);
});
