import { rmSync } from "node:fs";
import { join } from "node:path";
import { createReporter } from "../output/reporter.ts";
import { say } from "../output/print.ts";
import { voiceOf } from "../output/terminal.ts";
import { exitCode } from "../exit-code.ts";
import type { OpenConfig, OpenProject } from "../project/open-project.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";
import { passDays } from "./demo-days.ts";
import { dimension, printStory, versionCount } from "./demo-story.ts";
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
  expectLocalOrg(await context.openConfig());
  await expectUsers(options);
  if (options.reset === true && global.yes !== true)
    throw new UsageError("--reset empties the local org, the lake and the store", "add --yes");
  const voice = voiceOf(global);
  const reporter = await createReporter(voice, global);
  try {
    const project = await context.openProject((progress) => {
      reporter.onEvent({ type: "resource-progress", runId: "", at: new Date().toISOString(), ...progress });
    });
    expectShippedPipeline(project);
    const { stateDir } = project;
    if (options.reset === true) reset(stateDir);
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

/** @throws UsageError when the target reads another org, in which no day can pass */
function expectLocalOrg({ target, targetName }: OpenConfig): void {
  if (target.secrets.type === "sandbox") return;
  throw new UsageError(
    `moraine demo works on the local Salesforce org; target ${targetName} has its secrets from ${target.secrets.type}`,
    advice,
  );
}

/** @throws UsageError when the project is another one */
function expectShippedPipeline({ graph, projectDir }: OpenProject): void {
  if (graph.keys.includes(dimension)) return;
  throw new UsageError(
    `moraine demo is for the pipeline that comes with moraine; ${projectDir} has no asset ${dimension}`,
    advice,
  );
}

/** @throws UsageError when no org can have so many */
async function expectUsers({ users }: DemoOptions): Promise<void> {
  if (users === undefined) return;
  const { ControlError, expectAskable } = await import("../../sandbox/sandbox.ts");
  try {
    await expectAskable({ seed: { users } });
  } catch (error) {
    throw error instanceof ControlError ? new UsageError(error.message, "moraine demo --help") : error;
  }
}

const advice =
  "run `npm start` in a checkout of moraine to see the demo; `moraine materialize` runs this project";

function reset(stateDir: string): void {
  for (const name of demoState) rmSync(join(stateDir, name), { recursive: true, force: true });
  say("emptied the local org, the lake and the store");
}
