import type { Json } from "../util/hash.ts";
import type { WorkContext } from "./context.ts";
import { policyProblems } from "./policy-problem.ts";
import type { DefinitionProblem } from "./problem.ts";
import {
  nameProblems,
  type RunLimitOptions,
  runLimitProblems,
  type RunLimits,
  runLimitsOf,
  wholeNumber,
} from "./run-limits.ts";

/** What a sensor is given when it is polled. */
export interface SensorContext extends Pick<
  WorkContext,
  "projectDir" | "stateDir" | "target" | "resources" | "signal"
> {
  /** What its last good poll gave back; undefined the first time. */
  readonly cursor: Json | undefined;
  readonly log: (message: string) => void;
}

/** One run that a sensor asks for. */
export interface SensorRun {
  /** Arguments as `moraine materialize` takes them. */
  readonly selection: string | readonly string[];
  /** As `--partition` takes them. @default those that are due when the run begins */
  readonly partitions?: string | readonly string[];
  /** Beside `schedule` and `tick`. @default none */
  readonly tags?: Readonly<Record<string, string>>;
}

/** What a poll found. Cursor and runs are kept together or not at all. */
export interface SensorResult {
  /** @default none */
  readonly runs?: readonly SensorRun[];
  /** Undefined leaves it as it is. */
  readonly cursor?: Json;
  /** Why there is no run, for people. */
  readonly skip?: string;
}

/** A function that is polled and says what to run. Made by {@link defineSensor}; frozen. */
export interface Sensor extends RunLimits {
  readonly kind: "sensor";
  readonly name: string;
  readonly description: string | undefined;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly poll: (context: SensorContext) => Promise<SensorResult | void> | SensorResult | void;
  readonly target: string | undefined;
  readonly enabled: boolean;
  readonly problems: readonly DefinitionProblem[];
}

/** What {@link defineSensor} takes. */
export interface SensorOptions extends Pick<Sensor, "name" | "everyMs" | "poll">, RunLimitOptions {
  readonly description?: string;
  /** A poll that takes longer is killed, milliseconds. @default 60000 */
  readonly timeoutMs?: number;
  /** Only daemons of this target poll it. @default the daemon's, whichever it is */
  readonly target?: string;
  /** What passes while it is not stays past. @default true */
  readonly enabled?: boolean;
}

/**
 * Declares a sensor; put it among a config's `schedules`. Each poll is a process of its own that takes half a second of
 * a core to start, so `everyMs` is 1000 at least and better a minute.
 *
 * @example
 * defineSensor({
 *   name: "new-exports",
 *   everyMs: 60_000,
 *   poll: async ({ cursor = "" }) => {
 *     const newest = (await readdir("exports")).sort().at(-1) ?? "";
 *     return newest === cursor ? { skip: "nothing new" } : { runs: [{ selection: "raw/exports+" }], cursor: newest };
 *   },
 * })
 */
export function defineSensor(options: SensorOptions): Sensor {
  return Object.freeze({
    kind: "sensor",
    name: options.name,
    description: options.description,
    everyMs: options.everyMs,
    timeoutMs: options.timeoutMs ?? 60_000,
    poll: options.poll,
    ...runLimitsOf(options),
    target: options.target,
    enabled: options.enabled ?? true,
    problems: policyProblems(`sensor ${options.name}`, [
      ...nameProblems(options.name),
      ...(typeof options.poll === "function"
        ? []
        : [{ path: ["poll"], expected: "expected a function", got: options.poll ?? null }]),
      ...wholeNumber("everyMs", options.everyMs ?? Number.NaN, 1000),
      ...wholeNumber("timeoutMs", options.timeoutMs, 1),
      ...runLimitProblems(options),
    ]),
  });
}
