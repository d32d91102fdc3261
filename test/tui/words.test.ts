import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { causeChain, causeSummary, causeText } from "../../framework/tui/words/cause.ts";
import { checkText } from "../../framework/tui/words/check.ts";
import { tableLines } from "../../framework/tui/words/columns.ts";
import { definitionErrorBlock, failureBlock } from "../../framework/tui/words/failure.ts";
import { metadataSummary } from "../../framework/tui/words/metadata.ts";
import {
  formatAge,
  formatBytes,
  formatCount,
  formatDuration,
  formatElapsed,
  sparkline,
} from "../../framework/tui/words/numbers.ts";
import { wantsColor } from "../../framework/tui/words/paint.ts";
import { localeNeedsAscii, signsFor } from "../../framework/tui/words/signs.ts";
import { cleanText } from "../../framework/tui/words/text.ts";
import { fit, textWidth, truncateEnd, truncateMiddle, wrapText } from "../../framework/tui/words/width.ts";
import { dataCause } from "./events.ts";

describe("numbers", () => {
  test("durations read as in the specification", () => {
    expect(
      [0, 3210, 41_000, 59_949, 59_951, 62_000, 118_000, 7_500_000, 90_000_000].map(formatDuration),
    ).toEqual(["0.0s", "3.2s", "41.0s", "59.9s", "1m00", "1m02", "1m58", "2h05", "1d01h"]);
    expect([999, 12_400, 74_000].map(formatElapsed)).toEqual(["0s", "12s", "1m14"]);
    expect([5000, 7_200_000, 93_600_000, 300_000_000].map(formatAge)).toEqual(["5s", "2h", "26h", "3d"]);
  });

  test("counts and bytes are grouped and scaled", () => {
    expect([0, 999, 1204, 1_234_567, -1204].map(formatCount)).toEqual([
      "0",
      "999",
      "1,204",
      "1,234,567",
      "-1,204",
    ]);
    expect([0, 999, 1500, 123_456_789].map(formatBytes)).toEqual(["0 B", "999 B", "1.5 kB", "123 MB"]);
  });

  test("a sparkline has one level per value, newest last", () => {
    expect(sparkline([0, 50, 100], signsFor(false))).toBe("▁▅█");
    expect(sparkline([1, 2, 3, 4], signsFor(true), 2)).toHaveLength(2);
  });
});

describe("causes", () => {
  test("say what moved", () => {
    expect(causeText(dataCause)).toBe("data: sf_raw/sf_user moved");
    expect(causeText({ type: "upstream", upstream: "a/b", chain: [dataCause] })).toBe("upstream: a/b (data)");
    expect(
      causeText({
        type: "upstream",
        upstream: "a/c",
        chain: [{ type: "upstream", upstream: "a/b", chain: [{ type: "code", from: "1", to: "2" }] }],
      }),
    ).toBe("upstream: code, 2 hops up");
    expect(causeSummary([{ type: "refresh", lastAt: null, everyMs: 0 }, { type: "missing" }])).toBe(
      "never materialized +1",
    );
  });

  test("a chain leads down to its root", () => {
    expect(
      causeChain([{ type: "upstream", upstream: "sf_staging/stg_sf_user", chain: [dataCause] }]),
    ).toEqual([
      "upstream  reads sf_staging/stg_sf_user, which is stale:",
      "  data  reads sf_raw/sf_user, 91ac became c07e",
    ]);
  });
});

test("a failure is error, expected, got, where, next", () => {
  expect(
    failureBlock({
      reason: "check-failed",
      message: "sf_curated/dim_sf_user_scd was not published",
      retryable: false,
      expected: "one_current_row: one current row per user_id",
      got: "3 of 4,880 rows break it\n005Kx01",
      where: "run 8f21c4",
      next: "moraine check sf_curated/dim_sf_user_scd",
      detail: "stack",
    }),
  ).toEqual([
    "error[check-failed]: sf_curated/dim_sf_user_scd was not published",
    "  expected  one_current_row: one current row per user_id",
    "  got       3 of 4,880 rows break it",
    "            005Kx01",
    "  where     run 8f21c4",
    "  next      moraine check sf_curated/dim_sf_user_scd",
  ]);
});

test("wrong definitions are told together and counted", () => {
  const lines = definitionErrorBlock([{ message: "a", where: "x.ts:1" }, { message: "b" }]);
  expect(lines).toEqual([
    "error[definition]: a",
    "  where     x.ts:1",
    "error[definition]: b",
    "2 definitions to correct; nothing ran",
  ]);
});

