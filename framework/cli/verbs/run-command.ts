import type { AskedFor } from "../../materializer/run-request.ts";
import type { OpenProject } from "../project/open-project.ts";
import type { PartitionOptions } from "./partition-choice.ts";

/** The options of the verbs that materialize. */
export interface MaterializeOptions extends PartitionOptions {
  readonly runPerPartition?: boolean;
  readonly concurrency?: number;
  readonly force?: boolean;
  readonly workers?: number;
  readonly failFast?: boolean;
  readonly progress?: string;
  readonly logFormat?: string;
  readonly tag?: readonly string[];
  readonly retry?: string;
  readonly automation?: boolean;
  readonly detach?: boolean;
  /** Only of a process that the daemon has started. */
  readonly trigger?: "schedule" | "automation";
  /** Chosen by who started this process, see detach. */
  readonly runId?: string;
}

/** A command that materializes, as typed, and what it asks of a project. */
export interface RunCommand {
  /** The verb with its arguments, without options. */
  readonly words: readonly string[];
  /** @throws UsageError when it asks for something that is not there */
  ask(project: OpenProject): Promise<AskedFor> | AskedFor;
  readonly options: MaterializeOptions;
}
