import type { AlertMessage, ToldAlert } from "../../../event/alert.ts";

/** An alert as JSON, for programs; docs/alerts.md lists its fields. */
export function alertJson({ alert, ...told }: ToldAlert) {
  return { ...alert, ...told };
}

/** A message as JSON. */
export function messageJson({ alerts, ...message }: AlertMessage): string {
  return JSON.stringify({ ...message, alerts: alerts.map(alertJson) });
}
