import { randomUUID } from "node:crypto";
import type { Failure } from "../../event/failure.ts";
import type { SendingProgress } from "../../store/open-lineage.ts";
import type { Store, StoredEvent, StoreReader } from "../../store/store.ts";
import type { Clock } from "../../util/clock.ts";
import type { OpenLineageEvent } from "./event.ts";
import type { Transport } from "./transports/transport.ts";

/** Makes the events of OpenLineage for events that have all been read already. */
export type MakeEvents = (reader: StoreReader) => {
  make(event: StoredEvent["event"]): Promise<readonly OpenLineageEvent[]>;
};

/** How long somebody waits for the transports. */
export interface Patience {
  /** For each answer. @default what the transport says */
  readonly answerMs?: number;
  /** Altogether. @default until all is sent */
  readonly totalMs?: number;
}

/** A transport by its name. */
export interface NamedTransport {
  readonly name: string;
  readonly transport: Transport;
  readonly timeoutMs: number;
}

/** What became of a transport's queue. */
export interface Sent {
  readonly transport: string;
  /** Events that arrived. */
  readonly sent: number;
  /** Events that were refused for good. */
  readonly refused: number;
  /** Recorded events that still wait. */
  readonly waiting: number;
  /** Why it went no further; null when it did, when another process sends, or when it was not due. */
  readonly failure: Failure | null;
}

/** What sending needs. */
export interface SendOptions {
  readonly store: Store;
  readonly makeEvents: MakeEvents;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly patience: Patience;
  /** Also what is not due. @default false */
  readonly isForced?: boolean;
  /** Hides secrets. */
  readonly redact: (text: string) => string;
}

/** How many recorded events are read at a time. */
const eventsAtOnce = 200;
/** A sender that died is waited for as long. */
const claimMs = 60_000;
/** How often what has been sent is noted: as much is sent once more when the process dies. */
const noteEveryMs = 1_000;
const firstDelayMs = 10_000;
const longestDelayMs = 3_600_000;

/** Tells all transports what they have not been told, at once: none waits for another. Never throws for one that can't be told. */
export function sendAll(
  options: SendOptions,
  transports: readonly NamedTransport[],
): Promise<readonly Sent[]> {
  return Promise.all(transports.map((transport) => new Sending(options, transport).run()));
}

/**
 * Sends one transport's events in order, each at least once: what is not noted as sent is sent again by whoever comes
 * next. One sender at a time has the transport.
 */
class Sending {
  readonly #options: SendOptions;
  readonly #transport: NamedTransport;
  readonly #claim = randomUUID();
  #sentUpTo = 0;
  #sent = 0;
  #refused = 0;
  /** Of the refused ones, those that are noted. */
  #noted = 0;
  #notedAtMs = 0;
  #isLost = false;

  constructor(options: SendOptions, transport: NamedTransport) {
    this.#options = options;
    this.#transport = transport;
  }

  async run(): Promise<Sent> {
    const { store, clock, isForced = false, patience, signal } = this.#options;
    const { name } = this.#transport;
    const begin = clock.now();
    const claimed = store.openLineage.claim(name, {
      id: this.#claim,
      now: begin.toISOString(),
      until: this.#until(begin),
      isForced,
    });
    let failure: Failure | null = null;
    if (claimed !== undefined) {
      this.#sentUpTo = claimed.sentUpTo;
      this.#notedAtMs = begin.getTime();
      const endMs = patience.totalMs === undefined ? Infinity : begin.getTime() + patience.totalMs;
      try {
        failure = await this.#sendUntil(endMs);
      } catch (error) {
        // Told to end: what was not sent waits.
        if (!signal.aborted) throw error;
      } finally {
        const failed = failure && { failure, dueAt: this.#nextTry(claimed.failures, failure) };
        if (!this.#isLost) store.openLineage.settle(name, this.#claim, this.#progress(), failed ?? undefined);
      }
    }
    const [{ waiting } = { waiting: 0 }] = store.openLineage.transports([name]);
    return { transport: name, sent: this.#sent, refused: this.#refused, waiting, failure };
  }

  /** @returns why it went no further */
  async #sendUntil(endMs: number): Promise<Failure | null> {
    const { store, signal, clock, makeEvents } = this.#options;
    for (;;) {
      const { events, upTo } = store.openLineage.waiting(this.#sentUpTo, eventsAtOnce);
      const maker = makeEvents(store);
      for (const { id, event } of events) {
        if (signal.aborted || clock.now().getTime() >= endMs) return null;
        for (const made of await maker.make(event)) {
          const failure = await this.#sendOne(made, event);
          if (failure !== null) return failure;
        }
        this.#sentUpTo = id;
        if (!this.#note()) return null;
      }
      this.#sentUpTo = upTo;
      if (events.length < eventsAtOnce) return null;
    }
  }

  async #sendOne(made: OpenLineageEvent, event: StoredEvent["event"]): Promise<Failure | null> {
    const { redact, signal, patience } = this.#options;
    const { transport, timeoutMs } = this.#transport;
    const failure = await transport.send(redact(JSON.stringify(made)), {
      timeoutMs: Math.min(timeoutMs, patience.answerMs ?? timeoutMs),
      signal,
    });
    if (failure?.retryable === true) return failure;
    if (failure === null) this.#sent += 1;
    else this.#refuse(made, event, failure);
    return null;
  }

  /** An event that the server will never take would hold up all others: it is named in its run's log, and left out. */
  #refuse(made: OpenLineageEvent, { runId, ...event }: StoredEvent["event"], failure: Failure): void {
    const { store, clock, redact } = this.#options;
    const { name } = this.#transport;
    this.#refused += 1;
    const what = `${made.eventType} of ${made.job.name}`;
    store.recordEvent({
      type: "log",
      runId,
      at: clock.now().toISOString(),
      ...("key" in event && event.key !== undefined ? { key: event.key } : {}),
      level: "warn",
      message: redact(
        `OpenLineage transport ${name}: ${failure.message} ${what} (${failure.got ?? failure.reason}), it is not sent again`,
      ),
    });
  }

  /** @returns false when somebody else sends now */
  #note(): boolean {
    const now = this.#options.clock.now();
    if (now.getTime() - this.#notedAtMs < noteEveryMs) return true;
    const claim = { id: this.#claim, until: this.#until(now) };
    const isHeld = this.#options.store.openLineage.advance(this.#transport.name, claim, this.#progress());
    this.#isLost = !isHeld;
    return isHeld;
  }

  #progress(): SendingProgress {
    const now = this.#options.clock.now();
    const refused = this.#refused - this.#noted;
    this.#noted = this.#refused;
    this.#notedAtMs = now.getTime();
    return { sentUpTo: this.#sentUpTo, refused, at: now.toISOString() };
  }

  #until(now: Date): string {
    return new Date(now.getTime() + claimMs).toISOString();
  }

  #nextTry(failures: number, { retryAfterMs = 0 }: Failure): string {
    const delayMs = Math.max(firstDelayMs * 2 ** Math.min(failures, 10), retryAfterMs);
    return new Date(this.#options.clock.now().getTime() + Math.min(longestDelayMs, delayMs)).toISOString();
  }
}
