import { defineCheck } from "../../framework/definition/check.ts";
import { defineSchedule } from "../../framework/definition/schedule.ts";
import { defineSensor } from "../../framework/definition/sensor.ts";
import type { AssetGraph } from "../../framework/graph/asset-graph.ts";
import { daemonStatuses, leadingDaemon } from "../../framework/scheduler/daemon-statuses.ts";
import { queuedTick } from "../../framework/scheduler/decide-ticks.ts";
import { ruleOf } from "../../framework/scheduler/rule.ts";
import { scheduleStatuses } from "../../framework/scheduler/schedule-statuses.ts";
import type { Observations } from "../../framework/staleness/compute-statuses.ts";
import { observe } from "../../framework/staleness/observe.ts";
import type { Store, StoreReader } from "../../framework/store/store.ts";
import { at, graphOf } from "./graphs.ts";
import { rateLimited } from "./events.ts";

/** The shipped pipeline in small, with something failed, something stale, something missing. */
export function fixtureGraph(): AssetGraph {
  const passes = () => ({ passed: true });
  return graphOf(
    {
      "finance/ledger": [],
      "sf_raw/sf_account": [],
      "sf_raw/sf_user": [],
      "sf_staging/stg_sf_account": ["sf_raw/sf_account"],
      "sf_staging/stg_sf_user": ["sf_raw/sf_user"],
      "sf_curated/dim_sf_user_scd": ["sf_staging/stg_sf_user"],
      "sf_curated/fct_account": ["sf_staging/stg_sf_account", "sf_curated/dim_sf_user_scd"],
    },
    [
      defineCheck({ asset: "sf_raw/sf_user", name: "not_null_division", severity: "warn", run: passes }),
      defineCheck({ asset: "sf_curated/dim_sf_user_scd", name: "one_current_row", run: passes }),
    ],
    { "finance/ledger": { group: "finance", owners: ["money"], tags: ["nightly"] } },
  );
}

/** What the store says, as the interface reads it. */
export function observationsFrom(graph: AssetGraph, reader: StoreReader): Observations {
  const lake = { dataVersion: () => undefined, exists: () => true };
  return observe({ graph, reader, lake, now: new Date(), asked: false });
}

/** Writes one finished materialization, as the materializer does. */
export function recordMaterialization(
  store: Store,
  runId: string,
  key: string,
  made: {
    readonly rows: number;
    readonly dataVersion: string;
    readonly startedMs: number;
    readonly tookMs: number;
  },
  upstreams: Readonly<Record<string, string>> = {},
): void {
  const startedAt = new Date(made.startedMs).toISOString();
  const finishedAt = new Date(made.startedMs + made.tookMs).toISOString();
  const unit = { key: at(key), partition: "" };
  store.acquireLeases(runId, [unit], startedAt);
  store.startAttempt(
    { runId, ...unit, attempt: 1, startedAt, snapshotBefore: undefined },
    { type: "asset-started", runId, at: startedAt, key, attempt: 1, maxAttempts: 3, causes: [] },
  );
  const metadata = { rows: { type: "rows", value: made.rows } } as const;
  store.finishMaterialization({
    runId,
    ...unit,
    attempt: 1,
    startedAt,
    finishedAt,
    codeVersion: "1",
    dataVersion: made.dataVersion,
    snapshotId: "6621",
    metadata,
    upstreams: Object.entries(upstreams).map(([upstream, dataVersion]) => ({
      key: at(upstream),
      partition: "",
      dataVersion,
    })),
    cursor: undefined,
    failure: undefined,
    event: {
      type: "asset-finished",
      runId,
      at: finishedAt,
      key,
      outcome: "materialized",
      attempts: 1,
      durationMs: made.tookMs,
      causes: [{ type: "missing" }],
      metadata,
    },
  });
}

/** A run that is over, and what it did. */
export function recordRun(
  store: Store,
  runId: string,
  startedMs: number,
  work: () => void,
  status: "succeeded" | "failed" = "failed",
): void {
  const startedAt = new Date(startedMs).toISOString();
  store.startRun(
    { id: runId, trigger: "cli", selection: "", startedAt },
    {
      type: "run-started",
      runId,
      at: startedAt,
      target: store.target,
      trigger: "cli",
      selection: "",
      keys: [],
      workers: 2,
      usualMs: {},
    },
  );
  work();
  const finishedAt = new Date(startedMs + 60_000).toISOString();
  store.finishRun(runId, status, finishedAt, {
    type: "run-finished",
    runId,
    at: finishedAt,
    status,
    durationMs: 60_000,
    outcomes: {},
  });
}

