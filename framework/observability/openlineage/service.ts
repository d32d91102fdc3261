import type { DaemonContext, DaemonService } from "../../scheduler/daemon-service.ts";
import type { Sent } from "./send.ts";

/** What the service sends by: what is configured may change with a reload. */
export interface LineageTold {
  /** Of transports; empty: nobody is to be told. */
  readonly names: readonly string[];
  tell(signal: AbortSignal): Promise<readonly Sent[]>;
}

/**
 * OpenLineage in the daemon: sends what runs left unsent, when somebody has written to the store or a transport is due
 * again. While nothing happens that costs one question for the change counter at each heartbeat.
 *
 * @param open gives what the definitions in force ask for; asked anew only when they have changed
 */
export function openLineageService(open: (context: DaemonContext) => Promise<LineageTold>): DaemonService {
  const stop = new AbortController();
  let context: DaemonContext | undefined;
  let told: LineageTold | undefined;
  let config: object | undefined;
  let changes: number | undefined;
  let dueAt: Date | undefined;
  let work: Promise<unknown> = Promise.resolve();

  const look = async (daemon: DaemonContext, now: Date): Promise<Date | undefined> => {
    const inForce = daemon.project().config;
    if (inForce !== config) {
      [told, changes] = [await open(daemon), undefined];
      config = inForce;
    }
    if (told === undefined || told.names.length === 0) return undefined;
    const isDue = dueAt !== undefined && dueAt <= now;
    const { store } = daemon;
    // Before anything is read: what is written meanwhile is for the next look.
    const seen = store.changeCounter();
    if (seen === changes && !isDue) return dueAt;
    const failed = (await told.tell(stop.signal)).flatMap(({ transport, failure }) =>
      failure === null ? [] : [`transport ${transport}: ${failure.message}`],
    );
    changes = seen;
    const at = now.toISOString();
    for (const message of failed)
      daemon.report({ type: "daemon-problem", at, service: "openlineage", message });
    const due = store.openLineage.transports(told.names).flatMap((record) => record.dueAt ?? []);
    dueAt =
      due.length === 0 ? undefined : new Date(due.reduce((first, next) => (next < first ? next : first)));
    return dueAt;
  };

  return {
    name: "openlineage",
    async start(daemon) {
      context = daemon;
    },
    async wake(now) {
      if (context === undefined || stop.signal.aborted) return undefined;
      const looking = look(context, now);
      work = looking.catch(() => {});
      return looking;
    },
    async stop() {
      stop.abort();
      await work;
    },
  };
}
