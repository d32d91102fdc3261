import { logLevels } from "../../event/event.ts";
import type { StoredEvent } from "../../store/store.ts";
import { logLine } from "../../tui/words/event.ts";
import { systemClock } from "../../util/clock.ts";
import { print, printJson, say } from "../output/print.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";
import { findRun, runNow } from "./find-run.ts";
import { selectOne } from "./statuses.ts";

interface LogsOptions {
  readonly follow?: boolean;
  readonly level?: string;
  readonly grep?: string;
}

const pollEveryMs = 250;

/** `moraine logs`. */
export async function logs(
  context: VerbContext,
  [id = "", text]: readonly string[],
  options: LogsOptions,
): Promise<number> {
  const { store } = await context.openConfig();
  const run = findRun({ store }, id);
  const key = text === undefined ? undefined : selectOne(await context.openProject(), text);
  const least = levelOf(options.level ?? "info");
  const isJson = context.options.json === true;
  const events: StoredEvent[] = [];
  for (let after = 0; ;) {
    // Looked at before the events, or the last of them could be missed.
    const { status } = runNow(store, run.id);
    const page = store.events({ runId: run.id, after, ...(key === undefined ? {} : { key }) });
    if (isJson) events.push(...page);
    else for (const { event } of page) printLine(event, least, options.grep);
    after = page.at(-1)?.id ?? after;
    if (options.follow === true && status === "interrupted")
      say(`run ${run.id} interrupted, its process is gone`);
    if (options.follow !== true || status !== "running" || context.signal.aborted) break;
    await systemClock.sleep(pollEveryMs, context.signal).catch(() => {});
  }
  if (isJson) printJson(events.map(({ event }) => event));
  return 0;
}

function printLine(event: StoredEvent["event"], least: number, grep: string | undefined): void {
  const line = logLine(event);
  if (line === undefined || logLevels.indexOf(line.level) < least) return;
  const text = `${line.at} ${line.level.padEnd(5)} ${line.key === undefined ? "" : `${line.key} `}${line.text}`;
  if (grep === undefined || text.includes(grep)) print(text);
}

function levelOf(text: string): number {
  const level = logLevels.findIndex((candidate) => candidate === text);
  if (level < 0) throw new UsageError(`--level is ${logLevels.join(", ")}, got ${text}`);
  return level;
}
