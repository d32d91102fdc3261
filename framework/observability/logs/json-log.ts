import { chmodSync, existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import pino from "pino";
import type { DaemonEvent } from "../../event/daemon-event.ts";
import type { LogLevel, RunEvent } from "../../event/event.ts";
import { daemonFields, runFields } from "./fields.ts";

/** Words for an event, and how much it matters; undefined: it is not worth a line. */
export type WordsOf<Event> = (
  event: Event,
) => { readonly level: LogLevel; readonly text: string } | undefined;

/** What a log takes. */
export interface JsonLogOptions {
  /** A file, made with its folder and only for its owner, or an open descriptor: 1 is stdout, 2 stderr. */
  readonly to: string | 1 | 2;
  /** @default "info" */
  readonly level?: LogLevel;
  /** Hides secrets in each whole line. */
  redact(line: string): string;
  readonly runWords: WordsOf<RunEvent>;
  readonly daemonWords?: WordsOf<DaemonEvent>;
  /** When a file is moved to `<file>.1` before it is opened; four older ones are kept. @default 16 MiB */
  readonly maxBytes?: number;
}

/** Writes events as JSON lines; every line is out before the call returns, so a process that dies loses none. */
export interface JsonLog {
  readonly runEvent: (event: RunEvent) => void;
  readonly daemonEvent: (event: DaemonEvent) => void;
  /** Something that belongs to no run. */
  error(error: unknown, message: string): void;
  close(): void;
}

const defaultMaxBytes = 16 * 2 ** 20;
const keptFiles = 5;

/** Opens a log. Fields: `level`, `time` (ISO 8601, UTC), `pid`, `type`, `runId`, `asset`, `partition`, `attempt`, `msg`, and the event's own. */
export function openJsonLog(options: JsonLogOptions): JsonLog {
  const { to, level = "info", runWords, daemonWords = () => undefined } = options;
  if (typeof to === "string") prepare(to, options.maxBytes ?? defaultMaxBytes);
  const destination = pino.destination({ dest: to, sync: true, mode: 0o600 });
  // A full disk or a closed pipe must not end the work that is told of; the store has every event as well.
  destination.on("error", () => {});
  const logger = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: false,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: safeError },
    },
    { write: (line: string) => writeSafely(destination, options.redact(line)) },
  );
  /** The attempt that each unit is at; events inside it do not say. */
  const attempts = new Map<string, number>();
  return {
    runEvent(event) {
      const words = runWords(event);
      const fields = runFields(event, attempts);
      if (words !== undefined) logger[words.level]({ time: event.at, ...fields }, words.text);
    },
    daemonEvent(event) {
      const words = daemonWords(event);
      if (words !== undefined) logger[words.level](daemonFields(event), words.text);
    },
    error: (error, message) => logger.error({ time: new Date().toISOString(), err: error }, message),
    close: () => destination.end(),
  };
}

function writeSafely(destination: { write(line: string): unknown }, line: string): void {
  try {
    destination.write(line);
  } catch {}
}

/** What an error says of itself. Fields that libraries hang on errors (requests, headers, options) hold secrets, and stay out. */
function safeError(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  const code = "code" in error && typeof error.code === "string" ? { code: error.code } : {};
  return { name, message, stack, ...code, ...(cause === undefined ? {} : { cause: safeError(cause) }) };
}

function prepare(file: string, maxBytes: number): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const bytes = statSync(file, { throwIfNoEntry: false })?.size;
  if (bytes === undefined) return;
  if (bytes < maxBytes) {
    // Somebody else may have made it.
    chmodSync(file, 0o600);
    return;
  }
  for (let number = keptFiles - 2; number >= 0; number--) {
    const name = number === 0 ? file : `${file}.${number}`;
    if (existsSync(name)) renameSync(name, `${file}.${number + 1}`);
  }
}
