import type { Schedule } from "../definition/schedule.ts";
import type { CronTicks } from "../util/cron.ts";

/** So late a tick may be found and not count as missed: the daemon is awake at every tick, but machines stall. */
export const graceMs = 60_000;
/** More missed ticks are not counted one by one. */
const maxCounted = 1_000;

/** What is to be done about the ticks of a stretch of time. */
export interface DueTicks {
  /** Those that give a run, oldest first. */
  readonly due: readonly Date[];
  /** The newest that gives none, for nobody was there for it, and how many there are, at most 1,000. */
  readonly missed: { readonly newest: Date; readonly count: number } | undefined;
}

const none: DueTicks = { due: [], missed: undefined };

/**
 * The ticks after `seen` and up to `now`, by the catch-up policy. A clock that was set back makes the stretch empty: what
 * it shows again has been decided, and what it had jumped over comes when it is its time.
 */
export function dueTicks(
  ticks: CronTicks,
  seen: Date,
  now: Date,
  { catchUp, catchUpLimit }: Pick<Schedule, "catchUp" | "catchUpLimit">,
): DueTicks {
  const first = ticks.next(seen);
  if (first > now) return none;
  // Most often there is one; looking back takes longer.
  const isAlone = ticks.next(first) > now;
  const newest = isAlone ? first : (ticks.last(now) ?? first);
  if (catchUp === "none" && now.getTime() - newest.getTime() > graceMs)
    return { due: [], missed: missedUpTo(ticks, seen, newest) };
  if (isAlone) return { due: [newest], missed: undefined };
  const due = catchUp === "all" ? newestTicks(ticks, { seen, newest, limit: catchUpLimit }) : [newest];
  const [oldest = newest] = due;
  const before = ticks.last(new Date(oldest.getTime() - 1));
  const hasMissed = before !== undefined && before > seen;
  return { due, missed: hasMissed ? missedUpTo(ticks, seen, before) : undefined };
}

/** The last ticks up to `newest`, as many as the limit; looked for from further back each time. */
function newestTicks(
  ticks: CronTicks,
  { seen, newest, limit }: { readonly seen: Date; readonly newest: Date; readonly limit: number },
): readonly Date[] {
  const previous = ticks.last(new Date(newest.getTime() - 1)) ?? seen;
  for (let backMs = (newest.getTime() - previous.getTime()) * (limit + 1); ; backMs *= 4) {
    const from = new Date(Math.max(seen.getTime(), newest.getTime() - backMs));
    const found: Date[] = [];
    for (let at = ticks.next(from); at <= newest; at = ticks.next(at)) found.push(at);
    if (found.length >= limit || from <= seen) return found.slice(-limit);
  }
}

function missedUpTo(ticks: CronTicks, seen: Date, newest: Date): NonNullable<DueTicks["missed"]> {
  let count = 0;
  for (let at = ticks.next(seen); at <= newest && count < maxCounted; at = ticks.next(at)) count += 1;
  return { newest, count };
}
