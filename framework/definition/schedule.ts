import { readCron } from "../util/cron.ts";
import { runTagProblems } from "./run-tags.ts";
import { type PolicyProblem, policyProblems } from "./policy-problem.ts";
import type { DefinitionProblem } from "./problem.ts";
import {
  nameProblems,
  type RunLimitOptions,
  runLimitProblems,
  type RunLimits,
  runLimitsOf,
  wholeNumber,
} from "./run-limits.ts";

/** What a schedule does about a tick while an earlier one of it is not done. */
export type Overlap =
  /** The new tick gives no run. */
  | "skip"
  /** It waits, and ticks run one after another in their order. */
  | "queue"
  /** The earlier run is told to end, and then the new one begins. */
  | "cancel";

/** Which of the ticks that nobody was there for are made up. */
export type CatchUp = "none" | "latest" | "all";

/** The tick for which a run is made up. */
export interface Tick {
  /** The instant that the schedule named, however much later its run begins. */
  readonly at: Date;
  /** Of the tick before it: what lies between the two is this tick's. */
  readonly previous: Date;
  readonly schedule: string;
  readonly timezone: string;
}

/** When to run what. Made by {@link defineSchedule}; frozen. */
export interface Schedule extends RunLimits {
  readonly kind: "schedule";
  readonly name: string;
  readonly description: string | undefined;
  /** Undefined exactly with `everyMs`. */
  readonly cron: string | undefined;
  readonly timezone: string;
  readonly everyMs: number | undefined;
  /** Arguments as `moraine materialize` takes them; none: everything. */
  readonly selection: readonly string[];
  readonly partitions: ((tick: Tick) => string | readonly string[]) | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly overlap: Overlap;
  readonly catchUp: CatchUp;
  readonly catchUpLimit: number;
  readonly jitterMs: number;
  readonly target: string | undefined;
  readonly enabled: boolean;
  readonly problems: readonly DefinitionProblem[];
}

/** What {@link defineSchedule} takes: a `cron` with its `timezone`, or `everyMs`. */
export interface ScheduleOptions extends RunLimitOptions {
  /** Lower case letters, digits and dashes; what is remembered of it goes by this name. */
  readonly name: string;
  readonly description?: string;
  /** Five fields like `0 5 * * 1-5`, or `@daily`; docs/freshness.md says what it means where clocks change. */
  readonly cron?: string;
  /** IANA name. Required with `cron`. */
  readonly timezone?: string;
  /** Instead of a cron: at every multiple of this many milliseconds since 1970, from 1000. */
  readonly everyMs?: number;
  /** One or several arguments as `moraine materialize` takes them. @default everything */
  readonly selection?: string | readonly string[];
  /** The partitions to make, as `--partition` takes them. @default those that are due when the run begins */
  readonly partitions?: (tick: Tick) => string | readonly string[];
  /** Of its runs, beside `schedule` and `tick`. @default none */
  readonly tags?: Readonly<Record<string, string>>;
  /** @default "skip" */
  readonly overlap?: Overlap;
  /**
   * Of ticks that passed while no daemon was there: `none`, the `latest`, or `all` one after another. @default "latest"
   */
  readonly catchUp?: CatchUp;
  /** With `catchUp: "all"`: only the newest of them, this many. @default 100 */
  readonly catchUpLimit?: number;
  /** A run begins up to this much after its tick, milliseconds; each tick has its own share, always the same. @default 0 */
  readonly jitterMs?: number;
  /** Only daemons of this target run it. @default the daemon's, whichever it is */
  readonly target?: string;
  /** What passes while it is not stays past. @default true */
  readonly enabled?: boolean;
}

/**
 * Declares a schedule; put it among a config's `schedules`. Problems (a cron expression that can't be read, a name that is
 * none) are kept on the value and reported with all others before anything runs.
 */
export function defineSchedule(options: ScheduleOptions): Schedule {
  const { selection = [], timezone = "UTC" } = options;
  return Object.freeze({
    kind: "schedule",
    name: options.name,
    description: options.description,
    cron: options.cron,
    timezone,
    everyMs: options.everyMs,
    selection: Object.freeze(typeof selection === "string" ? [selection] : [...selection]),
    partitions: options.partitions,
    tags: Object.freeze({ ...options.tags }),
    overlap: options.overlap ?? "skip",
    catchUp: options.catchUp ?? "latest",
    catchUpLimit: options.catchUpLimit ?? 100,
    jitterMs: options.jitterMs ?? 0,
    ...runLimitsOf(options),
    target: options.target,
    enabled: options.enabled ?? true,
    // Looked for only when somebody asks: the first look at a time zone takes longer than all the rest of a start.
    get problems() {
      return policyProblems(`schedule ${options.name}`, scheduleProblems(options));
    },
  });
}

function scheduleProblems(options: ScheduleOptions): readonly PolicyProblem[] {
  return [
    ...nameProblems(options.name),
    ...ruleProblems(options),
    ...oneOf("overlap", options.overlap, ["skip", "queue", "cancel"]),
    ...oneOf("catchUp", options.catchUp, ["none", "latest", "all"]),
    ...(options.catchUp === "all" && options.overlap === "cancel"
      ? [{ path: ["catchUp"], expected: 'expected no "all" beside overlap "cancel"', got: "all" }]
      : []),
    ...wholeNumber("jitterMs", options.jitterMs, 0),
    ...wholeNumber("catchUpLimit", options.catchUpLimit, 1),
    ...runLimitProblems(options),
    ...runTagProblems(options.tags ?? {}, ["tags"]),
  ];
}

function oneOf(path: string, got: string | undefined, names: readonly string[]): readonly PolicyProblem[] {
  if (got === undefined || names.includes(got)) return [];
  return [{ path: [path], expected: `expected ${names.join(", ")}`, got }];
}

function ruleProblems({ cron, timezone, everyMs }: ScheduleOptions): readonly PolicyProblem[] {
  if ((cron === undefined) === (everyMs === undefined))
    return [{ path: [], expected: "expected one of cron and everyMs", got: { cron, everyMs } }];
  if (cron === undefined) return wholeNumber("everyMs", everyMs, 1000);
  const read = readCron(cron, timezone ?? "");
  return read.ok ? [] : [{ path: [read.field], expected: read.message, got: { cron, timezone }[read.field] }];
}
