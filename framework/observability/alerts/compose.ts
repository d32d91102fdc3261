import type { Alert, AlertDigest, AlertMessage, NoticeKind, ToldAlert } from "../../event/alert.ts";
import type { AlertNotice } from "../../store/alerts/alert-records.ts";
import { sha256 } from "../../util/hash.ts";

/** An alert with what is told of it. */
export interface AlertItem {
  readonly alert: Alert;
  readonly state: NoticeKind;
}

/** Puts alerts in words. Given from outside, for this room has none. */
export interface AlertWords {
  told(alert: Alert, state: NoticeKind, now: Date): ToldAlert;
  subject(digest: AlertDigest): string;
  text(digest: AlertDigest, now: Date): string;
}

/** More than these are counted, not told: a message must stay readable, and small enough for every channel. */
const mostAlerts = 50;
const order = { critical: 0, warning: 1 } as const;

/** What a message is made of. */
export interface Draft {
  readonly project: string;
  readonly target: string;
  readonly items: readonly AlertItem[];
  /** What makes it this message and no other. */
  readonly identity: readonly unknown[];
  readonly isTest: boolean;
  readonly now: Date;
}

/** Makes one message of several alerts: the worst first, and what is over last. */
export function composeMessage(draft: Draft, words: AlertWords): AlertMessage {
  const { project, target, isTest, now } = draft;
  const items = draft.items
    .map((item, index) => ({ item, index }))
    .sort((a, b) => rankOf(a.item) - rankOf(b.item) || a.index - b.index)
    .map(({ item }) => item);
  const alerts = items.slice(0, mostAlerts).map(({ alert, state }) => words.told(alert, state, now));
  const parts = { project, target, isTest, alerts, omitted: items.length - alerts.length };
  const open = items.filter(({ state }) => state !== "resolved");
  const isCritical = (open.length > 0 ? open : items).some(({ alert }) => alert.severity === "critical");
  return {
    ...parts,
    id: sha256(JSON.stringify([project, target, ...draft.identity])).slice(0, 32),
    at: now.toISOString(),
    severity: isCritical ? "critical" : "warning",
    subject: words.subject(parts),
    text: words.text(parts, now),
  };
}

function rankOf({ alert, state }: AlertItem): number {
  return (state === "resolved" ? 10 : 0) + order[alert.severity];
}

/** One item for each alert of some notices: of what began and is over already only the end is told. */
export function itemsOf(
  notices: readonly AlertNotice[],
  alertOf: (id: number) => Alert | undefined,
): readonly AlertItem[] {
  const states = new Map(notices.map(({ alertId, kind }) => [alertId, kind]));
  return [...states].flatMap(([id, state]) => {
    const alert = alertOf(id);
    return alert === undefined ? [] : [{ alert, state }];
  });
}
