import type { RunEvent } from "../event/event.ts";
import type { Failure } from "../event/failure.ts";
import type { Instant } from "./instant.ts";
import type { StoredEvent } from "./stored-event.ts";

/** The events that OpenLineage is told of. */
export const openLineageEventTypes = [
  "run-started",
  "asset-started",
  "asset-retrying",
  "asset-finished",
  "run-finished",
  "run-interrupted",
] as const satisfies readonly RunEvent["type"][];

/** How far a transport has been told. */
export interface TransportRecord {
  readonly name: string;
  /** Id of an event: all up to it have been sent, or were refused for good. */
  readonly sentUpTo: number;
  readonly sentAt: Instant | undefined;
  /** How many were refused for good. */
  readonly refused: number;
  /** Tries that failed since the last good one. */
  readonly failures: number;
  /** Why the last of them did. */
  readonly failure: Failure | undefined;
  /** Before when nobody tries again; undefined: at any time. */
  readonly dueAt: Instant | undefined;
  /** How many events wait. */
  readonly waiting: number;
}

/** Events that wait, and up to where there are no others. */
export interface WaitingEvents {
  readonly events: readonly StoredEvent[];
  readonly upTo: number;
}

/** What became of a try. */
export interface SendingProgress {
  readonly sentUpTo: number;
  readonly refused: number;
  readonly at: Instant;
}

/** What may be asked about what OpenLineage has been told. Bound to one target. */
export interface OpenLineageReader {
  /** Those of these names that are known. */
  transports(names: readonly string[]): readonly TransportRecord[];
  /** Events of this target above an id, in order; `upTo` is that of the last, or when these are all, that of the newest event. */
  waiting(after: number, limit: number): WaitingEvents;
}

/** The reader plus the writes, each one transaction. */
export interface OpenLineageStore extends OpenLineageReader {
  /** Makes transports known: they are told what is recorded from now on. Those of other names are forgotten, unless kept. */
  register(names: readonly string[], keep: readonly string[]): void;
  /**
   * Takes a transport for one sender, so that its events stay in order.
   *
   * @param claim `isForced`: although it is not due
   * @returns undefined when another one sends, or it is not due
   */
  claim(
    name: string,
    claim: {
      readonly id: string;
      readonly now: Instant;
      readonly until: Instant;
      readonly isForced: boolean;
    },
  ): TransportRecord | undefined;
  /** Notes what has been sent so far, and holds on to the claim. @returns false when somebody else has it now */
  advance(
    name: string,
    claim: { readonly id: string; readonly until: Instant },
    progress: SendingProgress,
  ): boolean;
  /** Notes what has been sent, why it went no further, and gives the claim back. */
  settle(
    name: string,
    claimId: string,
    progress: SendingProgress,
    failed: { readonly failure: Failure; readonly dueAt: Instant } | undefined,
  ): void;
}
