import { renderToString } from "ink";
import { createElement } from "react";
import { describe, expect, test } from "vitest";
import { ProgressScreen } from "../../framework/tui/ink/progress-view.tsx";
import { createLook } from "../../framework/tui/look.ts";
import { liveLines } from "../../framework/tui/progress/live-lines.ts";
import { nothingPrinted, printMore } from "../../framework/tui/progress/printed-lines.ts";
import { emptyProgress } from "../../framework/tui/progress/progress-state.ts";
import { reduceProgress } from "../../framework/tui/progress/reduce-progress.ts";
import { progressOf } from "../../framework/tui/summary.ts";
import { textWidth } from "../../framework/tui/words/width.ts";
import type { RunEvent } from "../../framework/event/event.ts";
import { event, failingRun, keys, started, startMs } from "./events.ts";

const unicode = createLook({ ascii: false, color: false, motion: false });
const ascii = createLook({ ascii: true, color: false, motion: false });

function running(): readonly RunEvent[] {
  return [
    started({ "sf_raw/sf_user": 15_000, "sf_raw/sf_account": 90_000 }),
    event("asset-started", 0, { key: "sf_raw/sf_account", attempt: 1, maxAttempts: 3, causes: [] }),
    event("asset-progress", 10, { key: "sf_raw/sf_account", done: 84_000, total: 120_000, unit: "rows" }),
    event("asset-started", 0, { key: "sf_raw/sf_user", attempt: 1, maxAttempts: 3, causes: [] }),
    event("asset-retrying", 58_000, {
      key: "sf_raw/sf_user",
      attempt: 1,
      maxAttempts: 3,
      delayMs: 8000,
      failure: { reason: "timeout", message: "no answer", retryable: true },
    }),
  ];
}

const view = (columns: number, rows = 24) => ({ columns, rows, nowMs: startMs + 62_000, tick: 0 });

/** The whole screen through Ink, as it stands after these events. */
function frame(events: readonly RunEvent[], columns: number, look = unicode, rows = 24): string {
  const state = progressOf(events);
  const printed = printMore(nothingPrinted, state, look, { columns, listFresh: false });
  const live = liveLines(state, look, view(columns, rows));
  return renderToString(createElement(ProgressScreen, { frame: { printed: printed.lines, live } }), {
    columns,
  });
}

