import { daemonStatuses, leadingDaemon } from "../../scheduler/daemon-statuses.ts";
import { scheduleStatuses } from "../../scheduler/schedule-statuses.ts";
import { computeFreshness } from "../../staleness/freshness.ts";
import { observe } from "../../staleness/observe.ts";
import { paintOf, wantsAscii } from "../output/terminal.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";
import { startVerb } from "./start-verb.ts";

/** `moraine ui`. It reads the store alone; what it starts are other processes. */
export async function ui(
  context: VerbContext,
  [open]: readonly string[],
  options: { readonly readOnly?: boolean },
): Promise<number> {
  const { options: global } = context;
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new UsageError(
      "`ui` needs a terminal on stdin and stdout",
      "moraine list, moraine runs or moraine lineage print the same",
    );
  }
  if (global.accessible === true) {
    throw new UsageError(
      "`ui` draws a full screen, which a screen reader can't follow",
      "moraine list, moraine show and moraine runs print the same",
    );
  }
  const project = await context.openScheduled();
  // Makes the store, should there be none yet.
  project.store.interruptDeadRuns(new Date().toISOString());
  const reader = project.openReader();
  const { graph } = project;
  // The recorded versions stand in for the lake's, which this process does not open.
  const lake = { exists: () => true, dataVersion: () => undefined };
  const { runInteractive } = await import("../../tui/interactive.ts");
  try {
    return await runInteractive({
      graph,
      reader,
      observe: () => observe({ graph, reader, lake, now: new Date(), asked: false }),
      freshness: () => computeFreshness(graph, reader, new Date()),
      schedules: () => scheduleStatuses(reader, project.schedules, new Date()),
      daemon: () => leadingDaemon(daemonStatuses(reader.scheduling, new Date())),
      startVerb: (args) => startVerb(project, args),
      projectName: project.config.name,
      target: project.targetName,
      open,
      readOnly: options.readOnly === true,
      ascii: wantsAscii(global),
      color: paintOf(global, process.stdout).enabled,
      motion: global.motion !== false,
      stdin: process.stdin,
      stdout: process.stdout,
    });
  } finally {
    reader.close();
  }
}
