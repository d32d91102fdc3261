import type { Alert, AlertFacts, FailedAsset, NoticeKind, ToldAlert } from "../../event/alert.ts";
import type { Failure } from "../../event/failure.ts";
import { shellWords } from "../../util/shell-words.ts";
import { unreachable } from "../../util/unreachable.ts";
import { checkText } from "./check.ts";
import { countOf, formatAge, formatCount, formatInterval, shortInstant, someOf } from "./numbers.ts";
import { cleanText } from "./text.ts";

/** An alert in words. */
export function toldAlert(alert: Alert, state: NoticeKind, now: Date): ToldAlert {
  const { facts, target } = alert;
  return {
    alert,
    state,
    title: titleOf(facts),
    why: whyOf(facts, now.getTime()),
    command: `moraine ${shellWords([...lookAt(facts), "--target", target])}`,
    handbook: `docs/operations.md#${facts.type}`,
  };
}

/** What is wrong, in one line without a full stop. */
function titleOf(facts: AlertFacts): string {
  switch (facts.type) {
    case "run-failed":
      return facts.status === "interrupted"
        ? `run ${facts.runId} of ${selectionName(facts.selection)} was interrupted: its process died`
        : `run ${facts.runId} of ${selectionName(facts.selection)} failed`;
    case "asset-failed":
      return `${unitsName(facts)} failed${reasonOf(facts.failure)}`;
    case "breaker":
      return `${unitsName(facts)} was not written: a guard refused it${reasonOf(facts.failure)}`;
    case "check-failed":
      return `check ${cleanText(facts.check)} of ${unitsName(facts)} failed${facts.isUnpublished ? "; the table is as it was" : ""}`;
    case "overdue":
      return `${facts.key} is overdue`;
    case "no-success":
      return `no success of ${selectionName(facts.selection)} within ${formatInterval(facts.withinMs)}`;
    case "volume-anomaly":
      return `${unitsName({ key: facts.key, partitions: partitionsOf(facts) })} has ${formatCount(facts.value)} ${measureName(facts.measure)}, usually ${formatCount(facts.median)}`;
    case "scd-anomaly":
      return `${facts.key} had ${formatCount(facts.value)} ${measureName(facts.measure)} at once, usually ${formatCount(facts.median)}`;
    case "quota":
      return facts.failure === null
        ? `${facts.key}: ${usedText(facts)}`
        : `${facts.key} was refused for its API calls${reasonOf(facts.failure)}`;
    default:
      return unreachable(facts);
  }
}

/** Why it is so, as far as it is known: a line each. */
function whyOf(facts: AlertFacts, nowMs: number): readonly string[] {
  switch (facts.type) {
    case "run-failed":
      return [
        ...chainLines(facts.failed),
        ...(facts.skipped > 0 ? [`${countOf(facts.skipped, "asset")} skipped with it`] : []),
      ];
    case "asset-failed":
    case "breaker":
      return failureLines(facts.failure);
    case "check-failed":
      return [
        checkText({ ...facts, failure: facts.failure ?? undefined }),
        ...(facts.failure === null ? [] : failureLines(facts.failure).slice(1)),
        ...(facts.blocking ? ["what reads it waits until it passes"] : []),
      ];
    case "overdue":
      return [
        facts.knownGoodAt === null
          ? "it never was known good"
          : `last known good ${ago(facts.knownGoodAt, nowMs)}, due ${shortInstant(facts.deadline ?? facts.knownGoodAt, nowMs)}Z`,
        ...waitsFor(facts),
      ];
    case "no-success":
      return [
        `${countOf(facts.late.length, "asset")} of ${formatCount(facts.of)} not known good: ${someOf(
          facts.late.map(
            ({ key, knownGoodAt }) =>
              `${key} ${knownGoodAt === null ? "never was" : `last ${ago(knownGoodAt, nowMs)}`}`,
          ),
          3,
        )}`,
        ...waitsFor(facts),
      ];
    case "volume-anomaly":
    case "scd-anomaly":
      return [
        `usual is ${formatCount(Math.floor(facts.least))} to ${formatCount(Math.ceil(facts.most))}, by the ${countOf(facts.of, "materialization")} before it`,
        ...(facts.type === "scd-anomaly" ? [`of ${countOf(facts.total, "version")}`] : []),
      ];
    case "quota":
      return [
        ...failureLines(facts.failure),
        ...(facts.failure === null || facts.used === null ? [] : [usedText(facts)]),
      ];
    default:
      return unreachable(facts);
  }
}

/** What to type to see more, without the target. */
function lookAt(facts: AlertFacts): readonly string[] {
  switch (facts.type) {
    case "run-failed":
      return ["runs", facts.runId];
    case "asset-failed":
    case "breaker":
    case "quota":
      return ["logs", facts.runId, facts.key];
    case "check-failed":
      return ["show", facts.key, "--checks"];
    case "overdue":
      return ["show", facts.key, "--why"];
    case "no-success":
      return ["list", ...facts.late.slice(0, 3).map(({ key }) => key)];
    case "volume-anomaly":
    case "scd-anomaly":
      return ["runs", "diff", facts.runId];
    default:
      return unreachable(facts);
  }
}

function ago(instant: string, nowMs: number): string {
  return `${formatAge(nowMs - Date.parse(instant))} ago`;
}

function selectionName(selection: string): string {
  return selection === "" ? "everything" : cleanText(selection);
}

function unitsName({
  key,
  partitions,
}: {
  readonly key: string;
  readonly partitions: readonly string[];
}): string {
  return partitions.length === 0 ? key : `${key}[${someOf(partitions.map(cleanText), 3)}]`;
}

function partitionsOf({ partition }: { readonly partition: string }): readonly string[] {
  return partition === "" ? [] : [partition];
}

function reasonOf(failure: Failure | null): string {
  return failure === null ? "" : ` [${failure.reason}]`;
}

function measureName(measure: string): string {
  const opened = /^versions_(opened|closed|retired)$/.exec(measure);
  return opened === null ? cleanText(measure.replaceAll("_", " ")) : `versions ${opened[1]}`;
}

function usedText({ used, limit }: { readonly used: number | null; readonly limit: number | null }): string {
  if (used === null || limit === null) return "API calls are used up";
  return `${formatCount(used)} of ${formatCount(limit)} API calls used in 24 hours (${Math.round((used / limit) * 100)} %)`;
}

/** Message, expected and got, where, and what to do next. */
function failureLines(failure: Failure | null): readonly string[] {
  if (failure === null) return [];
  const { message, expected, got, where, next } = failure;
  const contrast = [
    ...(expected === undefined ? [] : [`expected ${expected}`]),
    ...(got === undefined ? [] : [`got ${got}`]),
  ].join(", ");
  return [
    message,
    contrast,
    where === undefined ? "" : `at ${where}`,
    next === undefined ? "" : `next: ${next}`,
  ]
    .filter((line) => line !== "")
    .map(cleanText);
}

function chainLines(failed: readonly FailedAsset[]): readonly string[] {
  const lines = failed
    .slice(0, 5)
    .map(({ key, failure }) =>
      failure === null ? `${key} failed` : `${key} [${failure.reason}] ${cleanText(failure.message)}`,
    );
  return failed.length > lines.length
    ? [...lines, `and ${formatCount(failed.length - lines.length)} more`]
    : lines;
}

function waitsFor(facts: Extract<AlertFacts, { readonly because: unknown }>): readonly string[] {
  return facts.because.length > 0
    ? chainLines(facts.because).map((line) => `waits for ${line}`)
    : ["nothing failed: has anything run?"];
}
