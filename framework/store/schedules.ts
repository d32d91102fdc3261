import type { SkipReason, TickFailureReason } from "../event/daemon-event.ts";
import type { Json } from "../util/hash.ts";
import type { RunOwner } from "./run-owner.ts";
import type { Instant, Tags } from "./instant.ts";

/** What gives ticks. */
export type TickKind = "schedule" | "sensor";

/** `queued`: claimed, and its run has not begun, or is to be tried again. */
export type TickStatus = "queued" | "started" | "succeeded" | "failed" | "skipped";

/** Why the daemon has told a run to end. */
export type Ending = "deadline" | "memory" | "drain" | "overlap";

/** What the run of a tick is and may take, as it was defined when the tick was claimed. */
export interface TickRequest {
  /** Arguments of `moraine materialize`. */
  readonly selection: readonly string[];
  /** As `--partition` takes them. */
  readonly partitions: readonly string[];
  /** Beside `schedule` and `tick`. */
  readonly tags: Tags;
  readonly retry: { readonly maxAttempts: number; readonly baseDelayMs: number; readonly maxDelayMs: number };
  readonly deadlineMs: number | null;
  readonly memoryMb: number | null;
}

/** One tick, or several that were missed together. */
export interface TickRecord {
  /** Rises with each. */
  readonly id: number;
  readonly schedule: string;
  readonly kind: TickKind;
  readonly tick: Instant;
  readonly number: number;
  readonly status: TickStatus;
  /** Of one that was skipped, failed, or waits to be tried again. */
  readonly reason: SkipReason | TickFailureReason | undefined;
  /** One line about it. */
  readonly message: string | undefined;
  /** How many ticks the record stands for, itself the last. */
  readonly count: number;
  readonly decidedAt: Instant;
  readonly notBefore: Instant;
  readonly request: TickRequest;
  readonly attempt: number;
  /** The last run that was started for it; that may have been pruned. */
  readonly runId: string | undefined;
  /** The daemon that started it. */
  readonly daemon: string | undefined;
  readonly startedAt: Instant | undefined;
  readonly finishedAt: Instant | undefined;
  readonly ending: Ending | undefined;
}

/** The ticks of a schedule with one status, those that were pruned included. */
export interface TickTotal {
  readonly schedule: string;
  readonly status: TickStatus;
  /** Those that were missed together count each. */
  readonly count: number;
  /** The newest of them; null when it was pruned. */
  readonly last: Instant | null;
}

/** A tick that is decided. */
export interface NewTick {
  readonly tick: Instant;
  readonly number: number;
  readonly status: "queued" | "skipped" | "failed";
  readonly reason?: SkipReason | TickFailureReason;
  readonly message?: string;
  readonly count: number;
  readonly notBefore: Instant;
  readonly request: TickRequest;
}

/** What is remembered of a schedule or a sensor. */
export interface ScheduleRecord {
  readonly name: string;
  readonly kind: TickKind;
  /** By which its ticks are counted. */
  readonly rule: string;
  /** Up to where ticks have been decided, by the clock as it was then. */
  readonly seenAt: Instant;
  /** What a person said over the definition; undefined: nothing. */
  readonly switched: boolean | undefined;
  readonly cursor: Json | undefined;
  readonly note: string | undefined;
  /** Polls that failed since the last good one. */
  readonly failures: number;
}

/** A daemon, as it said last. */
export interface DaemonRecord extends RunOwner {
  readonly id: string;
  readonly startedAt: Instant;
  /** Undefined unless it ended in good order. */
  readonly stoppedAt: Instant | undefined;
  readonly isDraining: boolean;
  /** What is wrong with the definitions that it did not take over. */
  readonly problem: string | undefined;
}

/** What may be asked about schedules, sensors, ticks and daemons. Bound to one target. */
export interface ScheduleReader {
  schedules(): ReadonlyMap<string, ScheduleRecord>;
  /** Newest first, by when they were decided. */
  ticks(filter?: {
    readonly schedule?: string;
    readonly status?: TickStatus;
    /** Only those whose instant is at or after this one. */
    readonly since?: Instant;
    readonly limit?: number;
  }): readonly TickRecord[];
  /** Those that are queued or started, in the order of their instants. */
  openTicks(): readonly TickRecord[];
  tick(id: number): TickRecord | undefined;
  /** The newest tick of each schedule. */
  latestTicks(): ReadonlyMap<string, TickRecord>;
  /** All ticks by schedule and status; what they say changes with {@link tickState}. */
  tickTotals(): readonly TickTotal[];
  /** Text that is another one whenever a tick was decided, or went on to another status. */
  tickState(): string;
  /** Newest first. */
  daemons(): readonly DaemonRecord[];
}

/** The reader plus the writes, each one transaction. */
export interface ScheduleStore extends ScheduleReader {
  /**
   * Says by which rule a schedule's ticks are counted. One that is new, or had another, counts from now on, so that an edit
   * never fires what lies in the past.
   */
  register(
    schedule: { readonly name: string; readonly kind: TickKind; readonly rule: string },
    now: Instant,
  ): void;
  /**
   * Decides the ticks up to an instant: all of them or none, and none twice, however many daemons decide at once and
   * whatever the clock does. What was decided before under the same instant stays as it is.
   *
   * @returns those that were new; undefined when somebody has decided meanwhile, or the schedule has another rule or is off
   */
  decide(decision: {
    readonly name: string;
    readonly rule: string;
    readonly seenBefore: Instant;
    readonly seenAfter: Instant;
    readonly ticks: readonly NewTick[];
    readonly at: Instant;
  }): readonly TickRecord[] | undefined;
  /**
   * Takes a queued tick for a run that is about to be started.
   *
   * @returns false when it is not queued any more, or not yet due
   */
  start(
    id: number,
    start: { readonly runId: string; readonly daemon: string; readonly at: Instant },
  ): boolean;
  /** Notes why the run of a started tick is told to end. @returns false when it is not started, or was told before */
  markEnding(id: number, ending: Ending): boolean;
  /** Ends a tick whose run never began, or puts it back into the queue by its retry policy. */
  endUnbegun(runId: string, message: string, at: Instant): void;
  /** Ends a queued tick without a run. */
  skip(id: number, reason: SkipReason, at: Instant): boolean;
  /**
   * Adds a tick of a schedule out of its turn, because somebody asks for it; its number is after those of its instant.
   *
   * @returns undefined while one of that instant is queued or started
   */
  add(name: string, tick: Omit<NewTick, "number">, at: Instant): TickRecord | undefined;
  /**
   * Keeps what a person says over the definition. What passed while it was off stays past.
   *
   * @param to `isDefined`: what the definition says; with the same, nothing is kept over it
   * @returns false when no daemon has seen the schedule yet
   */
  switch(name: string, to: { readonly on: boolean; readonly isDefined: boolean }, now: Instant): boolean;
  /**
   * Keeps what a poll found: cursor, runs and note together.
   *
   * @returns false when the cursor is not any more what the poll began with, and nothing was kept
   */
  recordPoll(poll: {
    readonly name: string;
    readonly cursorBefore: Json | undefined;
    readonly cursor: Json | undefined;
    readonly note: string | undefined;
    readonly ticks: readonly NewTick[];
    readonly at: Instant;
  }): boolean;
  /** @returns how many polls have failed in a row */
  recordFailedPoll(name: string, message: string): number;
  registerDaemon(id: string, at: Instant): void;
  beat(
    id: string,
    at: Instant,
    state: { readonly isDraining: boolean; readonly problem: string | undefined },
  ): void;
  stopDaemon(id: string, at: Instant): void;
}
