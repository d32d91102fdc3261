/** How a worker finds the dbt project; all paths absolute. */
export interface WorkerSettings {
  readonly projectDir: string;
  /** Where profiles.yml is. */
  readonly profilesDir: string;
  readonly target: string;
  readonly targetPath: string;
  readonly logPath: string;
}

/** Environment variables of one request; they stay set for the next. */
type Environment = Readonly<Record<string, string>>;

/** What a worker can do; worker.py's head describes it. */
export type WorkerRequest =
  | { readonly command: "parse"; readonly env: Environment }
  | {
      readonly command: "build";
      readonly env: Environment;
      /** Unique ids of models, seeds, snapshots and tests; nothing else runs. */
      readonly nodes: readonly string[];
      readonly fullRefresh: readonly string[];
    };

/** dbt's word for how a node ended. */
export type NodeStatus =
  | "success"
  | "error"
  | "skipped"
  | "partial success"
  | "no-op"
  | "pass"
  | "fail"
  | "warn"
  | "runtime error";

/** How one node ended. */
export interface NodeFinished {
  readonly type: "node-finished";
  /** Unique id. */
  readonly node: string;
  readonly status: NodeStatus;
  readonly message: string;
  readonly durationMs: number;
  /** Of a test: rows that break it. */
  readonly failures: number;
  /** Null where the adapter does not say; a macro may give it as text. */
  readonly rowsAffected: number | string | null;
  /** By adapters of engines that charge for it; as text by some. */
  readonly bytesScanned: number | string | null;
  readonly compiledCode: string | null;
}

/** What a worker says while it works on a request. */
export type WorkerEvent =
  | { readonly type: "node-started"; readonly node: string }
  | NodeFinished
  | { readonly type: "log"; readonly level: "info" | "warn" | "error"; readonly message: string };

/** Every line that a worker writes. */
export type WorkerMessage =
  | { readonly type: "ready" }
  | ({ readonly id: number } & (
      | WorkerEvent
      | { readonly type: "done"; readonly value: unknown }
      | {
          readonly type: "failed";
          readonly kind: "dbt" | "interrupted" | "internal";
          readonly message: string;
          readonly detail: string;
        }
    ));
