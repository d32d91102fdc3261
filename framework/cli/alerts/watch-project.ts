import type { AlertsConfig } from "../../definition/alerts.ts";
import { keepWatch, isWatched, type Watched } from "../../observability/alerts/keep-watch.ts";
import { alertWords } from "../../tui/words/alert-message.ts";
import { systemClock } from "../../util/clock.ts";
import type { OpenProject } from "../project/open-project.ts";
import { secretValuesOf } from "../project/secret-values-of.ts";

/** Judges a project's rules, sends what is due and tells its heartbeat. */
export function watchProject(
  project: OpenProject,
  alerts: AlertsConfig,
  signal: AbortSignal,
): Promise<Watched> {
  return keepWatch({
    alerts,
    graph: project.graph,
    store: project.store,
    project: project.config.name,
    projectDir: project.projectDir,
    words: alertWords,
    secrets: secretValuesOf(project),
    clock: systemClock,
    signal,
    redact: (text) => project.redactor.redact(text),
  });
}

/**
 * The same at the end of a run that nobody watches: one at a terminal is seen by who started it. A channel that can't be
 * reached is said, and changes nothing of the run.
 *
 * @param say prints a line for people
 */
export async function watchAfterRun(
  project: OpenProject,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  const { alerts } = project.config;
  const isSeen = process.stdout.isTTY || process.stderr.isTTY;
  if (!isWatched(alerts, project.targetName) || isSeen || signal.aborted) return;
  try {
    const { deliveries, heartbeat } = await watchProject(project, alerts, signal);
    for (const { channel, failure } of deliveries)
      if (failure !== null) say(`alerts: channel ${channel}: ${failure.message}; it is tried again`);
    if (heartbeat !== null) say(`alerts: heartbeat: ${heartbeat.message}`);
  } catch (error) {
    say(
      `alerts: not judged: ${project.redactor.redact(error instanceof Error ? error.message : String(error))}`,
    );
  }
}