test("metadata is summed up as rows and what changed", () => {
  const rows = { type: "rows", value: 1204 } as const;
  expect(
    metadataSummary({ rows, inserted: { type: "rows", value: 18 }, updated: { type: "rows", value: 31 } }),
  ).toBe("1,204 rows (+18 ~31)");
  expect(metadataSummary({ rows }, 1186)).toBe("1,204 rows (+18)");
  expect(metadataSummary({ rows }, 1204)).toBe("1,204 rows");
  expect(metadataSummary({ file: { type: "bytes", value: 1500 } })).toBe("file 1.5 kB");
  expect(metadataSummary({})).toBe("");
});

test("a check says what it found and what it expected", () => {
  const facts = { severity: "warn", blocking: false } as const;
  expect(checkText({ ...facts, result: { passed: false, value: 12, expected: 0 } })).toBe("12, expected 0");
  expect(checkText({ ...facts, result: { passed: true } })).toBe("passed");
});

test("colour follows option, NO_COLOR, FORCE_COLOR, terminal, in this order", () => {
  expect(wantsColor({ option: "always", env: { NO_COLOR: "1" }, isTTY: false })).toBe(true);
  expect(wantsColor({ env: { NO_COLOR: "1", FORCE_COLOR: "1" }, isTTY: true })).toBe(false);
  expect(wantsColor({ env: { FORCE_COLOR: "1" }, isTTY: false })).toBe(true);
  expect(wantsColor({ env: { TERM: "dumb" }, isTTY: true })).toBe(false);
  expect(wantsColor({ env: {}, isTTY: true })).toBe(true);
});

test("a locale that is not UTF-8 asks for ASCII", () => {
  expect(localeNeedsAscii({ LANG: "en_US.UTF-8" })).toBe(false);
  expect(localeNeedsAscii({ LANG: "en_US.UTF-8", LC_ALL: "C" })).toBe(true);
  expect(localeNeedsAscii({})).toBe(false);
});

test("every sign takes one cell and ASCII signs are ASCII", () => {
  const all = (ascii: boolean) => {
    const signs = signsFor(ascii);
    return [...Object.values(signs.sign), ...signs.spinner, ...signs.levels];
  };
  expect([...all(false), ...all(true)].map(textWidth).every((width) => width === 1)).toBe(true);
  expect(all(true).join("")).toMatch(/^[ -~]*$/);
});

describe("text", () => {
  test("keys are cut in the middle, the table stays", () => {
    expect(truncateMiddle("salesforce_production/sf_user", 16)).toBe("salesfo…/sf_user");
    expect(truncateMiddle("a/b", 16)).toBe("a/b");
  });

  test("no text is wider than asked, whatever it holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 40 }), (raw, width) => {
        const text = cleanText(raw);
        expect(textWidth(truncateEnd(text, width))).toBeLessThanOrEqual(width);
        expect(textWidth(truncateMiddle(text, width))).toBeLessThanOrEqual(width);
        expect(textWidth(fit(text, width))).toBe(width);
      }),
    );
  });

  test("cleaned text has neither control characters nor escape codes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (raw) => {
        // oxlint-disable-next-line no-control-regex -- they are looked for
        expect(cleanText(`\u001B]0;t\u0007${raw}\u001B[2J`)).not.toMatch(/[\u0000-\u001F\u007F-\u009F]/);
      }),
    );
  });

  test("wrapping loses no word", () => {
    expect(wrapText("one two three", 7)).toEqual(["one two", "three"]);
    expect(wrapText("abcdefgh", 3)).toEqual(["abc", "def", "gh"]);
  });
});

test("a table is never wider than the terminal: cells are cut, then columns drop", () => {
  const columns = [
    { title: "asset", cut: "middle" as const, min: 8 },
    { title: "rows", align: "right" as const, fixed: true },
    { title: "why", min: 6 },
  ];
  const rows = [["salesforce/raw_sf_user_with_a_long_name", "1,204", "data: sf_raw/sf_user moved"]];
  expect(tableLines(columns, rows)).toEqual([
    "asset                                     rows  why",
    "salesforce/raw_sf_user_with_a_long_name  1,204  data: sf_raw/sf_user moved",
  ]);
  for (let width = 60; width > 4; width -= 5) {
    for (const line of tableLines(columns, rows, { width }))
      expect(textWidth(line)).toBeLessThanOrEqual(width);
  }
});
