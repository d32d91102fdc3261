import { rmSync } from "node:fs";
import { join } from "node:path";
import { createReporter } from "../output/reporter.ts";
import { say } from "../output/print.ts";
import { voiceOf } from "../output/terminal.ts";
import { exitCode } from "../exit-code.ts";
import { findProject } from "../project/find-project.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";
import { passDays } from "./demo-days.ts";
import { printStory, versionCount } from "./demo-story.ts";
import { materializeProject } from "./materialize-project.ts";
import { askedFor } from "./materialize.ts";

interface DemoOptions {
  readonly users?: number;
  readonly days?: number;
  readonly reset?: boolean;
}

/** What the demo keeps and `--reset` empties; the Python environment stays. */
const demoState = [
  "sandbox.db",
  "sandbox.db-wal",
  "sandbox.db-shm",
  "moraine.db",
  "moraine.db-wal",
  "moraine.db-shm",
  "lake",
  "loads",
  "logs",
];

/** `moraine demo`: a day passes in the local org, then the whole pipeline runs, then it shows what came of it. */
export async function demo(
  context: VerbContext,
  _args: readonly string[],
  options: DemoOptions,
): Promise<number> {
  const { options: global, signal } = context;
  const { stateDir } = findProject(global.project);
  if (options.reset === true) reset(stateDir, global.yes === true);
  const voice = voiceOf(global);
  const reporter = await createReporter(voice, global);
  try {
    const project = await context.openProject((progress) => {
      reporter.onEvent({ type: "resource-progress", runId: "", at: new Date().toISOString(), ...progress });
    });
    const versionsBefore = await versionCount(project);
    const days = await passDays(stateDir, options);
    const outcome = await materializeProject(project, {
      asked: await askedFor(project, []),
      options: {},
      trigger: "demo",
      signal,
      onEvent: reporter.onEvent,
    });
    await reporter.close();
    if (outcome.exitCode !== exitCode.done) return outcome.exitCode;
    if (voice !== "json" && global.quiet !== true)
      await printStory(project, { days, versionsBefore, options: global });
    return exitCode.done;
  } finally {
    await reporter.close();
  }
}

function reset(stateDir: string, isConfirmed: boolean): void {
  if (!isConfirmed)
    throw new UsageError("--reset empties the local org, the lake and the store", "add --yes");
  for (const name of demoState) rmSync(join(stateDir, name), { recursive: true, force: true });
  say("emptied the local org, the lake and the store");
}
