import type { Config } from "../definition/config.ts";
import type { Schedule } from "../definition/schedule.ts";
import type { Sensor } from "../definition/sensor.ts";
import type { DaemonEvent, DaemonListener } from "../event/daemon-event.ts";
import type { AssetGraph } from "../graph/asset-graph.ts";
import type { Store, StoreReader } from "../store/store.ts";
import type { Clock } from "../util/clock.ts";

/** The definitions in force. */
export interface DaemonProject {
  readonly config: Config;
  readonly graph: AssetGraph;
  /** By name; also those of other targets. */
  readonly schedules: readonly (Schedule | Sensor)[];
}

/** What a service is given. */
export interface DaemonContext {
  readonly daemonId: string;
  /** Absolute. */
  readonly projectDir: string;
  /** `.moraine`, absolute. */
  readonly stateDir: string;
  readonly targetName: string;
  /** Changes with a reload, so it is asked for anew each time. */
  project(): DaemonProject;
  /** The daemon's own connection; it stays open until every service has stopped. */
  readonly store: Store;
  /** Another connection that only reads; the caller closes it. */
  openReader(): StoreReader;
  readonly clock: Clock;
  /** Hides secrets in everything that is stored, shown or sent. */
  redact(text: string): string;
  /** Tells all services, this one as well. */
  readonly report: DaemonListener;
}

/**
 * Something that lives in the daemon beside the schedules: the endpoint of metrics, logs, alerts. It must be light, for the
 * daemon is there all the time, and it must not block: work of more than some milliseconds belongs into a process of its own.
 * What a service throws is reported as `daemon-problem`, and the daemon and the other services go on.
 */
export interface DaemonService {
  /** Lower case, for messages: `metrics`. */
  readonly name: string;
  /** Called once, before the first tick. What it throws ends the daemon: a port that is taken is told at once. */
  start(context: DaemonContext): Promise<void>;
  /** Told of everything, in the order in which it happened. */
  onEvent?(event: DaemonEvent): void;
  /**
   * Called at every heartbeat, and at the instant that its last call gave back. Not called again before it has ended.
   *
   * @returns when it wants to be called at the latest; undefined: at the next heartbeat
   */
  wake?(now: Date): Promise<Date | undefined>;
  /** Called once, after the last run has ended. */
  stop(): Promise<void>;
}
