import * as z from "zod";

import { ControlError } from "./control-error.ts";
import type { SandboxDatabase } from "./database.ts";
import { findUserField } from "./user-fields.ts";
import { fullVisibility } from "./visibility.ts";
import type { Visibility } from "./visibility.ts";

/** Faults that answer in place of the org. */
const answeringFaults = [
  "401",
  "403-concurrent",
  "403-total",
  "420",
  "429",
  "500",
  "503",
  "reset",
  "slow",
  "truncated",
  "invalid-query-locator",
  "query-timeout",
] as const;

/** Faults that change what the org shows, silently. */
const showingFaults = ["late-visible", "hidden-field", "reduced-visibility", "org-changed"] as const;

/** What `POST /sandbox/faults` takes. */
export const faultSchema = z.strictObject({
  kind: z.enum([...answeringFaults, ...showingFaults]),
  /** Text or regular expression to find in `METHOD path?query` (decoded; a Bulk job's SOQL follows). */
  match: z.string().optional(),
  /** How often; null until cleared. Default 1, but null for the faults that change what is shown (late-visible: 1). */
  times: z.int().min(1).nullable().optional(),
  /** How many matching calls pass first. */
  after: z.int().min(0).default(0),
  /** hidden-field: which; else `match` when it names a field, else Division. */
  field: z.string().optional(),
  /** reduced-visibility: share of the users that stay away. */
  share: z.number().min(0).max(1).default(0.2),
  /** late-visible: rows stamped this long before the newest stamp. */
  seconds: z.int().min(1).default(60),
  /** slow: how long. */
  ms: z.int().min(0).default(2000),
  /** 429 and 503: seconds of `Retry-After`. */
  retryAfter: z.int().min(0).default(1),
  /** truncated: end the half body as if it were whole, instead of breaking the connection. */
  clean: z.boolean().default(false),
});

/** A fault as a caller arms it: defaults may be left out. */
export type FaultInput = z.input<typeof faultSchema>;
/** A fault with its defaults. */
export type Fault = z.output<typeof faultSchema>;
/** A fault as listed. `times` is what is left. */
export type ArmedFault = Fault & { readonly id: number; readonly fired: number };

/** One HTTP call, as far as faults care. */
export interface FaultTarget {
  readonly method: string;
  readonly path: string;
  /** Decoded, without the question mark. */
  readonly query: string;
  /** The SOQL of a query or a Bulk job. */
  readonly soql: string | undefined;
}

/** What the faults make of one call. */
export interface Fired {
  readonly answer: Fault | undefined;
  readonly visibility: Visibility;
}

/** Reads a fault as it was asked for. @throws ControlError when it is no fault */
export function readFault(input: FaultInput): Fault {
  const parsed = faultSchema.safeParse(input);
  if (!parsed.success) throw new ControlError(z.prettifyError(parsed.error));
  return withField(parsed.data);
}

/** Arms a fault; the oldest that fits a call fires. @throws ControlError when it is no fault */
export function armFault(db: SandboxDatabase, input: FaultInput): ArmedFault {
  const fault = readFault(input);
  const isLasting = showingFaults.some((kind) => kind === fault.kind) && fault.kind !== "late-visible";
  const times = fault.times === undefined ? (isLasting ? null : 1) : fault.times;
  const { lastInsertRowid } = db
    .prepare("INSERT INTO fault (kind, definition, after, times) VALUES (?, ?, ?, ?)")
    .run(fault.kind, JSON.stringify(fault), fault.after, times);
  return { ...fault, times, id: Number(lastInsertRowid), fired: 0 };
}

function withField(fault: Fault): Fault {
  if (fault.kind !== "hidden-field" || fault.field !== undefined) return fault;
  const named = findUserField(fault.match ?? "Division");
  if (named === undefined) return { ...fault, field: "Division" };
  return { ...fault, match: undefined, field: named.name };
}

