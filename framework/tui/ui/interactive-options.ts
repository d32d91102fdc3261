import type { AssetKey } from "../../definition/asset-key.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";
import type { Freshness } from "../../staleness/freshness.ts";
import type { Observations } from "../../staleness/compute-statuses.ts";
import type { DaemonStatus } from "../../scheduler/daemon-statuses.ts";
import type { ScheduleStatus } from "../../scheduler/schedule-statuses.ts";
import type { StoreReader } from "../../store/store.ts";

/** A CLI verb that works as its own process. */
export interface StartedVerb {
  /** The command line as a person would type it. */
  readonly command: string;
  /** Its exit code, null when a signal ended it. Settles also when this interface is closed; must not reject. */
  readonly exited: Promise<number | null>;
  /** The last line it wrote, for people; asked for once it has ended. */
  lastLine(): string | undefined;
}

/** What `runInteractive` takes. */
export interface InteractiveOptions {
  readonly graph: AssetGraph;
  readonly reader: StoreReader;
  /** What the store says of staleness now, as at a mere look; asked again whenever the store changed. */
  readonly observe: () => Observations;
  /** The freshness now of every asset that has a policy; asked again likewise. */
  readonly freshness: () => ReadonlyMap<AssetKey, Freshness>;
  /** What the project's schedules and sensors are up to; asked again likewise. */
  readonly schedules: () => readonly ScheduleStatus[];
  /** The daemon that works, else the last that did; undefined: none ever. Asked again likewise. */
  readonly daemon: () => DaemonStatus | undefined;
  /** Starts a verb detached from this process, so that closing the interface stops nothing. */
  readonly startVerb: (args: readonly string[]) => StartedVerb;
  readonly projectName: string;
  readonly target: string;
  /** An asset key or a run id to open at. */
  readonly open?: string | undefined;
  readonly readOnly: boolean;
  readonly ascii: boolean;
  readonly color: boolean;
  readonly motion: boolean;
  /** A terminal. */
  readonly stdin: NodeJS.ReadStream;
  /** A terminal. */
  readonly stdout: NodeJS.WriteStream;
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}
