import { type AutomationVerdict, evaluateAutomation } from "../../automation/evaluate-automation.ts";
import { recordedWorld } from "../../automation/recorded-world.ts";
import type { AssetKey } from "../../definition/asset-key.ts";
import { DecisionLostError } from "../../materializer/record-start.ts";
import { newRunId } from "../../materializer/run-session.ts";
import { computeFreshness } from "../../staleness/freshness.ts";
import type { AutomationDecision, AutomationMemory } from "../../store/store.ts";
import { conditionText, verdictText } from "../../tui/words/automation.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { countOf } from "../../tui/words/numbers.ts";
import type { SignName } from "../../tui/words/signs.ts";
import { shellWords } from "../../util/shell-words.ts";
import { exitCode } from "../exit-code.ts";
import { print, printJson, say } from "../output/print.ts";
import { lookOf, tableWidth } from "../output/terminal.ts";
import type { OpenProject } from "../project/open-project.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";
import type { RunCommand } from "./run-command.ts";
import { readStatuses, selectFrom } from "./statuses.ts";

const noConditions =
  "no asset here starts by itself; `automation` of an asset says when it should, see docs/automation.md";

/** What automation makes of the present. */
interface Judged {
  readonly verdicts: readonly AutomationVerdict[];
  readonly starts: readonly AssetKey[];
  readonly decision: AutomationDecision;
  /** Of the run that is to be started. */
  readonly runId: string;
  readonly now: Date;
}

async function judge(
  project: OpenProject,
  terms: readonly string[],
  runId: string = newRunId(),
): Promise<Judged> {
  const { graph, store } = project;
  const now = new Date();
  store.interruptDeadRuns(now.toISOString());
  // Read first: whoever decides after this, decides about something else or finds that this decision came first.
  const before = store.automationMemories();
  const statuses = await readStatuses(project, { asked: false });
  const verdicts = evaluateAutomation(
    graph,
    {
      statuses,
      freshness: computeFreshness(graph, store, now),
      ...recordedWorld(store, before),
      runId,
      now,
    },
    selectFrom(project, terms, statuses),
  );
  return {
    verdicts,
    starts: verdicts.flatMap(({ key, decision }) => (decision === "start" ? [key] : [])),
    decision: { before, after: new Map(verdicts.map(({ key, memory }) => [key, memory])) },
    runId,
    now,
  };
}

/** `moraine plan --automation`: what would start by itself now, and why; remembers nothing. */
export async function planAutomation(
  context: VerbContext,
  terms: readonly string[],
  options: { readonly exitCode?: boolean },
): Promise<number> {
  const project = await context.openProject();
  const { verdicts, starts, now, decision: decided } = await judge(project, terms);
  if (context.options.json === true) {
    printJson({
      target: project.targetName,
      starts: starts.length,
      assets: verdicts.map(({ key, decision, evaluated, held }) => ({
        key,
        decision,
        condition: project.graph.asset(key).automation,
        evaluated,
        held: held ?? null,
        lastStart: lastStartOf(decided.before.get(key)),
      })),
    });
  } else if (verdicts.length === 0) {
    print(noConditions);
  } else {
    const { signs, paint } = lookOf(context.options);
    print(
      ...tableLines(
        [
          { title: "", fixed: true, paint: (cell, row) => paint.as(signOf(verdicts[row]), cell) },
          { title: "asset", cut: "middle", min: 20 },
          { title: "condition", min: 12 },
          { title: "starts", fixed: true },
          { title: "why" },
        ],
        verdicts.map((verdict) => {
          const { automation } = project.graph.asset(verdict.key);
          return [
            signs.sign[signOf(verdict)],
            verdict.key,
            automation === undefined ? "" : conditionText(automation),
            startsWord[verdict.decision],
            verdictText(verdict, now.getTime()),
          ];
        }),
        { width: tableWidth(), ellipsis: signs.ellipsis },
      ),
      "",
      starts.length === 0
        ? `${signs.sign.fresh} nothing starts now`
        : `${countOf(starts.length, "asset")} of ${verdicts.length} would start: ${commandOf(terms)}`,
    );
  }
  return options.exitCode === true && starts.length > 0 ? exitCode.notCurrent : exitCode.done;
}

function lastStartOf(memory: AutomationMemory | undefined) {
  return memory?.started ? { at: memory.started.at, runId: memory.started.runId } : null;
}

const startsWord = { start: "now", wait: "waits", done: "done", no: "no" } as const;

function signOf(verdict: AutomationVerdict | undefined): SignName {
  const signs = { start: "running", wait: "queued", done: "skipped", no: "fresh" } as const;
  return signs[verdict?.decision ?? "no"];
}

function commandOf(terms: readonly string[]): string {
  return `moraine materialize --automation ${shellWords(terms)}`.trimEnd();
}

/**
 * `moraine materialize --automation`: one run of what starts by itself now. The decision is kept with the run, so that
 * nothing starts twice for the same reason, whoever asks and however often.
 *
 * @param run starts a run in the voice that its options ask for
 */
export async function materializeAutomation(
  context: VerbContext,
  terms: readonly string[],
  { options, run }: Pick<RunCommand, "options"> & { readonly run: (command: RunCommand) => Promise<number> },
): Promise<number> {
  const named = (["force", "retry", "partition", "missing", "runPerPartition", "detach"] as const).filter(
    (name) => options[name] !== undefined,
  );
  if (named.length > 0) {
    const flag = named[0]?.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(`--automation decides what runs, and so does --${flag}`, "give one of them");
  }
  const project = await context.openProject();
  const { verdicts, starts, decision, runId } = await judge(project, terms, options.runId);
  if (starts.length === 0) {
    project.store.rememberAutomation(decision);
    const words =
      verdicts.length === 0 ? noConditions : "nothing starts now: moraine plan --automation says why";
    if (context.options.quiet !== true) say(words);
    return exitCode.done;
  }
  const selection = ["--automation", shellWords(terms)].join(" ").trim();
  const asked = { keys: starts, forced: new Set<AssetKey>(), selection, decision, runId };
  try {
    return await run({ words: ["materialize"], ask: () => asked, options });
  } catch (error) {
    if (!(error instanceof DecisionLostError)) throw error;
    say("nothing started: another process has decided about the same assets at this moment");
    return exitCode.done;
  }
}
