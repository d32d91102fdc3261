import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createPlainReporter } from "../../framework/tui/plain-reporter.ts";
import { event, failingRun, finished, started, startMs } from "./events.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: startMs });
});
afterEach(() => {
  vi.useRealTimers();
});

function collect(verbosity = 0) {
  const lines: string[] = [];
  const reporter = createPlainReporter({ write: (text) => lines.push(text.trimEnd()), verbosity });
  return { lines, reporter };
}

test("a run is stamped lines of verb and key=value", () => {
  const { lines, reporter } = collect();
  for (const item of failingRun()) reporter.onEvent(item);
  expect(lines).toEqual([
    "2026-11-23T09:12:00Z start run=8f21c4 target=local trigger=cli assets=6 workers=3 selection=state:stale",
    '2026-11-23T09:12:01Z retry sf_raw/sf_account try=1/3 in=4 reason=rate-limited message="Salesforce answered 429"',
    "2026-11-23T09:12:03Z ok   1/6 sf_raw/sf_user rows=1204 s=3.2 why=refresh",
    "2026-11-23T09:12:03Z check sf_raw/sf_user name=not_null_division passed=false severity=warn value=12 expected=0",
    '2026-11-23T09:12:41Z fail 2/6 sf_raw/sf_account reason=rate-limited message="Salesforce answered 429" tries=3 s=41',
    "2026-11-23T09:12:41Z skip 3/6 sf_staging/stg_sf_account because=sf_raw/sf_account",
    "2026-11-23T09:12:41Z skip 4/6 sf_curated/dim_account because=sf_raw/sf_account",
    "2026-11-23T09:12:50Z ok   5/6 sf_staging/stg_sf_user rows=1204 s=9.1 why=data",
    "2026-11-23T09:13:58Z end  run=8f21c4 failed s=118 failed=1 materialized=2 skipped=2 fresh=1",
  ]);
});

test("every running asset says that it still runs, each 30 s", () => {
  const { lines, reporter } = collect();
  reporter.onEvent(started({ "sf_raw/sf_user": 25_000 }));
  reporter.onEvent(
    event("asset-started", 0, { key: "sf_raw/sf_user", attempt: 1, maxAttempts: 3, causes: [] }),
  );
  vi.advanceTimersByTime(95_000);
  expect(lines.slice(1)).toEqual([
    "2026-11-23T09:12:30Z wait sf_raw/sf_user s=30 usual=25 try=1/3",
    "2026-11-23T09:13:00Z wait sf_raw/sf_user s=60 usual=25 try=1/3",
    "2026-11-23T09:13:30Z wait sf_raw/sf_user s=90 usual=25 try=1/3",
  ]);
  reporter.onEvent(finished("sf_raw/sf_user", "materialized", 95_000));
  expect(vi.getTimerCount()).toBe(0);
});

test("quiet keeps what failed and the end, -v adds fresh assets and starts", () => {
  const quiet = collect(-1);
  const verbose = collect(1);
  for (const item of failingRun()) {
    quiet.reporter.onEvent(item);
    verbose.reporter.onEvent(item);
  }
  expect(quiet.lines.map((line) => line.slice(21, 25))).toEqual(["fail", "end "]);
  expect(verbose.lines.some((line) => line.includes("sf_curated/dim_sf_user_scd outcome=fresh"))).toBe(true);
});

test("data can't write escape codes or break a line", () => {
  const { lines, reporter } = collect(1);
  reporter.onEvent(event("log", 0, { level: "warn", message: 'a\u001B[31mred\u001B[0m\nb\u0007 "q"' }));
  expect(lines).toEqual(['2026-11-23T09:12:00Z log  level=warn message="ared b \\"q\\""']);
});

test("a resource is told once per message", () => {
  const { lines, reporter } = collect();
  const progress = (message: string, done: number, isFinished = false) =>
    reporter.onEvent(
      event("resource-progress", done, { resource: "python", message, done, total: 3, finished: isFinished }),
    );
  progress("installing", 1);
  progress("installing", 2);
  progress("starting", 3);
  progress("ready", 3, true);
  expect(lines.map((line) => line.slice(21))).toEqual([
    "start resource=python message=installing",
    "wait resource=python message=starting",
    "ok   resource=python message=ready",
  ]);
});
