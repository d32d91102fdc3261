import type { Cause, Metadata, Outcome, RunEvent } from "../../framework/event/event.ts";
import type { Failure } from "../../framework/event/failure.ts";

/** Start of every fixture run. */
export const startMs = Date.parse("2026-11-23T09:12:00.000Z");

type Body<T extends RunEvent["type"]> = Omit<Extract<RunEvent, { type: T }>, "type" | "runId" | "at">;

/** An event of run 8f21c4, `atMs` after its start. */
export function event<T extends RunEvent["type"]>(type: T, atMs: number, body: Body<T>): RunEvent {
  return {
    type,
    runId: "8f21c4",
    at: new Date(startMs + atMs).toISOString(),
    ...body,
  } as unknown as RunEvent;
}

export const rateLimited: Failure = {
  reason: "rate-limited",
  message: "Salesforce answered 429",
  retryable: true,
  expected: "a bulk job slot within 30 s",
  got: "HTTP 429; 98 % of daily API used",
  next: "wait until the limit resets",
};

export const dataCause: Cause = { type: "data", upstream: "sf_raw/sf_user", from: "91ac", to: "c07e" };

export const keys = [
  "sf_raw/sf_account",
  "sf_raw/sf_user",
  "sf_staging/stg_sf_account",
  "sf_staging/stg_sf_user",
  "sf_curated/dim_account",
  "sf_curated/dim_sf_user_scd",
];

export function started(usualMs: Readonly<Record<string, number>> = {}): RunEvent {
  return event("run-started", 0, {
    target: "local",
    trigger: "cli",
    selection: "state:stale",
    keys,
    workers: 3,
    usualMs,
  });
}

export function finished(
  key: string,
  outcome: Outcome,
  atMs: number,
  more: {
    readonly causes?: readonly Cause[];
    readonly metadata?: Metadata;
    readonly failure?: Failure;
    readonly because?: string;
    readonly attempts?: number;
    readonly durationMs?: number;
  } = {},
): RunEvent {
  return event("asset-finished", atMs, { key, outcome, attempts: 1, durationMs: 3200, causes: [], ...more });
}

/** A run in which one asset fails, its two downstream are skipped, one is materialized and one fresh. */
export function failingRun(): readonly RunEvent[] {
  return [
    started({ "sf_raw/sf_user": 3000, "sf_raw/sf_account": 12_000 }),
    event("asset-started", 10, { key: "sf_raw/sf_account", attempt: 1, maxAttempts: 3, causes: [] }),
    event("asset-started", 20, {
      key: "sf_raw/sf_user",
      attempt: 1,
      maxAttempts: 3,
      causes: [{ type: "refresh", lastAt: null, everyMs: 0 }],
    }),
    event("asset-retrying", 1000, {
      key: "sf_raw/sf_account",
      attempt: 1,
      maxAttempts: 3,
      delayMs: 4000,
      failure: rateLimited,
    }),
    finished("sf_raw/sf_user", "materialized", 3220, {
      causes: [{ type: "refresh", lastAt: null, everyMs: 0 }],
      metadata: { rows: { type: "rows", value: 1204 }, added: { type: "rows", value: 18 } },
    }),
    event("check-finished", 3300, {
      key: "sf_raw/sf_user",
      check: "not_null_division",
      severity: "warn",
      blocking: false,
      durationMs: 12,
      result: { passed: false, value: 12, expected: 0 },
    }),
    finished("sf_raw/sf_account", "failed", 41_000, {
      attempts: 3,
      durationMs: 41_000,
      failure: rateLimited,
    }),
    finished("sf_staging/stg_sf_account", "skipped", 41_001, { because: "sf_raw/sf_account" }),
    finished("sf_curated/dim_account", "skipped", 41_002, { because: "sf_raw/sf_account" }),
    finished("sf_staging/stg_sf_user", "materialized", 50_000, {
      causes: [dataCause],
      durationMs: 9100,
      metadata: { rows: { type: "rows", value: 1204 } },
    }),
    finished("sf_curated/dim_sf_user_scd", "fresh", 50_100, { durationMs: 0 }),
    event("run-finished", 118_000, {
      status: "failed",
      durationMs: 118_000,
      outcomes: {
        "sf_raw/sf_account": "failed",
        "sf_raw/sf_user": "materialized",
        "sf_staging/stg_sf_account": "skipped",
        "sf_curated/dim_account": "skipped",
        "sf_staging/stg_sf_user": "materialized",
        "sf_curated/dim_sf_user_scd": "fresh",
      },
    }),
  ];
}
