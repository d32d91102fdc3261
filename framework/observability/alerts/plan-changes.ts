import type { Alert } from "../../event/alert.ts";
import type { AlertChanges, AlertNotice, NewNotice } from "../../store/alerts/alert-records.ts";
import { canonicalJson, type Json } from "../../util/hash.ts";
import type { Found } from "./found.ts";
import type { RuleInForce } from "./rules-in-force.ts";

/** What is compared: what is wrong now, with what the store says is firing. */
export interface Judged {
  readonly found: readonly Found[];
  readonly firing: readonly Alert[];
  /** Of those that fire, by alert, in order. */
  readonly notices: ReadonlyMap<number, readonly AlertNotice[]>;
  readonly rules: readonly RuleInForce[];
  readonly basis: number;
  readonly now: Date;
}

/**
 * What has to be recorded: alerts that begin, go on and end, and who is told what of them. Pure, so that the same two states
 * always give the same changes. Undefined when nothing has changed.
 */
export function planChanges(judged: Judged): AlertChanges | undefined {
  // Of what is found twice, by several checks of one name, the first counts.
  const found = new Map(judged.found.toReversed().map((one) => [fingerprint(one), one]));
  const firing = new Set(judged.firing.map(fingerprint));
  const opened = judged.found
    .filter((one) => found.get(fingerprint(one)) === one && !firing.has(fingerprint(one)))
    .map(open);
  const kept = judged.firing.flatMap((alert) => {
    const one = found.get(fingerprint(alert));
    return one === undefined ? [] : keep(judged, alert, one);
  });
  const resolved = judged.firing
    .filter((alert) => !found.has(fingerprint(alert)))
    .map((alert) => resolve(judged, alert));
  if (opened.length + kept.length + resolved.length === 0) return undefined;
  return { basis: judged.basis, at: judged.now.toISOString(), opened, kept, resolved };
}

function fingerprint({ rule, subject }: Pick<Alert, "rule" | "subject">): string {
  return JSON.stringify([rule, subject]);
}

function open({ by, ...alert }: Found): AlertChanges["opened"][number] {
  const quiet = quietOf(by, alert.severity);
  return { alert, notices: by.channels.map((channel) => ({ channel, kind: "firing", round: 0, quiet })) };
}

/** Nothing when neither it nor what is told of it has changed. */
function keep(judged: Judged, alert: Alert, one: Found): AlertChanges["kept"] {
  const { severity, owners, facts } = alert;
  const found = { severity: one.severity, owners: one.owners, facts: one.facts };
  const notices = one.by.channels.flatMap((channel) => again(judged, alert, one, channel));
  const isSame =
    canonicalJson({ severity, owners, facts } as unknown as Json) === canonicalJson(found as unknown as Json);
  return isSame && notices.length === 0 ? [] : [{ id: alert.id, found, notices }];
}

/** It is told again when it has become worse, and after a while. */
function again(judged: Judged, alert: Alert, { by, severity }: Found, channel: string): readonly NewNotice[] {
  const quiet = quietOf(by, severity);
  const last = judged.notices.get(alert.id)?.findLast((notice) => notice.channel === channel);
  if (last === undefined) return [{ channel, kind: "firing", round: 0, quiet }];
  const isWorse = severity === "critical" && alert.severity === "warning";
  const sinceMs = last.sentAt === null ? 0 : judged.now.getTime() - Date.parse(last.sentAt);
  const isTime = by.repeatEveryMs > 0 && sinceMs >= by.repeatEveryMs;
  return isWorse || isTime ? [{ channel, kind: "repeated", round: last.round + 1, quiet }] : [];
}

/** Told to whoever was told that it began, or is about to be: a pager must not ring on for a rule that is gone. */
function resolve(judged: Judged, alert: Alert): AlertChanges["resolved"][number] {
  const by = judged.rules.find(({ name }) => name === alert.rule);
  const quiet = quietOf(by, alert.severity);
  const told = new Set(judged.notices.get(alert.id)?.map(({ channel }) => channel));
  return {
    id: alert.id,
    notices: [...told].map((channel) => ({ channel, kind: "resolved", round: 0, quiet })),
  };
}

function quietOf(by: RuleInForce | undefined, severity: Alert["severity"]): NewNotice["quiet"] {
  return by?.rule.quiet ?? (severity === "critical" ? "send" : "hold");
}
