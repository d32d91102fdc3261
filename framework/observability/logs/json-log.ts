import { chmodSync, closeSync, mkdirSync, openSync, renameSync, statSync } from "node:fs";
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
  readonly daemonWords: WordsOf<DaemonEvent>;
  /** When a file is moved to `<file>.1` before it is opened; four older ones are kept. @default 16 MiB */
  readonly maxBytes?: number;
}

/** Writes events as JSON lines; every line is out before the call returns, so a process that dies loses none. */
export interface JsonLog {
  readonly runEvent: (event: RunEvent) => void;
  readonly daemonEvent: (event: DaemonEvent) => void;
  /** Goes on in a new file when this one has grown too large, or somebody else has moved it. */
  rotate(): void;
  close(): void;
}

const defaultMaxBytes = 16 * 2 ** 20;
const keptFiles = 5;

/** Opens a log. Fields: `level`, `time` (ISO 8601, UTC), `pid`, `type`, `runId`, `asset`, `partition`, `attempt`, `msg`, and the event's own. */
export function openJsonLog(options: JsonLogOptions): JsonLog {
  const { to, level = "info", runWords, daemonWords, maxBytes = defaultMaxBytes } = options;
  if (typeof to === "string") prepare(to, maxBytes);
  const destination = pino.destination({ dest: to, sync: true, mode: 0o600 });
  let opened = inodeOf(to);
  // A full disk or a closed pipe must not end the work that is told of; the store has every event as well.
  destination.on("error", () => {});
  const logger = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: false,
      formatters: { level: (label) => ({ level: label }) },
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
    rotate() {
      if (typeof to !== "string") return;
      prepare(to, maxBytes);
      if (inodeOf(to) === opened) return;
      destination.reopen();
      opened = inodeOf(to);
    },
    close: () => destination.end(),
  };
}

function writeSafely(destination: { write(line: string): unknown }, line: string): void {
  try {
    destination.write(line);
  } catch {}
}

function inodeOf(to: JsonLogOptions["to"]): number | undefined {
  return typeof to === "string" ? statSync(to, { throwIfNoEntry: false })?.ino : undefined;
}

/**
 * Makes its folder, and moves it away when it is too large. Opened here as well, for the destination does not say that a
 * file can't be written.
 */
function prepare(file: string, maxBytes: number): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) >= maxBytes) moveAway(file);
  closeSync(openSync(file, "a", 0o600));
  const stat = statSync(file);
  // Somebody else may have made it.
  if (stat.isFile() && stat.uid === process.getuid?.()) chmodSync(file, 0o600);
}

function moveAway(file: string): void {
  for (let number = keptFiles - 2; number >= 0; number--) {
    try {
      renameSync(number === 0 ? file : `${file}.${number}`, `${file}.${number + 1}`);
    } catch (error) {
      // Not there yet, or another process has moved it meanwhile.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}
