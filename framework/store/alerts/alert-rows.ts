import type { Alert, AlertFacts } from "../../event/alert.ts";
import type { Failure } from "../../event/failure.ts";
import type { AlertNotice } from "./alert-records.ts";

export interface AlertRow {
  id: number;
  target: string;
  rule: string;
  subject: string;
  severity: Alert["severity"];
  since: string;
  fired_at: string;
  resolved_at: string | null;
  owners: string;
  facts: string;
}

export function alertRecord(row: AlertRow): Alert {
  return {
    id: row.id,
    target: row.target,
    rule: row.rule,
    subject: row.subject,
    severity: row.severity,
    since: row.since,
    firedAt: row.fired_at,
    resolvedAt: row.resolved_at,
    owners: JSON.parse(row.owners) as readonly string[],
    facts: JSON.parse(row.facts) as AlertFacts,
  };
}

export interface NoticeRow {
  id: number;
  alert_id: number;
  channel: string;
  kind: AlertNotice["kind"];
  round: number;
  queued_at: string;
  quiet: AlertNotice["quiet"];
  due_at: string;
  attempts: number;
  failure: string | null;
  sent_at: string | null;
}

export function noticeRecord(row: NoticeRow): AlertNotice {
  return {
    id: row.id,
    alertId: row.alert_id,
    channel: row.channel,
    kind: row.kind,
    round: row.round,
    queuedAt: row.queued_at,
    quiet: row.quiet,
    dueAt: row.due_at,
    attempts: row.attempts,
    failure: row.failure === null ? null : (JSON.parse(row.failure) as Failure),
    sentAt: row.sent_at,
  };
}