/** Fills a store: `sf_user` moved after `stg_sf_user` read it, `sf_account` failed, `ledger` was never made. */
export function seedStore(store: Store, nowMs: number): void {
  const hour = 3_600_000;
  recordRun(store, "77b0e1", nowMs - 26 * hour, () => {
    const base = nowMs - 26 * hour;
    recordMaterialization(store, "77b0e1", "sf_raw/sf_account", {
      rows: 311,
      dataVersion: "a1",
      startedMs: base,
      tookMs: 4000,
    });
    recordMaterialization(store, "77b0e1", "sf_raw/sf_user", {
      rows: 1186,
      dataVersion: "u1",
      startedMs: base + 1000,
      tookMs: 3000,
    });
    recordMaterialization(
      store,
      "77b0e1",
      "sf_staging/stg_sf_account",
      { rows: 311, dataVersion: "sa1", startedMs: base + 5000, tookMs: 2000 },
      { "sf_raw/sf_account": "a1" },
    );
    recordMaterialization(
      store,
      "77b0e1",
      "sf_staging/stg_sf_user",
      { rows: 1186, dataVersion: "su1", startedMs: base + 6000, tookMs: 2000 },
      { "sf_raw/sf_user": "u1" },
    );
    recordMaterialization(
      store,
      "77b0e1",
      "sf_curated/dim_sf_user_scd",
      { rows: 4831, dataVersion: "d1", startedMs: base + 9000, tookMs: 4000 },
      { "sf_staging/stg_sf_user": "su1" },
    );
    recordMaterialization(
      store,
      "77b0e1",
      "sf_curated/fct_account",
      { rows: 902, dataVersion: "f1", startedMs: base + 14_000, tookMs: 1000 },
      { "sf_staging/stg_sf_account": "sa1", "sf_curated/dim_sf_user_scd": "d1" },
    );
  });
  recordRun(store, "8f21c4", nowMs - 2 * hour, () => {
    const base = nowMs - 2 * hour;
    recordMaterialization(store, "8f21c4", "sf_raw/sf_user", {
      rows: 1204,
      dataVersion: "u2",
      startedMs: base,
      tookMs: 3200,
    });
    const startedAt = new Date(base).toISOString();
    const finishedAt = new Date(base + 41_000).toISOString();
    recordDivisionCheck(store, 12, finishedAt);
    const attempt = { runId: "8f21c4", key: at("sf_raw/sf_account"), partition: "", attempt: 1, startedAt };
    store.startAttempt(
      { ...attempt, snapshotBefore: undefined },
      {
        type: "asset-started",
        runId: "8f21c4",
        at: startedAt,
        key: attempt.key,
        attempt: 1,
        maxAttempts: 3,
        causes: [],
      },
    );
    store.finishAttempt(
      { ...attempt, outcome: "failed", finishedAt, failure: rateLimited },
      {
        type: "asset-finished",
        runId: "8f21c4",
        at: finishedAt,
        key: attempt.key,
        outcome: "failed",
        attempts: 1,
        durationMs: 41_000,
        causes: [],
        failure: rateLimited,
      },
    );
  });
}

const daily = defineSchedule({
  name: "daily",
  description: "The users, before anybody looks",
  cron: "0 5 * * *",
  timezone: "Europe/Oslo",
  selection: "sf_raw/*",
});
const hourly = defineSchedule({ name: "hourly", everyMs: 3_600_000, selection: "finance/*" });
const weekly = defineSchedule({ name: "weekly", cron: "@weekly", timezone: "UTC", enabled: false });
const exports = defineSensor({ name: "exports", everyMs: 60_000, poll: () => {} });
const schedules = [daily, hourly, weekly, exports];

/** What the screens are told of schedules, by the real rules. */
export function schedulingOf(reader: StoreReader, nowMs?: number) {
  const now = () => new Date(nowMs ?? Date.now());
  return {
    schedules: () => scheduleStatuses(reader, schedules, now()),
    daemon: () => leadingDaemon(daemonStatuses(reader.scheduling, now())),
  };
}

/** A daemon that works since an hour; `daily` ran this morning, `hourly` skipped its last tick. */
export function seedSchedules(store: Store, nowMs: number): void {
  const { scheduling } = store;
  const before = (ms: number) => new Date(nowMs - ms);
  const hour = 3_600_000;
  scheduling.registerDaemon("d1", before(hour).toISOString());
  scheduling.beat("d1", before(0).toISOString(), { isDraining: false, problem: undefined });
  for (const definition of schedules) {
    const { name, kind } = definition;
    scheduling.register({ name, kind, rule: ruleOf(definition) }, before(30 * hour).toISOString());
  }
  const seen = (definition: (typeof schedules)[number]) => ({
    name: definition.name,
    rule: ruleOf(definition),
    seenBefore: before(30 * hour).toISOString(),
    seenAfter: before(0).toISOString(),
  });
  const decide = (schedule: typeof daily, tick: Date, skipped: boolean) =>
    scheduling.decide({
      ...seen(schedule),
      ticks: [
        { ...queuedTick(schedule, tick), ...(skipped ? { status: "skipped", reason: "overlap" } : {}) },
      ],
      at: before(0).toISOString(),
    });
  decide(hourly, before(0), true);
  scheduling.decide({ ...seen(exports), ticks: [], at: before(0).toISOString() });
  const found = { cursorBefore: undefined, cursor: 7, note: "nothing new", ticks: [] };
  scheduling.recordPoll({ name: exports.name, ...found, at: before(0).toISOString() });
  const [tick] = decide(daily, before(8 * hour), false) ?? [];
  if (tick === undefined) throw new Error("expected a tick");
  scheduling.start(tick.id, { runId: "90aa17", daemon: "d1", at: before(8 * hour).toISOString() });
  recordRun(store, "90aa17", nowMs - 8 * hour, () => {}, "succeeded");
}

/** A result of the fixture's only check. */
export function recordDivisionCheck(store: Store, value: number, finishedAt: string): void {
  const result = { passed: value === 0, value, expected: 0 };
  const facts = {
    check: "not_null_division",
    severity: "warn",
    blocking: false,
    durationMs: 10,
    result,
  } as const;
  const [runId, key] = ["8f21c4", at("sf_raw/sf_user")];
  store.recordCheck(
    { runId, key, partition: "", ...facts, at: finishedAt, failure: undefined, isUnpublished: false },
    { type: "check-finished", runId, key, ...facts, at: finishedAt },
  );
}
