import { isAbsolute, join } from "node:path";
import { environmentTransport, type OpenLineageTransport } from "../../definition/open-lineage.ts";
import { EventMaker } from "../../observability/openlineage/make-events.ts";
import {
  type NamedTransport,
  type Patience,
  sendAll,
  type Sent,
} from "../../observability/openlineage/send.ts";
import { openLineageSettings } from "../../observability/openlineage/settings.ts";
import { fileTransport } from "../../observability/openlineage/transports/file.ts";
import { httpTransport } from "../../observability/openlineage/transports/http.ts";
import type { Store } from "../../store/store.ts";
import { systemClock } from "../../util/clock.ts";
import type { OpenConfig, OpenProject } from "../project/open-project.ts";
import { secretValuesOf } from "../project/secret-values-of.ts";
import { lineageSource, statisticsIn } from "./lineage-source.ts";

/** How long a transport may take to answer when it does not say. */
const defaultTimeoutMs = 10_000;
/** At the end of a run nobody waits for longer: for one answer, and for all of them. */
const afterRun = { answerMs: 1_000, totalMs: 10_000 };

/** Tells the transports of a project what they have not been told. */
export interface Teller {
  readonly names: readonly string[];
  tell(options: {
    readonly signal: AbortSignal;
    readonly patience: Patience;
    readonly isForced?: boolean;
  }): Promise<readonly Sent[]>;
}

/**
 * Opens a project's transports and makes them known to the store: they are told what is recorded from now on.
 *
 * @param inForce the definitions; of a daemon they may be newer than its project
 * @returns undefined when nobody is to be told
 */
export function openTeller(
  project: OpenProject,
  store: Store,
  inForce: Pick<OpenProject, "config" | "graph"> = project,
): Teller | undefined {
  const settings = openLineageSettings(inForce.config, project.targetName, process.env);
  const transports = Object.entries(settings.transports).map(([name, config]) =>
    openTransport(project, name, config),
  );
  if (transports.length === 0) return undefined;
  const names = transports.map(({ name }) => name);
  // The variable may be set in one shell and not in another.
  store.openLineage.register(names, [environmentTransport]);
  let source: ReturnType<typeof lineageSource> | undefined;
  return {
    names,
    async tell(options) {
      source ??= lineageSource(project, store, settings.namespace, inForce);
      const from = await source;
      return sendAll(
        {
          ...options,
          store,
          makeEvents: (reader) =>
            new EventMaker({
              ...from,
              reader,
              statisticsOf: statisticsIn(project),
              now: systemClock.now(),
            }),
          clock: systemClock,
          redact: (text) => project.redactor.redact(text),
        },
        transports,
      );
    },
  };
}

function openTransport(project: OpenConfig, name: string, config: OpenLineageTransport): NamedTransport {
  if (config.type === "file") {
    const path = isAbsolute(config.path) ? config.path : join(project.projectDir, config.path);
    return { name, transport: fileTransport(path), timeoutMs: defaultTimeoutMs };
  }
  const { apiKey, timeoutMs = defaultTimeoutMs } = config;
  const secrets = secretValuesOf(project);
  const readKey =
    apiKey === undefined
      ? undefined
      : (options: { readonly fresh: boolean }) => secrets.read(apiKey, options);
  return { name, transport: httpTransport(config, readKey), timeoutMs };
}

/**
 * Tells the transports at the end of a run. Who can't be told is said, and changes nothing of the run; what was not sent
 * waits for the next run, the daemon, or `moraine openlineage send`.
 *
 * @param wasCancelled somebody waits for the process to end
 */
export async function tellAfterRun(
  teller: Teller,
  wasCancelled: boolean,
  say: (line: string) => void,
): Promise<void> {
  const patience = wasCancelled ? { ...afterRun, totalMs: afterRun.answerMs } : afterRun;
  try {
    for (const { transport, failure, waiting } of await teller.tell({
      signal: new AbortController().signal,
      patience,
    }))
      if (failure !== null)
        say(`openlineage: ${transport}: ${failure.message}; ${waiting} recorded events wait to be sent`);
  } catch (error) {
    say(`openlineage: nothing was sent: ${error instanceof Error ? error.message : String(error)}`);
  }
}
