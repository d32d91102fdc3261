import type { Alert, AlertDigest, ToldAlert } from "../../event/alert.ts";
import { toldAlert } from "./alert.ts";
import { countOf, formatAge, formatCount, shortInstant } from "./numbers.ts";
import { cleanText } from "./text.ts";

/** The words of messages, for the room that has none. */
export const alertWords = { told: toldAlert, subject: messageSubject, text: messageText } as const;

/** Since when, and for how long. */
function sinceText({ since, resolvedAt }: Alert, now: Date): string {
  const at = (instant: string) => `${shortInstant(instant, now.getTime())}Z`;
  const endMs = resolvedAt === null ? now.getTime() : Date.parse(resolvedAt);
  const until = resolvedAt === null ? "" : ` to ${at(resolvedAt)}`;
  return `${at(since)}${until}, ${formatAge(endMs - Date.parse(since))}`;
}

/** One line: how many of what, and the first. */
function messageSubject({ project, target, alerts, omitted, isTest }: AlertDigest): string {
  const [first] = alerts;
  const place = `moraine ${cleanText(project)} ${cleanText(target)}`;
  if (isTest) return `[${place}] test: this channel works`;
  if (first === undefined) return `[${place}] nothing`;
  const total = alerts.length + omitted;
  const more = total > 1 ? ` and ${formatCount(total - 1)} more` : "";
  return `[${place}] ${stateWord(first)}: ${first.title}${more}`;
}

function stateWord({ alert, state }: ToldAlert): string {
  if (state === "resolved") return "over";
  return state === "repeated" ? `still ${alert.severity}` : alert.severity;
}

/** Every alert: what, since when, why, whose it is, the command to look, and where it is said what to do. */
function messageText({ alerts, omitted, isTest, project, target }: AlertDigest, now: Date): string {
  if (isTest)
    return `This is a test from project ${cleanText(project)}, target ${cleanText(target)}. Nothing is wrong.\nAlerts of this channel look like this, with what is wrong instead.`;
  const blocks = alerts.map((told) => alertBlock(told, now).join("\n"));
  const rest =
    omitted > 0
      ? [`and ${countOf(omitted, "more alert", "more alerts")}: moraine alerts --target ${target}`]
      : [];
  return [...blocks, ...rest].join("\n\n");
}

/** One alert as lines, the first of which says what. */
export function alertBlock(told: ToldAlert, now: Date): readonly string[] {
  const { alert, title, why, command, handbook, state } = told;
  const isOver = state === "resolved";
  const field = (name: string, lines: readonly string[]) =>
    lines.map((line, index) => `  ${(index === 0 ? name : "").padEnd(6)} ${line}`);
  return [
    `${stateWord(told).toUpperCase()}  ${title}`,
    ...field("since", [sinceText(alert, now)]),
    ...field("why", isOver ? [] : why),
    ...field("owner", alert.owners.length === 0 ? [] : [alert.owners.map(cleanText).join(", ")]),
    ...field("look", [command]),
    ...field("then", isOver ? [] : [handbook]),
  ];
}