describe("live part", () => {
  test("says what runs, what waits and how long it will take at 80 columns", () => {
    expect(frame(running(), 80).split("\n")).toEqual([
      "moraine materialize state:stale   run 8f21c4   local   3 workers   6 assets",
      "─".repeat(80),
      "  ▸ sf_raw/sf_account           84,000/120,000 rows   1m02 / ~1m30",
      "  ↻ sf_raw/sf_user              try 2 of 3 in 4s      1m02 / ~15s  [timeout]",
      "  · next sf_staging/stg_sf_account  (3 more wait)",
      expect.stringMatching(/^ {2}░+ {2}0\/6 {2}1m02, ~1m\d\d left$/),
      "  Ctrl-C: cancel and record what is done. Again: leave at once.",
    ]);
  });

  test("is ASCII where asked", () => {
    expect(frame(running(), 80, ascii)).toMatch(/^[ -~\n]*$/);
  });

  test("no line is wider than the terminal and no frame higher than allowed", () => {
    const state = progressOf(running());
    const sizes = [60, 80, 120].flatMap((columns) => [4, 6, 15, 40].map((rows) => ({ columns, rows })));
    for (const { columns, rows } of sizes) {
      const lines = liveLines(state, unicode, view(columns, rows));
      expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(columns);
      expect(lines.length).toBeLessThanOrEqual(Math.min(rows - 2, 3 + 4));
    }
  });

  test("gives up hint, next line and rule before running assets when rows are few", () => {
    const lines = liveLines(progressOf(running()), unicode, view(80, 5));
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain("sf_account");
    expect(lines[1]).toContain("sf_user");
  });

  test("an asset past twice its usual time is called slow", () => {
    const state = progressOf(running().slice(0, 4));
    const line = liveLines(state, unicode, view(80)).find((text) => text.includes("sf_user"));
    expect(line).toMatch(/1m02 \/ ~15s {2}slow$/);
  });

  test("resources show before the run starts and go when they are ready", () => {
    const progress = (finished: boolean) =>
      event("resource-progress", 0, {
        resource: "Python environment",
        message: "installing",
        done: 12,
        total: 40,
        finished,
      });
    const making = reduceProgress(emptyProgress, [progress(false)]);
    expect(liveLines(making, unicode, view(80))).toEqual(["  ▸ Python environment: installing 12/40  1m02"]);
    expect(liveLines(reduceProgress(making, [progress(true)]), unicode, view(80))).toEqual([]);
  });

  test("cancelling says what happens and what a second Ctrl-C does", () => {
    const lines = liveLines(
      progressOf([...running(), event("cancelling", 60_000, { reason: "interrupt" })]),
      unicode,
      view(80),
    );
    expect(lines.at(-1)).toBe("  Cancelling: waiting for what runs to stop. Ctrl-C again: leave at once.");
  });

  test("events given together or one by one lead to the same state, and no earlier state changes", () => {
    const states = failingRun().map((_, index) => progressOf(failingRun().slice(0, index)));
    const copies = structuredClone(states);
    states.forEach((state, index) => {
      expect(reduceProgress(state, failingRun().slice(index))).toEqual(progressOf(failingRun()));
    });
    expect(states).toEqual(copies);
  });

  test("late progress does not bring a finished asset back", () => {
    const state = progressOf([
      ...failingRun().slice(0, 5),
      event("asset-progress", 9000, { key: "sf_raw/sf_user", done: 1 }),
    ]);
    expect([...state.running.keys()]).toEqual(["sf_raw/sf_account"]);
  });
});

describe("printed lines", () => {
  test("each outcome once at 80 columns; fresh is counted only; skipped ones share a line", () => {
    expect(frame(failingRun(), 80).split("\n")).toEqual([
      "moraine materialize state:stale   run 8f21c4   local   3 workers   6 assets",
      "  ✓ sf_raw/sf_user              1,204 rows (+18)          3.2s  why refresh",
      "  ✗ sf_raw/sf_account           failed  [rate-limited]   41.0s  3 tries",
      "  » 2 skipped, downstream of sf_raw/sf_account",
      "  ✓ sf_staging/stg_sf_user      1,204 rows                9.1s  why data",
    ]);
  });

  test("wide terminals add titles, usual time, checks and the full cause", () => {
    const lines = frame(failingRun(), 120).split("\n");
    expect(lines[1]).toMatch(/asset +outcome +rows +time +usual +checks +why/);
    expect(lines[2]).toMatch(
      /✓ sf_raw\/sf_user +materialized +1,204 \(\+18\) +3\.2s +3\.0s +0\/1 +refresh: never read/,
    );
    expect(lines[3]).toMatch(/✗ sf_raw\/sf_account +failed 3 tries +- +41\.0s +12\.0s +- +\[rate-limited\]/);
  });

  test("nothing printed is ever printed again, however the events are split", () => {
    const options = { columns: 80, listFresh: true };
    let printed = nothingPrinted;
    let state = emptyProgress;
    for (const item of failingRun()) {
      state = reduceProgress(state, [item]);
      const next = printMore(printed, state, unicode, options);
      expect(next.lines.slice(0, printed.lines.length)).toEqual(printed.lines);
      printed = next;
    }
    expect(printed.lines).toEqual(printMore(nothingPrinted, state, unicode, options).lines);
    for (const key of keys.slice(0, 2)) {
      expect(printed.lines.filter((line) => line.includes(`${key} `))).toHaveLength(1);
    }
  });
});
