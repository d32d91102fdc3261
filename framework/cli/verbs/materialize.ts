import type { AskedFor } from "../../materializer/run-request.ts";
import { DecisionLostError } from "../../materializer/record-start.ts";
import { shellWords } from "../../util/shell-words.ts";
import { exitCode } from "../exit-code.ts";
import { say } from "../output/print.ts";
import { logFormatOption, openLog, tee } from "../output/log-lines.ts";
import { createReporter, silentReporter } from "../output/reporter.ts";
import { voiceOf } from "../output/terminal.ts";
import type { OpenProject } from "../project/open-project.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";
import { materializeProject } from "./materialize-project.ts";
import type { MaterializeOptions, RunCommand } from "./run-command.ts";
import { choosePartitions, partitionWords } from "./partition-choice.ts";
import { parseTags } from "./run-tags.ts";
import { select } from "./statuses.ts";
import { retryOf } from "./take-up.ts";

/** `moraine materialize`. */
export async function materializeVerb(
  context: VerbContext,
  terms: readonly string[],
  options: MaterializeOptions,
): Promise<number> {
  const { retry } = options;
  if (options.automation === true) {
    const { materializeAutomation } = await import("./automation.ts");
    return materializeAutomation(context, terms, { options, run: (command) => run(context, command) });
  }
  if (retry !== undefined) {
    if (terms.length > 0 || options.force === true) {
      throw new UsageError(
        `--retry takes its assets, and which of them are forced, from the run`,
        `moraine materialize --retry ${retry}`,
      );
    }
    if (options.partition !== undefined || options.missing === true)
      throw new UsageError(
        "--retry takes its partitions from the run",
        `moraine materialize --retry ${retry}`,
      );
    return run(context, { words: ["materialize"], ask: (project) => retryOf(project, retry), options });
  }
  if (options.force === true && terms.length === 0) {
    throw new UsageError(
      "--force needs a selection, so that not everything is done again by accident",
      "moraine materialize --force '*'",
    );
  }
  const words = ["materialize", ...terms];
  return run(context, { words, ask: (project) => askedFor(project, terms, options), options });
}

/** What a selection asks for. */
export async function askedFor(
  project: OpenProject,
  terms: readonly string[],
  options: MaterializeOptions = {},
): Promise<AskedFor> {
  const keys = await select(project, terms, { asked: true });
  const partitions = choosePartitions(project.graph, keys, options, new Date());
  return {
    keys,
    ...(partitions === undefined ? {} : { partitions }),
    forced: new Set(options.force === true ? keys : []),
    selection: [shellWords(terms), ...partitionWords(options)].join(" ").trim(),
  };
}

/** One run: shown in the voice that the options ask for, or detached from this process. */
export async function run(context: VerbContext, command: RunCommand): Promise<number> {
  const { options } = command;
  const logs = logFormatOption(options.logFormat);
  const voice = voiceOf(
    context.options,
    progressOption(options.progress) ?? (logs === "json" ? "off" : undefined),
  );
  const tags = parseTags(options.tag);
  if (options.runPerPartition === true) {
    if (options.detach === true)
      throw new UsageError("--detach starts one run, and --run-per-partition many", "leave one of them out");
    return (await import("./backfill.ts")).backfill(context, command);
  }
  if (options.detach === true) return (await import("./detach.ts")).detach(context, command);
  const isLogged = logs === "json" && voice === "off";
  const reporter = isLogged ? silentReporter : await createReporter(voice, context.options);
  try {
    const project = await context.openProject((progress) => {
      reporter.onEvent({ type: "resource-progress", runId: "", at: new Date().toISOString(), ...progress });
    });
    const asked = await command.ask(project);
    // Talk belongs on stderr, and stdout to `--json`.
    const lines = logs === "json" ? await openLog(project, { to: 2 }) : undefined;
    const summary = await materializeProject(project, {
      asked: { ...asked, tags: { ...asked.tags, ...tags } },
      options,
      trigger: options.trigger ?? "cli",
      signal: context.signal,
      onEvent: tee(lines?.runEvent, reporter.onEvent),
    });
    return summary.exitCode;
  } catch (error) {
    if (!(error instanceof DecisionLostError) || options.trigger !== "schedule") throw error;
    say("nothing started: the tick of this run has been given to another one");
    return exitCode.refusedByGuard;
  } finally {
    await reporter.close();
  }
}

function progressOption(text: string | undefined): "live" | "plain" | "off" | undefined {
  if (text === undefined || text === "live" || text === "plain" || text === "off") return text;
  throw new UsageError(`--progress is live, plain or off, got ${text}`);
}