/** All faults, spent ones as well, oldest first. */
export function listFaults(db: SandboxDatabase): readonly ArmedFault[] {
  const rows = db
    .prepare<[], { id: number; definition: string; after: number; times: number | null; fired: number }>(
      "SELECT id, definition, after, times, fired FROM fault ORDER BY id",
    )
    .all();
  return rows.map(({ definition, ...counters }) => ({ ...(JSON.parse(definition) as Fault), ...counters }));
}

/** Disarms one fault, or all. Returns how many there were. */
export function clearFaults(db: SandboxDatabase, id?: number): number {
  return db.prepare("DELETE FROM fault WHERE id = coalesce(?, id)").run(id ?? null).changes;
}

/** Lets the faults see a call, counting it against those that fit; atomic over processes. */
export function takeFaults(db: SandboxDatabase, target: FaultTarget): Fired {
  if (db.prepare("SELECT 1 FROM fault LIMIT 1").get() === undefined) {
    return { answer: undefined, visibility: fullVisibility };
  }
  return db.transaction(() => takeFitting(db, target)).immediate();
}

function takeFitting(db: SandboxDatabase, target: FaultTarget): Fired {
  let answer: Fault | undefined;
  let visibility = fullVisibility;
  for (const fault of listFaults(db)) {
    const isAnswering = answeringFaults.some((kind) => kind === fault.kind);
    if (fault.times === 0 || (isAnswering && answer !== undefined) || !fits(fault, target)) continue;
    if (fault.after > 0) {
      db.prepare("UPDATE fault SET after = after - 1 WHERE id = ?").run(fault.id);
      continue;
    }
    db.prepare("UPDATE fault SET times = times - 1, fired = fired + 1 WHERE id = ?").run(fault.id);
    if (isAnswering) answer = fault;
    else visibility = reduce(visibility, fault);
  }
  return { answer, visibility };
}

function reduce(visibility: Visibility, fault: Fault): Visibility {
  const { hiddenFields, hiddenShare, lateSeconds, isOrganizationChanged } = visibility;
  const hidden = fault.kind === "hidden-field" ? [(fault.field ?? "").toLowerCase()] : [];
  return {
    hiddenFields: new Set([...hiddenFields, ...hidden]),
    hiddenShare: fault.kind === "reduced-visibility" ? Math.max(hiddenShare, fault.share) : hiddenShare,
    lateSeconds: fault.kind === "late-visible" ? Math.max(lateSeconds, fault.seconds) : lateSeconds,
    isOrganizationChanged: isOrganizationChanged || fault.kind === "org-changed",
  };
}

const isApi = ({ path }: FaultTarget): boolean => path.startsWith("/services/data/");
// A query for the org's id is none of the reads that a test counts.
const isRead = (target: FaultTarget): boolean => isApi(target) && /\bFROM\s+User\b/i.test(target.soql ?? "");

// Which calls a kind can happen to at all; those not listed happen to any call that is matched, or else to any data call.
const possibleCalls: Partial<Record<Fault["kind"], (target: FaultTarget) => boolean>> = {
  "late-visible": isRead,
  "reduced-visibility": isRead,
  "query-timeout": isRead,
  "hidden-field": (target) => isRead(target) || /\/sobjects\b/.test(target.path),
  "invalid-query-locator": ({ path, query }) =>
    /\/query(All)?\/[^/]+$/.test(path) || query.includes("locator="),
  "org-changed": (target) => target.soql !== undefined || !isApi(target),
};

function fits(fault: Fault, target: FaultTarget): boolean {
  const canHappen = possibleCalls[fault.kind] ?? (fault.match === undefined ? isApi : () => true);
  return canHappen(target) && (fault.match === undefined || matches(fault.match, target));
}

function matches(match: string, { method, path, query, soql }: FaultTarget): boolean {
  const address = query === "" ? `${method} ${path}` : `${method} ${path}?${query}`;
  const text = method === "POST" && soql !== undefined ? `${address} ${soql}` : address;
  if (text.includes(match)) return true;
  try {
    return new RegExp(match, "i").test(text);
  } catch {
    return false; // Not a regular expression: then it was meant as text.
  }
}
