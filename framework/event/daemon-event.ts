/** One evaluation of a schedule or a sensor that is to give a run, or was. */
export interface TickName {
  /** Of the schedule or sensor. */
  readonly schedule: string;
  /** The instant that the cron expression names, or at which the sensor was polled; ISO 8601, UTC, milliseconds. */
  readonly tick: string;
}

/** Why a tick gives no run. The string is stored. */
export type SkipReason =
  | "missed" // nobody was there in time, and the catch-up policy does not ask for it
  | "overlap" // an earlier tick of the schedule is not done
  | "queue-full" // too many earlier ticks wait
  | "replaced" // a later tick cancelled it before it began
  | "removed"; // the schedule is no longer defined

/** Why a tick failed, beside the failures that its run recorded. The string is stored. */
export type TickFailureReason =
  | "run-failed" // its run ended with failures
  | "cancelled" // by a person, or by a later tick
  | "died" // the process of its run is gone
  | "not-started" // the process ended before it recorded a run
  | "memory" // it held more memory than it may, and was killed
  | "deadline" // it worked longer than it may, and was told to end
  | "definition" // its partitions can't be worked out, or its sensor threw
  | "removed"; // the schedule is no longer defined

/** What a child process of the daemon does. */
export type ChildWork =
  | "run" // of a tick
  | "poll" // of a sensor
  | "automation"; // evaluates the conditions of the assets, and then is the run of what is due by them

interface InDaemon {
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string;
}

interface OnChild extends InDaemon {
  readonly pid: number;
  readonly work: ChildWork;
  /** Of a run; of `automation` the one that there is if something is due. */
  readonly runId?: string;
  /** Of a run or a poll. */
  readonly schedule?: string;
  /** Of a run. */
  readonly tick?: string;
}

/** Everything that happens in the daemon beside the runs themselves; it holds no wording. */
export type DaemonEvent =
  | (InDaemon & {
      readonly type: "daemon-started";
      readonly daemonId: string;
      readonly pid: number;
      readonly target: string;
      readonly schedules: number;
      readonly sensors: number;
    })
  /** This daemon has claimed the tick; it is queued now. */
  | (InDaemon & TickName & { readonly type: "tick-claimed"; readonly lateMs: number })
  | (InDaemon &
      TickName & { readonly type: "tick-started"; readonly runId: string; readonly attempt: number })
  | (InDaemon &
      TickName & {
        readonly type: "tick-skipped";
        readonly reason: SkipReason;
        /** How many ticks up to and with this one are skipped, where they are `missed`. */
        readonly count: number;
      })
  | (InDaemon & TickName & { readonly type: "tick-succeeded"; readonly runId: string })
  | (InDaemon &
      TickName & {
        readonly type: "tick-failed";
        readonly reason: TickFailureReason;
        readonly runId?: string;
        /** One line. */
        readonly message?: string;
        /** When it is tried again; absent: it is not. */
        readonly retryAt?: string;
      })
  | (OnChild & { readonly type: "child-started" })
  | (OnChild & {
      readonly type: "child-ended";
      /** Null when a signal ended it. */
      readonly code: number | null;
      readonly signal: string | null;
      readonly durationMs: number;
    })
  | (InDaemon & { readonly type: "reloaded"; readonly schedules: number; readonly sensors: number })
  /** The definitions are wrong, and the last good ones stay in force. */
  | (InDaemon & { readonly type: "reload-refused"; readonly problems: readonly string[] })
  /** Something mounted into the daemon answers at an address. */
  | (InDaemon & { readonly type: "service-listening"; readonly service: string; readonly url: string })
  | (InDaemon & { readonly type: "heartbeat" })
  /** Something that the daemon goes on without; `service` names what is mounted into it. */
  | (InDaemon & { readonly type: "daemon-problem"; readonly service?: string; readonly message: string })
  /** Told to end: nothing more starts, and what runs is waited for. */
  | (InDaemon & { readonly type: "draining"; readonly children: number })
  | (InDaemon & { readonly type: "daemon-stopped" });

/** Receives the daemon's events in the order in which they happened; must not throw. */
export type DaemonListener = (event: DaemonEvent) => void;
