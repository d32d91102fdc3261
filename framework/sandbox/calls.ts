import { readNow, readSetting, writeSetting } from "./database.ts";
import type { SandboxDatabase } from "./database.ts";

const keptCalls = 20_000;
const defaultDailyCalls = 100_000;

/** One call of a client, as `GET /sandbox/calls` lists it. */
export interface ApiCall {
  readonly method: string;
  readonly path: string;
  /** Decoded, without the question mark. */
  readonly query: string;
  readonly soql: string | null;
  /** Null when the connection was broken before an answer. */
  readonly status: number | null;
  /** The kind of the fault that answered. */
  readonly fault: string | null;
  /** The machine's time, ISO 8601: the sandbox's own clock stands still. */
  readonly at: string;
}

/** How much of the day's API calls is used; the day is that of the sandbox's clock. */
export interface ApiUsage {
  readonly calls: number;
  readonly jobs: number;
  readonly max: number;
}

/** Writes a call down; the newest 20,000 stay. */
export function recordCall(db: SandboxDatabase, call: Omit<ApiCall, "at"> & { readonly at: number }): void {
  const { lastInsertRowid } = db
    .prepare("INSERT INTO call (method, path, query, soql, status, fault, at) VALUES (?, ?, ?, ?, ?, ?, ?)")
    .run(call.method, call.path, call.query, call.soql, call.status, call.fault, call.at);
  db.prepare("DELETE FROM call WHERE id <= ?").run(Number(lastInsertRowid) - keptCalls);
}

/** The calls so far, oldest first. */
export function listCalls(db: SandboxDatabase): readonly ApiCall[] {
  const rows = db
    .prepare<[], Omit<ApiCall, "at"> & { at: number }>(
      "SELECT method, path, query, soql, status, fault, at FROM call ORDER BY id",
    )
    .all();
  return rows.map((row) => ({ ...row, at: new Date(row.at).toISOString() }));
}

/** Forgets the calls. */
export function clearCalls(db: SandboxDatabase): void {
  db.exec("DELETE FROM call");
}

/** Adds to the day's usage and returns what it then is. */
export function countUsage(
  db: SandboxDatabase,
  add: { readonly calls: number; readonly jobs: number },
): ApiUsage {
  const used = db
    .prepare<[string, number, number], { calls: number; jobs: number }>(
      `INSERT INTO api_usage VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET calls = calls + excluded.calls, jobs = jobs + excluded.jobs RETURNING calls, jobs`,
    )
    .get(today(db), add.calls, add.jobs);
  return {
    calls: used?.calls ?? 0,
    jobs: used?.jobs ?? 0,
    max: Number(readSetting(db, "daily-calls") ?? defaultDailyCalls),
  };
}

/** Sets what is used today, or how much a day has. */
export function setUsage(
  db: SandboxDatabase,
  usage: { readonly calls?: number | undefined; readonly max?: number | undefined },
): ApiUsage {
  if (usage.max !== undefined) writeSetting(db, "daily-calls", usage.max);
  const { calls } = countUsage(db, { calls: 0, jobs: 0 });
  return countUsage(db, { calls: (usage.calls ?? calls) - calls, jobs: 0 });
}

function today(db: SandboxDatabase): string {
  return new Date(readNow(db) * 1000).toISOString().slice(0, 10);
}
