import { randomUUID } from "node:crypto";
import type { AlertChannel, QuietHours } from "../../definition/alerts.ts";
import type { AlertMessage } from "../../event/alert.ts";
import type { Failure } from "../../event/failure.ts";
import type { AlertStore } from "../../store/alerts/alert-records.ts";
import type { Clock } from "../../util/clock.ts";
import {
  attempt,
  type AttemptOptions,
  attemptsAtOnce,
  defaultTimeoutMs,
  longestPauseMs,
} from "./attempts.ts";
import { type ChannelPlaces, openChannel } from "./channels/open-channel.ts";
import { type AlertWords, composeMessage, itemsOf } from "./compose.ts";
import { isQuiet } from "./quiet-hours.ts";

/** What became of a message to one channel. */
export interface Delivery {
  readonly channel: string;
  /** How many alerts it told of. */
  readonly alerts: number;
  /** Null: it was delivered. Else it is tried again later. */
  readonly failure: Failure | null;
}

/** What delivering needs. */
export interface DeliveryOptions extends ChannelPlaces, AttemptOptions {
  readonly channels: Readonly<Record<string, AlertChannel>>;
  readonly quietHours: QuietHours | undefined;
  readonly store: Pick<AlertStore, "claim" | "settle" | "alert">;
  readonly project: string;
  readonly target: string;
  readonly words: AlertWords;
}

const firstDelayMs = 60_000;
const longestDelayMs = 3_600_000;

/**
 * Sends what is due, to all channels at once: none waits for another. Never throws for a channel that can't be reached; that is
 * recorded, and tried again later. Killed between sending and recording, a message is sent once more.
 */
export async function deliver(options: DeliveryOptions): Promise<readonly Delivery[]> {
  const sent = await Promise.all(
    Object.entries(options.channels).map(([name, config]) => deliverTo(options, name, config)),
  );
  return sent.flat();
}

async function deliverTo(
  options: DeliveryOptions,
  channel: string,
  config: AlertChannel,
): Promise<readonly Delivery[]> {
  const { store, clock, project, target, words, quietHours } = options;
  const claim = randomUUID();
  const now = clock.now();
  const longestMs = attemptsAtOnce * ((config.timeoutMs ?? defaultTimeoutMs) + longestPauseMs) + 60_000;
  const until = new Date(now.getTime() + longestMs);
  const notices = store.claim({
    channel,
    claim,
    now: now.toISOString(),
    until: until.toISOString(),
    isQuiet: quietHours !== undefined && isQuiet(quietHours, now),
  });
  if (notices.length === 0) return [];
  const ids = notices.map(({ id }) => id);
  const items = itemsOf(notices, (id) => store.alert(id));
  const draft = { project, target, items, identity: [channel, ...ids], isTest: false, now };
  const failure = await send(options, config, composeMessage(draft, words));
  const attempts = Math.max(...notices.map((notice) => notice.attempts));
  store.settle(
    ids,
    claim,
    failure === null
      ? { sentAt: clock.now().toISOString() }
      : { failure, dueAt: nextTry(clock, attempts, failure) },
  );
  return [{ channel, alerts: items.length, failure }];
}

function nextTry(clock: Clock, attempts: number, { retryAfterMs = 0 }: Failure): string {
  const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(attempts, 10));
  return new Date(clock.now().getTime() + Math.max(delayMs, retryAfterMs)).toISOString();
}

/** Sends one message, again where that may help. @returns why it could not be delivered, without secrets */
export function send(
  options: AttemptOptions & ChannelPlaces,
  config: AlertChannel,
  message: AlertMessage,
): Promise<Failure | null> {
  const { timeoutMs = defaultTimeoutMs } = config;
  return attempt({ ...options, timeoutMs }, async (how) =>
    (await openChannel(config, options)).send(message, how),
  );
}
