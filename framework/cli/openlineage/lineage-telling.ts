import { mayTell } from "../../observability/openlineage/settings.ts";
import type { Store } from "../../store/store.ts";
import { say } from "../output/print.ts";
import type { OpenProject } from "../project/open-project.ts";

/**
 * Makes the transports of OpenLineage known before a run; nothing is loaded where there are none.
 *
 * @returns what tells them of it when it has ended
 */
export async function lineageTelling(
  project: OpenProject,
  store: Store,
  signal: AbortSignal,
): Promise<(() => Promise<void>) | undefined> {
  if (!mayTell(project.config, process.env)) return undefined;
  const { openTeller, tellAfterRun } = await import("./teller.ts");
  const teller = openTeller(project, store);
  return teller && (() => tellAfterRun(teller, signal.aborted, (line) => say(project.redactor.redact(line))));
}
