import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { laneOrder, laneRows, type LaneNode } from "../../framework/tui/lineage/lane-layout.ts";
import { laneText } from "../../framework/tui/lineage/lane-text.ts";
import { lineageLanes } from "../../framework/tui/lineage/lineage-lanes.ts";
import { createLook } from "../../framework/tui/look.ts";
import { signsFor } from "../../framework/tui/words/signs.ts";
import { textWidth } from "../../framework/tui/words/width.ts";
import { at, graphOf } from "./graphs.ts";

const signs = signsFor(false);

const cases = graphOf({
  "raw/sf_account": [],
  "raw/sf_case": [],
  "raw/sf_user": [],
  "stg/account": ["raw/sf_account"],
  "stg/case": ["raw/sf_case"],
  "stg/user": ["raw/sf_user"],
  "dim/account": ["stg/account"],
  "dim/user": ["stg/user"],
  "fct/case": ["dim/account", "stg/case", "dim/user"],
  "mart/case_daily": ["fct/case", "dim/user"],
});

test("one line per asset, upstream first, with a lane for what is still to be read", () => {
  expect(lineageLanes(cases, at("fct/case"), { up: 9, down: 9 })).toEqual([
    " ○      raw/sf_user",
    " ●      stg/user",
    " ●      dim/user",
    " │ ○    raw/sf_account",
    " │ ●    stg/account",
    " │ ●    dim/account",
    " │ │ ○  raw/sf_case",
    " │ │ ●  stg/case",
    ">├─●─┘  fct/case         reads dim/account, dim/user, stg/case",
    " ●─┘    mart/case_daily  reads dim/user, fct/case",
  ]);
});

test("a range leaves the rest out", () => {
  expect(lineageLanes(cases, at("stg/user"), { up: 1, down: 1 })).toEqual([
    " ○  raw/sf_user",
    ">●  stg/user",
    " ●  dim/user",
  ]);
});

test("more assets than rows are counted", () => {
  const many = Array.from({ length: 30 }, (_, index) => `raw/t${String(index).padStart(2, "0")}`);
  const graph = graphOf({ ...Object.fromEntries(many.map((key) => [key, []])), "mart/all": many });
  const lines = lineageLanes(graph, at("mart/all"), { maxRows: 5 });
  expect(lines[0]).toBe(" +26 more upstream");
  expect(lines).toHaveLength(6);
});

test("ASCII lanes are ASCII and no line is wider than asked", () => {
  const look = createLook({ ascii: true, color: false, motion: false });
  const lines = lineageLanes(cases, undefined, { look, width: 30 });
  expect(lines.join("")).toMatch(/^[ -~]*$/);
  expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(30);
});

/** Random acyclic graphs: each node reads some of those before it. */
const dag = fc
  .array(fc.array(fc.nat({ max: 30 }), { maxLength: 4 }), { minLength: 1, maxLength: 24 })
  .map((lists): readonly LaneNode[] =>
    lists.map((list, index) => ({
      key: `n/${index}`,
      upstreams: [...new Set(list.filter((upstream) => upstream < index))].map((upstream) => `n/${upstream}`),
    })),
  );

describe("lanes of any graph", () => {
  test("every asset has one row, below everything that it reads", () => {
    fc.assert(
      fc.property(dag, (nodes) => {
        const order = laneOrder(nodes).map((node) => node.key);
        expect(order.toSorted()).toEqual(nodes.map((node) => node.key).toSorted());
        for (const node of nodes) {
          for (const upstream of node.upstreams) {
            expect(order.indexOf(upstream)).toBeLessThan(order.indexOf(node.key));
          }
        }
      }),
    );
  });

  test("every edge is drawn and nothing else: reading the lanes back gives the graph", () => {
    fc.assert(
      fc.property(dag, (nodes) => {
        const rows = laneRows(laneOrder(nodes));
        expect(readBack(rows.map((row) => [row.key, drawn(row)] as const))).toEqual(
          Object.fromEntries(rows.map((row) => [row.key, row.upstreams.toSorted()])),
        );
      }),
    );
  });
});

/** A row's picture without the limit of lanes, which this test is not about. */
function drawn(row: Parameters<typeof laneText>[0]): string {
  return row.cells.length > 12 ? pictureInParts(row) : laneText(row, signs);
}

function pictureInParts(row: Parameters<typeof laneText>[0]): string {
  // Same signs, decided by the same rule, for rows that are too wide to be shown.
  const touched = row.cells.flatMap((cell, index) => (cell === "blank" || cell === "pass" ? [] : [index]));
  const [from = 0, to = 0] = [touched[0], touched.at(-1)];
  const sign = { blank: " ", pass: "│", open: "○", node: "●", "read-close": "┴", "read-on": "┼" };
  return row.cells.map((cell, index) => sign[cell] + (index >= from && index < to ? "─" : " ")).join("");
}

/** Reads the picture as a person does: by its characters, top to bottom. */
function readBack(rows: readonly (readonly [key: string, picture: string])[]): Record<string, string[]> {
  const owners: (string | undefined)[] = [];
  const edges: Record<string, string[]> = {};
  let above = "";
  for (const [key, picture] of rows) {
    const reads: string[] = [];
    let own = -1;
    for (let lane = 0; lane * 2 < Math.max(picture.length, above.length); lane++) {
      const cell = picture[lane * 2] ?? " ";
      const owner = owners[lane];
      if (cell === "○" || cell === "●") {
        own = lane;
        // Right below a lane that goes on: it reads that lane.
        if (cell === "●" && owner !== undefined) reads.push(owner);
      } else if ("┴┘┼├┤".includes(cell) && owner !== undefined) {
        reads.push(owner);
        if ("┴┘".includes(cell)) owners[lane] = undefined;
      } else if (cell === " " || cell === "─") {
        owners[lane] = undefined;
      }
    }
    owners[own] = key;
    edges[key] = reads.toSorted();
    above = picture;
  }
  return edges;
}
