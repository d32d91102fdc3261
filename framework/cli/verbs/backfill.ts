import type { AssetKey } from "../../definition/asset-key.ts";
import type { Outcome, RunEvent } from "../../event/event.ts";
import { PartitionGraph } from "../../graph/partition-graph.ts";
import { withinHops } from "../../graph/within-hops.ts";
import { planUnits } from "../../staleness/plan-units.ts";
import type { AskedFor } from "../../materializer/run-request.ts";
import { newRunId } from "../../materializer/run-session.ts";
import { reasonTag } from "../../tui/words/failure.ts";
import { countOf, formatDuration, formatElapsed } from "../../tui/words/numbers.ts";
import { cleanText, unitName } from "../../tui/words/text.ts";
import { exitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import { lookOf } from "../output/terminal.ts";
import type { OpenProject } from "../project/open-project.ts";
import { codeOfSignal, type VerbContext } from "../run-verb.ts";
import { materializeProject } from "./materialize-project.ts";

import type { MaterializeOptions, RunCommand } from "./run-command.ts";
import { parseTags } from "./run-tags.ts";
import { readStatuses } from "./statuses.ts";

/** One run of a backfill. */
interface Step {
  /** For people: the partition, or what remains. */
  readonly name: string;
  readonly asked: AskedFor;
}

/** What became of a step. */
interface StepEnd {
  readonly name: string;
  readonly runId: string;
  readonly status: string;
  readonly durationMs: number;
  readonly outcomes: Readonly<Record<string, Outcome>>;
}

/**
 * `moraine materialize --run-per-partition`: one run for each partition, some at a time, then one for what reads them and
 * has no partitions. What was done is fresh, so the same command goes on where it was stopped.
 */
export async function backfill(context: VerbContext, command: RunCommand): Promise<number> {
  const project = await context.openProject();
  const asked = await command.ask(project);
  const id = newRunId();
  const steps = await stepsOf(project, asked, {
    ...asked.tags,
    ...parseTags(command.options.tag),
    backfill: id,
  });
  const work = new Backfill(context, project, command.options, steps.length);
  work.begin(id);
  const [partitions, rest] = [
    steps.filter(({ name }) => name !== ""),
    steps.filter(({ name }) => name === ""),
  ];
  // Each worker takes the next partition when it is done with one.
  const queue = [...partitions];
  const worker = async () => {
    for (let step = queue.shift(); step !== undefined && !work.isOver; step = queue.shift())
      await work.run(step);
  };
  const { concurrency = 1 } = command.options;
  await Promise.all(Array.from({ length: Math.min(concurrency, queue.length) }, worker));
  for (const step of rest) if (!work.isOver) await work.run(step);
  return work.end(id);
}

/** The partitions that have something to do, in order, each with all assets that have it; last what has no partitions. */
async function stepsOf(
  project: OpenProject,
  asked: AskedFor,
  tags: NonNullable<AskedFor["tags"]>,
): Promise<readonly Step[]> {
  const { graph } = project;
  const statuses = await readStatuses(project, { asked: true });
  const partitionGraph = new PartitionGraph(graph, new Date());
  const choice = asked.partitions ?? ({ type: "due" } as const);
  const plan = planUnits({ graph, partitionGraph, statuses, keys: asked.keys, choice, forced: asked.forced });
  const byPartition = new Map<string, Map<AssetKey, readonly string[]>>();
  const partitioned = new Set<AssetKey>();
  for (const [key, partitions] of plan) {
    if (partitionGraph.set(key) === undefined) continue;
    partitioned.add(key);
    for (const partition of partitions) {
      const status = statuses.get(key)?.partitions?.get(partition)?.status;
      if (status === "fresh" && !asked.forced.has(key)) continue;
      const assets = byPartition.get(partition) ?? new Map<AssetKey, readonly string[]>();
      assets.set(key, [partition]);
      byPartition.set(partition, assets);
    }
  }
  const neededFirst = withinHops(partitioned, Infinity, (key) => graph.upstreams(key));
  const first = asked.keys.filter((key) => neededFirst.has(key));
  const rest = asked.keys.filter((key) => !neededFirst.has(key));
  const stepOf = (
    name: string,
    keys: readonly AssetKey[],
    assets: ReadonlyMap<AssetKey, readonly string[]>,
  ): Step => ({
    name,
    asked: {
      ...asked,
      keys,
      partitions: { type: "named", keys: assets },
      tags: { ...tags, ...(name === "" ? {} : { partition: name }) },
    },
  });
  return [
    ...[...byPartition].map(([partition, assets]) => stepOf(partition, first, assets)),
    ...(rest.length === 0 ? [] : [stepOf("", rest, new Map())]),
  ];
}

/** Runs steps and says how far they are. */
class Backfill {
  readonly #context: VerbContext;
  readonly #project: OpenProject;
  readonly #options: MaterializeOptions;
  readonly #total: number;
  readonly #ends: StepEnd[] = [];
  readonly #startedMs = performance.now();
  #code: number = exitCode.done;

  constructor(context: VerbContext, project: OpenProject, options: MaterializeOptions, total: number) {
    this.#context = context;
    this.#project = project;
    this.#options = options;
    this.#total = total;
  }

  get isOver(): boolean {
    const { failFast = false } = this.#options;
    return this.#context.signal.aborted || (failFast && this.#code !== exitCode.done);
  }

  begin(id: string): void {
    if (this.#context.options.json === true || this.#context.options.quiet === true) return;
    print(
      this.#total === 0
        ? "nothing to do: every partition is fresh"
        : `backfill ${id}: ${countOf(this.#total, "run")}`,
    );
  }

  async run({ name, asked }: Step): Promise<void> {
    const started = performance.now();
    const failures: string[] = [];
    // A connection of its own: what other runs write is noticed by their commits.
    const store = this.#project.openStore();
    try {
      const {
        runId,
        status,
        outcomes,
        exitCode: code,
      } = await materializeProject(this.#project, {
        asked,
        options: this.#options,
        store,
        trigger: "cli",
        signal: this.#context.signal,
        onEvent: (event) => this.#show(event, failures),
      });
      this.#code = Math.max(this.#code, code);
      this.#ends.push({ name, runId, status, outcomes, durationMs: performance.now() - started });
      this.#say(failures);
    } finally {
      store.close();
    }
  }

  end(id: string): number {
    const { signal, options } = this.#context;
    const code = signal.aborted ? codeOfSignal(signal.reason) : this.#code;
    const failed = this.#ends.filter(({ status }) => status === "failed");
    const left = this.#total - this.#ends.filter(({ status }) => status === "succeeded").length;
    if (options.json === true) {
      const runs = this.#ends.map(({ name, ...end }) => ({ partition: name === "" ? null : name, ...end }));
      print(JSON.stringify({ type: "backfill-finished", backfill: id, runs, left }));
      return code;
    }
    if (this.#total === 0) return code;
    const { signs, paint } = lookOf(options);
    const sign = left === 0 ? "materialized" : failed.length > 0 ? "failed" : "cancelled";
    print(
      `${paint.as(sign, `${signs.sign[sign]} backfill ${id}`)}: ${this.#total - left} of ${countOf(this.#total, "run")} succeeded in ${formatDuration(performance.now() - this.#startedMs)}`,
      ...(left === 0
        ? []
        : [
            "  next  the same command again; what was done is fresh",
            `        moraine runs --tag backfill=${id}`,
          ]),
    );
    return code;
  }

  #show(event: RunEvent, failures: string[]): void {
    if (this.#context.options.json === true) print(JSON.stringify(event));
    else if (event.type === "asset-finished" && event.failure !== undefined)
      failures.push(
        `    ${unitName(event)}  ${reasonTag(event.failure)} ${cleanText(event.failure.message)}`,
      );
  }

  #say(failures: readonly string[]): void {
    const { options } = this.#context;
    const last = this.#ends.at(-1);
    if (last === undefined || options.json === true) return;
    const { signs, paint } = lookOf(options);
    const sign =
      last.status === "succeeded" ? "materialized" : last.status === "failed" ? "failed" : "cancelled";
    if (options.quiet === true && sign === "materialized") return;
    const done = this.#ends.length;
    const leftMs = ((performance.now() - this.#startedMs) / done) * (this.#total - done);
    const estimate = done === this.#total ? "" : `  ~${formatElapsed(leftMs)} left`;
    print(
      `  ${paint.as(sign, signs.sign[sign])} ${done}/${this.#total}  ${last.name === "" ? "what reads them" : last.name}  run ${last.runId}  ${formatDuration(last.durationMs)}${estimate}`,
      ...failures,
    );
  }
}
