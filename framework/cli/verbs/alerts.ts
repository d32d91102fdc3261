import { relative } from "node:path";
import type { AlertsConfig } from "../../definition/alerts.ts";
import { DefinitionError } from "../../definition/problem.ts";
import { targetNamesOf } from "../../definition/targets.ts";
import type { ToldAlert } from "../../event/alert.ts";
import type { Failure } from "../../event/failure.ts";
import { alertJson } from "../../observability/alerts/channels/message-json.ts";
import type { AlertNotice } from "../../store/alerts/alert-records.ts";
import { toldAlert } from "../../tui/words/alert.ts";
import { alertBlock } from "../../tui/words/alert-message.ts";
import { countOf } from "../../tui/words/numbers.ts";
import { instantText } from "../../tui/words/instant.ts";
import { groupBy } from "../../util/group-by.ts";
import { nearest } from "../../util/nearest.ts";
import { exitCode } from "../exit-code.ts";
import { print, printJson, say } from "../output/print.ts";
import { lookOf } from "../output/terminal.ts";
import type { OpenConfig } from "../project/open-project.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";

interface AlertsOptions {
  readonly all?: boolean;
  readonly limit?: number;
  readonly exitCode?: boolean;
}

/** `moraine alerts`. */
export async function alerts(
  context: VerbContext,
  [action, ...rest]: readonly string[],
  options: AlertsOptions,
): Promise<number> {
  switch (action) {
    case undefined:
      return list(context, await context.openConfig(), options);
    case "evaluate":
      return evaluate(context, rest);
    case "test":
      return test(context, rest);
    default:
      throw new UsageError(`no action ${action}; expected evaluate or test`, "moraine alerts --help");
  }
}

/** What a project says of alerts. @throws UsageError when that is nothing, DefinitionError when it is wrong */
async function configured({ config, configFile, projectDir }: OpenConfig): Promise<AlertsConfig> {
  if (config.alerts !== undefined) {
    const { alertProblems } = await import("../../definition/alert-problems.ts");
    const problems = alertProblems(config.alerts, targetNamesOf(config));
    const where = relative(projectDir, configFile);
    if (problems.length > 0) throw new DefinitionError(problems.map((problem) => ({ where, ...problem })));
    return config.alerts;
  }
  throw new UsageError(
    "this project tells nobody when something is wrong",
    "give `alerts` in moraine.config.ts a channel, see docs/alerts.md",
  );
}

function list(context: VerbContext, project: OpenConfig, options: AlertsOptions): number {
  const { store } = project;
  const now = new Date();
  const found = options.all === true ? store.alerts.history(options.limit ?? 50) : store.alerts.firing();
  const noticesOf = groupBy(store.alerts.notices(found.map(({ id }) => id)), ({ alertId }) => alertId);
  const shown = found.map((alert) => ({
    told: toldAlert(alert, alert.resolvedAt === null ? "firing" : "resolved", now),
    notices: noticesOf.get(alert.id) ?? [],
  }));
  if (context.options.json === true)
    printJson(shown.map(({ told, notices }) => ({ ...alertJson(told), notices: notices.map(noticeJson) })));
  else {
    printAlerts(context, shown, now);
    if (shown.length > 0 && options.all !== true) print(`${countOf(shown.length, "alert")} firing`);
  }
  if (project.config.alerts === undefined)
    say("nobody is told: `alerts` in moraine.config.ts names no channel, see docs/alerts.md");
  const isFiring = found.some(({ resolvedAt }) => resolvedAt === null);
  return options.exitCode === true && isFiring ? exitCode.notCurrent : exitCode.done;
}

function printAlerts(
  context: VerbContext,
  shown: readonly { readonly told: ToldAlert; readonly notices: readonly AlertNotice[] }[],
  now: Date,
): void {
  const { signs, paint } = lookOf(context.options);
  for (const { told, notices } of shown) {
    const { alert, state } = told;
    const sign = state === "resolved" ? "materialized" : alert.severity === "critical" ? "failed" : "warned";
    const [first = "", ...lines] = alertBlock(told, now);
    print(paint.as(sign, `${signs.sign[sign]} ${first}`), ...lines, `  told   ${noticesText(notices)}`, "");
  }
  if (shown.length === 0) print(`${signs.sign.materialized} nothing fires`);
}

