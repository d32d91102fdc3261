import { openLineageProblems } from "../../definition/open-lineage.ts";
import { policyProblems } from "../../definition/policy-problem.ts";
import { DefinitionError } from "../../definition/problem.ts";
import { targetNamesOf } from "../../definition/targets.ts";
import type { Sent } from "../../observability/openlineage/send.ts";
import { openLineageSettings } from "../../observability/openlineage/settings.ts";
import { addressOf } from "../../observability/openlineage/transports/http.ts";
import type { TransportRecord } from "../../store/open-lineage.ts";
import { countOf } from "../../tui/words/numbers.ts";
import { instantText } from "../../tui/words/instant.ts";
import { exitCode, worstExitCode } from "../exit-code.ts";
import { print, printJson, say } from "../output/print.ts";
import { lookOf } from "../output/terminal.ts";
import type { OpenConfig } from "../project/open-project.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";

const nobody =
  "nobody is told of runs: give `openLineage` in moraine.config.ts a transport, or set OPENLINEAGE_URL";

/** `moraine openlineage`. */
export async function openlineage(
  context: VerbContext,
  [action = "list"]: readonly string[],
): Promise<number> {
  if (action === "list") return list(context, await context.openConfig());
  if (action === "send") return send(context);
  throw new UsageError(`no action ${action}; expected list or send`, "moraine openlineage --help");
}

function list(context: VerbContext, { config, store, targetName }: OpenConfig): number {
  const problems = openLineageProblems(config.openLineage ?? {}, targetNamesOf(config));
  if (problems.length > 0) throw new DefinitionError(policyProblems("openLineage", problems));
  const { namespace, transports } = openLineageSettings(config, targetName, process.env);
  const names = Object.keys(transports);
  const known = new Map(store.openLineage.transports(names).map((record) => [record.name, record]));
  const rows = Object.entries(transports).map(([name, transport]) => ({
    name,
    type: transport.type,
    to: transport.type === "file" ? transport.path : addressOf(transport),
    ...stateOf(known.get(name)),
  }));
  if (context.options.json === true) printJson({ target: targetName, namespace, transports: rows });
  else if (rows.length === 0) say(nobody);
  else for (const row of rows) print(...transportLines(context, row));
  return exitCode.done;
}

/** What is known of a transport; one that no run has met yet waits for nothing. */
function stateOf(record: TransportRecord | undefined) {
  return {
    waiting: record?.waiting ?? 0,
    sentAt: record?.sentAt ?? null,
    refused: record?.refused ?? 0,
    failures: record?.failures ?? 0,
    failure: record?.failure ?? null,
    dueAt: record?.dueAt ?? null,
  };
}

function transportLines(
  context: VerbContext,
  row: ReturnType<typeof stateOf> & { readonly name: string; readonly to: string },
): readonly string[] {
  const { signs, paint } = lookOf(context.options);
  const { name, to, waiting, sentAt, refused, failure, dueAt } = row;
  const sign = failure !== null ? "failed" : waiting > 0 ? "stale" : "materialized";
  const words = [
    waiting === 0 ? "nothing waits" : `${countOf(waiting, "event")} ${waiting === 1 ? "waits" : "wait"}`,
    sentAt === null ? "never told" : `last told ${minute(sentAt)}`,
    ...(refused > 0 ? [`${countOf(refused, "event")} refused`] : []),
  ];
  return [
    `${paint.as(sign, signs.sign[sign])} ${name}  ${to}  ${words.join(", ")}`,
    ...(failure === null ? [] : failureLines(failure)),
    ...(dueAt === null ? [] : [`    again  from ${minute(dueAt)} on, or at once: moraine openlineage send`]),
  ];
}

function failureLines({ reason, message, got, next }: NonNullable<TransportRecord["failure"]>): string[] {
  return [
    `    [${reason}] ${message}`,
    ...(got === undefined ? [] : [`    got    ${got}`]),
    ...(next === undefined ? [] : [`    next   ${next}`]),
  ];
}

function minute(instant: string): string {
  return instantText(instant, "minute");
}

async function send(context: VerbContext): Promise<number> {
  const project = await context.openProject();
  const { openTeller } = await import("../openlineage/teller.ts");
  // What died since the last run waits to be told as well.
  project.store.interruptDeadRuns(new Date().toISOString());
  const teller = openTeller(project, project.store);
  if (teller === undefined) throw new UsageError(nobody, "see docs/openlineage.md");
  const sent = await teller.tell({ signal: context.signal, patience: {}, isForced: true });
  if (context.options.json === true) printJson(sent);
  else for (const one of sent) print(...sentLines(context, one));
  const failures = sent.flatMap(({ failure }) => (failure === null ? [] : [failure.reason]));
  const isWhole = sent.every(({ waiting, refused }) => waiting === 0 && refused === 0);
  return failures.length > 0 ? worstExitCode(failures) : isWhole ? exitCode.done : exitCode.workFailed;
}

function sentLines(
  context: VerbContext,
  { transport, sent, refused, waiting, failure }: Sent,
): readonly string[] {
  const { signs, paint } = lookOf(context.options);
  const sign = failure !== null || refused > 0 ? "failed" : waiting > 0 ? "stale" : "materialized";
  const words = [
    `${countOf(sent, "event")} sent`,
    ...(refused > 0 ? [`${refused} refused for good, see the runs' logs`] : []),
    ...(waiting > 0 ? [`${waiting} recorded still wait`] : []),
    ...(failure === null && waiting > 0 ? ["another process sends"] : []),
  ];
  return [
    `${paint.as(sign, signs.sign[sign])} ${transport}  ${words.join(", ")}`,
    ...(failure === null ? [] : failureLines(failure)),
  ];
}
