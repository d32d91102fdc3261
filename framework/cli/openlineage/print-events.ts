import type { AssetKey } from "../../definition/asset-key.ts";
import type { RunEvent } from "../../event/event.ts";
import { EventMaker } from "../../observability/openlineage/make-events.ts";
import { openLineageSettings } from "../../observability/openlineage/settings.ts";
import { openLineageEventTypes } from "../../store/open-lineage.ts";
import type { RunRecord, StoreReader } from "../../store/store.ts";
import { exitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import type { OpenProject } from "../project/open-project.ts";
import { UsageError } from "../usage-error.ts";
import { findRun, runNow } from "../verbs/find-run.ts";
import { lineageSource, statisticsIn } from "./lineage-source.ts";

/**
 * Prints the events of OpenLineage of a run, a line each, as a transport would be given them.
 *
 * @param choice `run`: its id, or a beginning of it (default: the last one); `keys`: only of these assets
 */
export async function printOpenLineage(
  project: OpenProject,
  choice: { readonly run: string | undefined; readonly keys: readonly AssetKey[] | undefined },
): Promise<number> {
  const { store } = project;
  const [last] = store.runs({ limit: 1 });
  if (choice.run === undefined && last === undefined)
    throw new UsageError("there is no run yet", "moraine materialize");
  const run = runNow(store, choice.run === undefined ? (last?.id ?? "") : findRun(project, choice.run).id);
  const { namespace } = openLineageSettings(project.config, project.targetName, process.env);
  const events = eventsOf(store, run);
  const maker = new EventMaker({
    ...(await lineageSource(project, store, namespace)),
    statisticsOf: statisticsIn(project),
    now: new Date(),
  });
  for (const event of events) {
    if (choice.keys !== undefined && !("key" in event && choice.keys.some((key) => key === event.key)))
      continue;
    for (const made of await maker.make(event)) print(project.redactor.redact(JSON.stringify(made)));
  }
  return exitCode.done;
}

function eventsOf(store: StoreReader, run: RunRecord): readonly RunEvent[] {
  const events = store.events({ runId: run.id, types: openLineageEventTypes }).map(({ event }) => event);
  if (run.status !== "interrupted" || events.some(({ type }) => type === "run-interrupted")) return events;
  // Nothing was recorded of that when an older moraine found it.
  return [...events, { type: "run-interrupted", runId: run.id, at: run.finishedAt ?? run.startedAt }];
}
