import { requireWhole } from "./control-error.ts";
import { readNow, readSetting, writeNow } from "./database.ts";
import type { Cell, SandboxDatabase } from "./database.ts";
import { makePerson, pickDepartment, pickDivision, pickLastName, pickTitle } from "./people.ts";
import { createRandom } from "./random.ts";
import type { Random } from "./random.ts";
import { nextUserNumber, personInserter } from "./seed.ts";
import { auditPhases } from "./user-fields.ts";

const dayLength = 86_400;
const mostDays = 3660;
const quietBeforeNow = 600;
const workStart = 8 * 3600;
const workEnd = 17 * 3600;

/** What happened in the days that passed, by how many users each. */
export interface DayCounts {
  readonly days: number;
  readonly hires: number;
  /** Another division. */
  readonly moves: number;
  /** Another audit phase. */
  readonly phases: number;
  /** Another title, or name: nothing that the dimension tracks. */
  readonly titles: number;
  readonly names: number;
  readonly deactivations: number;
  readonly reactivations: number;
  /** The clock after it, ISO 8601. */
  readonly now: string;
}

type Happening = "hires" | "moves" | "phases" | "titles" | "names" | "deactivations" | "reactivations";

// Share of the active users that each happens to in a day, and the fewest it happens to; together a little over 1 %.
const rates: Readonly<Record<Happening, readonly [number, number]>> = {
  hires: [0.0015, 1],
  moves: [0.003, 2],
  phases: [0.004, 2],
  titles: [0.0015, 1],
  names: [0.0005, 1],
  deactivations: [0.001, 1],
  reactivations: [0.0005, 1],
};

/**
 * Lets days pass. Each day's changes depend on the org's rows, the seed and the date alone; a user changes at most once a
 * day, in working hours, later than anything before and at least ten minutes before the new now.
 */
export function advanceDays(db: SandboxDatabase, days: number): DayCounts {
  requireWhole("days", days, 0, mostDays);
  const counts = { hires: 0, moves: 0, phases: 0, titles: 0, names: 0, deactivations: 0, reactivations: 0 };
  db.transaction(() => {
    for (let passed = 0; passed < days; passed += 1) passOneDay(db, counts);
  }).immediate();
  return { days, ...counts, now: new Date(readNow(db) * 1000).toISOString() };
}

function passOneDay(db: SandboxDatabase, counts: Record<Happening, number>): void {
  const before = readNow(db);
  const now = before + dayLength;
  const random = createRandom(
    `day:${readSetting(db, "seed") ?? 0}:${new Date(now * 1000).toISOString().slice(0, 10)}`,
  );
  const stamp = workingHours(random, before, now);
  const active = takeRandomly(random, userNumbers(db, 1));
  const inactive = takeRandomly(random, userNumbers(db, 0));
  const activeCount = active.left();
  const happen = (kind: Happening, change: () => boolean): void => {
    const [rate, fewest] = rates[kind];
    const wanted = Math.max(fewest, Math.round(activeCount * rate));
    for (let done = 0; done < wanted && change(); done += 1) counts[kind] += 1;
  };
  const update = changer(db);

  happen("moves", () => update(active.next(), stamp(), (user) => moved(random, user)));
  happen("phases", () =>
    update(active.next(), stamp(), (user) => ({ Audit_Phase__c: nextPhase(random, user.phase) })),
  );
  happen("titles", () =>
    update(active.next(), stamp(), (user) => ({ Title: other(user.title, () => pickTitle(random)) })),
  );
  happen("names", () =>
    update(active.next(), stamp(), (user) => {
      const lastName = other(user.lastName, () => pickLastName(random));
      return { LastName: lastName, Name: [user.firstName, lastName].filter(Boolean).join(" ") };
    }),
  );
  happen("deactivations", () => update(active.next(), stamp(), () => ({ IsActive: 0 })));
  happen("reactivations", () => update(inactive.next(), stamp(), () => ({ IsActive: 1 })));
  const insert = personInserter(db);
  happen("hires", () => {
    const managerId = db.prepare(`SELECT Id FROM "User" WHERE IsActive = 1 LIMIT 1`).pluck().get() as
      | string
      | undefined;
    insert(makePerson(random, { number: nextUserNumber(db), at: stamp(), managerId: managerId ?? null }));
    return true;
  });
  writeNow(db, now);
}

interface KnownUser {
  readonly division: string | null;
  readonly phase: string | null;
  readonly title: string | null;
  readonly firstName: string | null;
  readonly lastName: string;
  readonly stamp: number;
}

function changer(db: SandboxDatabase) {
  const read = db.prepare<[number], KnownUser>(
    `SELECT Division AS division, Audit_Phase__c AS phase, Title AS title, FirstName AS firstName, LastName AS lastName, SystemModstamp AS stamp FROM "User" WHERE number = ?`,
  );
  return (
    number: number | undefined,
    at: number,
    change: (user: KnownUser) => Readonly<Record<string, Cell>>,
  ): boolean => {
    const user = number === undefined ? undefined : read.get(number);
    if (number === undefined || user === undefined) return false;
    // A test may have stamped a user ahead of the clock; SystemModstamp never goes back.
    const stamp = Math.max(at, user.stamp + 1);
    const values = { ...change(user), LastModifiedDate: stamp, SystemModstamp: stamp };
    const assignments = Object.keys(values).map((name) => `"${name}" = ?`);
    db.prepare(`UPDATE "User" SET ${assignments.join(", ")} WHERE number = ?`).run(
      ...Object.values(values),
      number,
    );
    return true;
  };
}

function userNumbers(db: SandboxDatabase, isActive: 0 | 1): number[] {
  return db
    .prepare(`SELECT number FROM "User" WHERE IsActive = ? ORDER BY number`)
    .pluck()
    .all(isActive) as number[];
}

/** Draws from a list without putting back. */
function takeRandomly(random: Random, numbers: number[]) {
  return {
    left: () => numbers.length,
    next(): number | undefined {
      if (numbers.length === 0) return undefined;
      const index = random.below(numbers.length);
      const drawn = numbers[index];
      const last = numbers.pop();
      if (last !== undefined && index < numbers.length) numbers[index] = last;
      return drawn;
    },
  };
}

/** Instants of the last working hours before `now`, all after `before`. */
function workingHours(random: Random, before: number, now: number): () => number {
  const latest = now - quietBeforeNow;
  const midnight = now - (now % dayLength);
  const spans = [midnight, midnight - dayLength].map((start) => [
    Math.max(start + workStart, before + 1),
    Math.min(start + workEnd, latest),
  ]);
  const [from = before + 1, to = latest] = spans.find(([start = 0, end = 0]) => start < end) ?? [];
  return () => from + random.below(to - from + 1);
}

function moved(random: Random, user: KnownUser): Readonly<Record<string, Cell>> {
  // '' and null are the same to Salesforce: going from one to the other would be no move.
  const division = other(
    user.division === "" ? null : user.division,
    () => pickDivision(random),
    (value) => value || null,
  );
  return { Division: division, Department: pickDepartment(random, division) };
}

function nextPhase(random: Random, phase: string | null): string | null {
  if (phase !== null && random.chance(0.1)) return null;
  const index = auditPhases.findIndex((known) => known === phase);
  return auditPhases[(index + 1) % auditPhases.length] ?? null;
}

function other<T>(old: T, pick: () => T, normal: (value: T) => T = (value) => value): T {
  for (;;) {
    const drawn = pick();
    if (normal(drawn) !== old) return drawn;
  }
}
