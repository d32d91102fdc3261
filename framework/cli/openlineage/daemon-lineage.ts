import type { DaemonService } from "../../scheduler/daemon-service.ts";
import { openLineageService } from "../../observability/openlineage/service.ts";
import { mayTell } from "../../observability/openlineage/settings.ts";
import type { OpenProject } from "../project/open-project.ts";

/** OpenLineage in the daemon of a project; what sends is loaded when somebody is to be told. */
export function daemonLineage(project: OpenProject): DaemonService {
  return openLineageService(async (context) => {
    const definitions = context.project();
    if (!mayTell(definitions.config, process.env)) return { names: [], tell: async () => [] };
    const { openTeller } = await import("./teller.ts");
    const teller = openTeller(project, context.store, definitions);
    return {
      names: teller?.names ?? [],
      tell: async (signal) => (await teller?.tell({ signal, patience: {} })) ?? [],
    };
  });
}
