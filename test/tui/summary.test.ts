import { expect, test } from "vitest";
import { createLook } from "../../framework/tui/look.ts";
import { summarizeRun } from "../../framework/tui/summary.ts";
import { event, failingRun, finished, started } from "./events.ts";

const look = createLook({ ascii: false, color: false, motion: false });

test("a failed run ends with totals, the failure in full, warnings and the next commands", () => {
  expect(summarizeRun(failingRun(), { look })).toEqual([
    "✗ run 8f21c4 failed in 1m58: 2 materialized, 1 fresh, 1 failed, 2 skipped",
    "  ✗ sf_raw/sf_account  [rate-limited]  3 tries, 41.0s",
    "    Salesforce answered 429",
    "    expected  a bulk job slot within 30 s",
    "    got       HTTP 429; 98 % of daily API used",
    "    next      wait until the limit resets",
    "    skipped with it: sf_staging/stg_sf_account, sf_curated/dim_account",
    "  ! sf_raw/sf_user  not_null_division: 12, expected 0 (warn)",
    "  why   refresh: never read (sf_raw/sf_user); 1 downstream followed",
    "  next  moraine logs 8f21c4 sf_raw/sf_account   what happened, line by line",
    "        moraine materialize --retry 8f21c4      the 3 failed or skipped",
  ]);
});

test("a run that succeeded says how many of how many, why and what was slow", () => {
  const lines = summarizeRun(
    [
      started({ "sf_raw/sf_user": 4000 }),
      finished("sf_raw/sf_user", "materialized", 9100, { causes: [{ type: "forced" }], durationMs: 9100 }),
      finished("sf_raw/sf_account", "fresh", 9200),
      event("run-finished", 18_400, { status: "succeeded", durationMs: 18_400, outcomes: {} }),
    ],
    { look },
  );
  expect(lines).toEqual([
    "✓ run 8f21c4 materialized 1 of 6 in 18.4s; 1 was fresh",
    "  why   forced (sf_raw/sf_user)",
    "  slow  sf_raw/sf_user 9.1s, usually 4.0s",
  ]);
});

test("a run that found nothing to do says so", () => {
  const lines = summarizeRun([
    started(),
    finished("sf_raw/sf_user", "fresh", 10),
    event("run-finished", 400, { status: "succeeded", durationMs: 400, outcomes: {} }),
  ]);
  expect(lines).toEqual(["+ run 8f21c4 nothing to do in 0.4s; 1 was fresh"]);
});
