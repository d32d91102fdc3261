import type { Failure } from "../event/failure.ts";
import type { RunEvent } from "../event/event.ts";
import { hasPassed } from "../event/has-passed.ts";
import { unreachable } from "../util/unreachable.ts";
import { causeWord } from "./words/cause.ts";
import { valueText } from "./words/check.ts";
import { rowCountOf } from "./words/metadata.ts";
import { partitionCounts, unitCount } from "./progress/estimate.ts";
import { tagsText } from "./words/run.ts";
import { cleanText, unitName } from "./words/text.ts";

/** What {@link createPlainReporter} takes. */
export interface PlainReporterOptions {
  /** Receives whole lines, each with its line end. */
  readonly write: (text: string) => void;
  /** Milliseconds since the epoch; stamps the `wait` lines. @default Date.now */
  readonly now?: () => number;
  /** -1: only what failed and the end; 0: assets that did something; 1: fresh assets, checks and logs as well; 2: debug logs. @default 0 */
  readonly verbosity?: number;
}

/** Shows a run line by line. */
export interface Reporter {
  onEvent(event: RunEvent): void;
  close(): void;
}

interface RunningAsset {
  readonly key: string;
  readonly sinceMs: number;
  readonly tries: string;
  /** How many `wait` lines it has had. */
  waits: number;
}

const waitEveryMs = 30_000;

/**
 * Append-only lines for pipes, logs and CI: a UTC stamp, one verb, then `key=value`; never an escape code. A `wait` line
 * per running asset every 30 s shows that nothing hangs.
 */
export function createPlainReporter(options: PlainReporterOptions): Reporter {
  return new PlainReporter(options);
}

