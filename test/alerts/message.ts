import type { Alert, AlertMessage } from "../../framework/event/alert.ts";
import { composeMessage } from "../../framework/observability/alerts/compose.ts";
import { alertWords } from "../../framework/tui/words/alert-message.ts";

const now = new Date("2026-11-26T04:30:00.000Z");

/** An asset's failure with this message. */
export function alertOf(message: string): Alert {
  return {
    id: 17,
    target: "local",
    rule: "asset-failed",
    subject: "raw/users",
    severity: "critical",
    since: "2026-11-26T04:00:00.000Z",
    firedAt: "2026-11-26T04:01:00.000Z",
    resolvedAt: null,
    owners: ["crm"],
    facts: {
      type: "asset-failed",
      key: "raw/users",
      partitions: [],
      runId: "8f21c4000000",
      attempts: 3,
      failure: { reason: "unreachable", message, retryable: true },
    },
  };
}

/** A message with one alert. */
export function messageOf(alert: Alert, project = "crm"): AlertMessage {
  return composeMessage(
    {
      project,
      target: "local",
      items: [{ alert, state: "firing" }],
      identity: ["team", 1],
      isTest: false,
      now,
    },
    alertWords,
  );
}
