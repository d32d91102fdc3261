import { advanceDays } from "./advance.ts";
import type { DayCounts } from "./advance.ts";
import { ControlError } from "./control-error.ts";
import { readCredentials } from "./credentials.ts";
import type { SandboxCredentials } from "./credentials.ts";
import { openDatabase, readNow, writeNow } from "./database.ts";
import type { SandboxDatabase } from "./database.ts";
import { armFault, clearFaults, listFaults } from "./faults.ts";
import type { ArmedFault, FaultInput } from "./faults.ts";
import { isSeeded, seedUsers } from "./seed.ts";

/**
 * The org's file without a server: what the command line works on. A running server sees every change at once. Wrong
 * arguments throw a ControlError.
 */
export interface SandboxData {
  /** Whether it was ever filled. */
  readonly isSeeded: boolean;
  /** How many users it has. */
  readonly userCount: number;
  /** The org's own time, ISO 8601 UTC. */
  readonly now: string;
  /** Empties and refills. `users` @default 2000; `seed` @default 42; `now` (ISO 8601) @default where the clock stands. */
  seed(options?: { readonly users?: number; readonly seed?: number; readonly now?: string }): {
    readonly users: number;
    readonly seed: number;
  };
  /** Lets days pass and says what happened. @default 1 */
  advance(days?: number): DayCounts;
  setClock(now: string): void;
  armFault(fault: FaultInput): ArmedFault;
  faults(): readonly ArmedFault[];
  /** One, or all; returns how many there were. */
  clearFaults(id?: number): number;
  /** Made on first use, the same ever after; the address is that of the newest living server. */
  credentials(): SandboxCredentials;
  close(): void;
}

/** Binds the functions of the room to one open file. */
export function sandboxDataOf(db: SandboxDatabase): SandboxData {
  return {
    get isSeeded() {
      return isSeeded(db);
    },
    get userCount() {
      return db.prepare(`SELECT count(*) FROM "User"`).pluck().get() as number;
    },
    get now() {
      return new Date(readNow(db) * 1000).toISOString();
    },
    seed: ({ now, ...rest } = {}) =>
      seedUsers(db, now === undefined ? rest : { ...rest, now: secondsOf(now) }),
    advance: (days = 1) => advanceDays(db, days),
    setClock: (now) => writeNow(db, secondsOf(now)),
    armFault: (fault) => armFault(db, fault),
    faults: () => listFaults(db),
    clearFaults: (id) => clearFaults(db, id),
    credentials: () => readCredentials(db),
    close: () => void db.close(),
  };
}

/** Opens the org's file, making it when there is none; see {@link SandboxData}. */
export function openData(dbPath: string): SandboxData {
  return sandboxDataOf(openDatabase(dbPath));
}

function secondsOf(instant: string): number {
  const milliseconds = Date.parse(instant);
  if (Number.isNaN(milliseconds))
    throw new ControlError(`expected an ISO 8601 instant, got ${JSON.stringify(instant)}`);
  return Math.floor(milliseconds / 1000);
}