class PlainReporter implements Reporter {
  readonly #write: (text: string) => void;
  readonly #now: () => number;
  readonly #verbosity: number;
  readonly #running = new Map<string, RunningAsset>();
  readonly #resources = new Map<string, string>();
  #usualMs: Readonly<Record<string, number>> = {};
  #total = 0;
  #finished = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PlainReporterOptions) {
    this.#write = options.write;
    this.#now = options.now ?? Date.now;
    this.#verbosity = options.verbosity ?? 0;
  }

  onEvent(event: RunEvent): void {
    switch (event.type) {
      case "run-started":
        this.#usualMs = event.usualMs;
        this.#total = unitCount({ keys: event.keys, partitions: partitionCounts(event.partitions) });
        return this.#line(event.at, 0, "start", "", {
          run: event.runId,
          target: event.target,
          trigger: event.trigger,
          assets: event.keys.length,
          partitions: this.#total === event.keys.length ? undefined : this.#total,
          workers: event.workers,
          selection: event.selection || undefined,
          tags: event.tags === undefined ? undefined : tagsText(event.tags),
          resumes: event.resumes,
        });
      case "asset-started":
        return this.#started(event);
      case "asset-waiting":
        return this.#line(event.at, 0, "wait", unitName(event), { held_by_run: event.holder });
      case "asset-progress":
        return;
      case "asset-retrying":
        return this.#line(event.at, 0, "retry", unitName(event), {
          try: `${event.attempt}/${event.maxAttempts}`,
          in: seconds(event.delayMs),
          ...failureFields(event.failure),
        });
      case "asset-finished":
        return this.#assetFinished(event);
      case "check-started":
        return;
      case "check-finished":
        return this.#checkFinished(event);
      case "log":
        return this.#line(event.at, event.level === "debug" ? 2 : 1, "log", event.key ?? "", {
          level: event.level,
          message: event.message,
        });
      case "resource-progress":
        return this.#resource(event);
      case "cancelling":
        return this.#line(event.at, 0, "stop", "", { reason: event.reason, running: this.#running.size });
      case "run-finished":
        return this.#runFinished(event);
      case "run-interrupted":
        return; // Of a run that is followed, its process says nothing more.
      default:
        return unreachable(event);
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#running.clear();
  }

  #started(event: Extract<RunEvent, { type: "asset-started" }>): void {
    const tries = `${event.attempt}/${event.maxAttempts}`;
    const name = unitName(event);
    const before = this.#running.get(name);
    this.#running.set(name, {
      key: event.key,
      sinceMs: before?.sinceMs ?? Date.parse(event.at),
      tries,
      waits: before?.waits ?? 0,
    });
    this.#timer ??= setInterval(() => this.#wait(), 1000).unref();
    this.#line(event.at, 1, "start", name, { try: tries, why: causeWord(event.causes) || undefined });
  }

  #wait(): void {
    const now = this.#now();
    for (const [name, asset] of this.#running) {
      const due = Math.floor((now - asset.sinceMs) / waitEveryMs);
      if (due <= asset.waits) continue;
      asset.waits = due;
      const usual = this.#usualMs[asset.key];
      this.#line(new Date(now).toISOString(), 0, "wait", name, {
        s: Math.floor((now - asset.sinceMs) / 1000),
        usual: usual === undefined ? undefined : Math.round(usual / 1000),
        try: asset.tries,
      });
    }
  }

  #assetFinished(event: Extract<RunEvent, { type: "asset-finished" }>): void {
    this.#finished++;
    this.#running.delete(unitName(event));
    if (this.#running.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    const subject = `${this.#finished}/${this.#total} ${unitName(event)}`;
    const why = causeWord(event.causes) || undefined;
    switch (event.outcome) {
      case "materialized":
        return this.#line(event.at, 0, "ok", subject, {
          rows: rowCountOf(event.metadata),
          s: seconds(event.durationMs),
          why,
          tries: event.attempts > 1 ? event.attempts : undefined,
        });
      case "fresh":
        return this.#line(event.at, 1, "ok", subject, { outcome: "fresh" });
      case "failed":
        return this.#line(event.at, -1, "fail", subject, {
          ...(event.failure === undefined ? {} : failureFields(event.failure)),
          tries: event.attempts,
          s: seconds(event.durationMs),
          why,
        });
      case "skipped":
        return this.#line(event.at, 0, "skip", subject, { because: event.because });
      case "cancelled":
        return this.#line(event.at, 0, "skip", subject, { outcome: "cancelled" });
      default:
        return unreachable(event.outcome);
    }
  }

  #checkFinished(event: Extract<RunEvent, { type: "check-finished" }>): void {
    const passed = hasPassed(event);
    const level = passed ? 1 : event.severity === "warn" ? 0 : -1;
    const { value, expected } = event.result;
    this.#line(event.at, level, "check", unitName(event), {
      name: event.check,
      passed,
      severity: event.severity,
      value,
      expected: passed ? undefined : Array.isArray(expected) ? valueText(expected) : expected,
      ...(event.failure === undefined ? {} : failureFields(event.failure)),
    });
  }

  /** Each message once: counts would fill the log. */
  #resource(event: Extract<RunEvent, { type: "resource-progress" }>): void {
    const before = this.#resources.get(event.resource);
    if (event.finished === true) this.#resources.delete(event.resource);
    else if (before === event.message) return;
    else this.#resources.set(event.resource, event.message);
    const verb = event.finished === true ? "ok" : before === undefined ? "start" : "wait";
    this.#line(event.at, 0, verb, "", { resource: event.resource, message: event.message });
  }

  #runFinished(event: Extract<RunEvent, { type: "run-finished" }>): void {
    this.close();
    const counts: Record<string, number> = {};
    for (const outcome of Object.values(event.outcomes)) counts[outcome] = (counts[outcome] ?? 0) + 1;
    this.#line(event.at, -1, "end", `run=${event.runId} ${event.status}`, {
      s: seconds(event.durationMs),
      ...counts,
    });
  }

  #line(at: string, level: number, verb: string, subject: string, fields: Record<string, unknown>): void {
    if (level > this.#verbosity) return;
    const words = [`${at.slice(0, 19)}Z`, verb.padEnd(4), ...(subject === "" ? [] : [cleanText(subject)])];
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined && value !== null) words.push(`${name}=${quoted(value)}`);
    }
    this.#write(`${words.join(" ")}\n`);
  }
}

function failureFields(failure: Failure): Record<string, string> {
  return { reason: failure.reason, message: failure.message };
}

/** Seconds with one decimal below 60, whole ones above. */
function seconds(ms: number): string {
  return ms < 59_950 ? (Math.round(ms / 100) / 10).toString() : Math.round(ms / 1000).toString();
}

/** A value as it stands after `=`: quoted like JSON when it has a space, a quote or nothing in it. */
function quoted(value: unknown): string {
  const text = cleanText(typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}