function noticeJson({ channel, kind, quiet, queuedAt, dueAt, attempts, failure, sentAt }: AlertNotice) {
  return { channel, kind, quiet, queuedAt, dueAt, attempts, failure, sentAt };
}

/** `team at 2026-11-26 04:00Z; mail not yet (...)`: what became of the newest notice to each channel. */
function noticesText(notices: readonly AlertNotice[]): string {
  const newest = new Map(notices.map((notice) => [notice.channel, notice]));
  const at = (instant: string) => instantText(instant, "minute");
  const texts = [...newest.values()].map(({ channel, sentAt, dueAt, failure }) => {
    if (sentAt !== null) return `${channel} at ${at(sentAt)}`;
    return `${channel} not yet${failure === null ? "" : ` (${failure.message}; again from ${at(dueAt)} on)`}`;
  });
  return texts.join("; ") || "nobody";
}

async function evaluate(context: VerbContext, rest: readonly string[]): Promise<number> {
  if (rest.length > 0) throw new UsageError(`alerts evaluate takes no argument, got ${rest.join(" ")}`);
  const project = await context.openProject();
  const config = await configured(project);
  const { isWatched } = await import("../../observability/alerts/keep-watch.ts");
  if (!isWatched(config, project.targetName)) {
    const { targets = [] } = config;
    throw new UsageError(
      `nobody is told of target ${project.targetName}; \`alerts.targets\` has ${targets.join(", ")}`,
    );
  }
  const { watchProject } = await import("../alerts/watch-project.ts");
  const watched = await watchProject(project, config, context.signal);
  const firing = project.store.alerts.firing().length;
  const failed = watched.deliveries.filter(({ failure }) => failure !== null);
  if (context.options.json === true) printJson({ ...watched, firing });
  else {
    print(
      `${countOf(firing, "alert")} firing, ${watched.opened} of them new; ${watched.resolved} over`,
      ...watched.deliveries.flatMap(({ channel, alerts: count, failure }) =>
        channelLines(context, channel, failure, `told of ${countOf(count, "alert")}`),
      ),
      ...(watched.heartbeat === null ? [] : channelLines(context, "heartbeat", watched.heartbeat, "")),
    );
  }
  return failed.length > 0 || watched.heartbeat !== null ? exitCode.workFailed : exitCode.done;
}

async function test(context: VerbContext, names: readonly string[]): Promise<number> {
  const project = await context.openConfig();
  const { channels } = await configured(project);
  const unknown = names.find((name) => !Object.hasOwn(channels, name));
  if (unknown !== undefined) {
    const [near] = nearest(unknown, Object.keys(channels));
    throw new UsageError(
      `no channel ${unknown}; there are ${Object.keys(channels).join(", ")}`,
      near === undefined ? undefined : `moraine alerts test ${near}`,
    );
  }
  const { testChannels } = await import("../alerts/test-channels.ts");
  const chosen = names.length === 0 ? Object.keys(channels) : names;
  const results = await testChannels(project, channels, chosen, context.signal);
  if (context.options.json === true) printJson(results);
  else {
    for (const { channel, failure } of results)
      print(...channelLines(context, channel, failure, "took the test message"));
  }
  return results.some(({ failure }) => failure !== null) ? exitCode.workFailed : exitCode.done;
}

function channelLines(
  context: VerbContext,
  channel: string,
  failure: Failure | null,
  good: string,
): readonly string[] {
  const { signs, paint } = lookOf(context.options);
  const sign = failure === null ? "materialized" : "failed";
  return [
    `${paint.as(sign, signs.sign[sign])} ${channel}  ${failure === null ? good : `[${failure.reason}] ${failure.message}`}`,
    ...(failure?.got === undefined ? [] : [`    got   ${failure.got}`]),
    ...(failure?.next === undefined ? [] : [`    next  ${failure.next}`]),
  ];
}
