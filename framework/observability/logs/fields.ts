import type { DaemonEvent } from "../../event/daemon-event.ts";
import type { RunEvent } from "../../event/event.ts";

/** Fields of a log line. */
type Fields = Readonly<Record<string, unknown>>;

/**
 * What a run's event says, for machines: its ids first. Rows, samples and long lists stay out; the store has them.
 *
 * @param attempts the attempt that each unit is at, kept up to date here
 */
export function runFields(event: RunEvent, attempts: Map<string, number>): Fields {
  const { type, runId } = event;
  if (!("key" in event) || event.key === undefined) return { type, runId, ...ofRun(event) };
  const partition = "partition" in event ? event.partition : undefined;
  const unit = JSON.stringify([runId, event.key, partition]);
  if ("attempt" in event) attempts.set(unit, event.attempt);
  const attempt = attempts.get(unit);
  if (type === "asset-finished") attempts.delete(unit);
  return { type, runId, asset: event.key, partition, attempt, ...ofAsset(event) };
}

function ofRun(event: RunEvent): Fields {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others add nothing
  switch (event.type) {
    case "run-started":
      return {
        target: event.target,
        trigger: event.trigger,
        assets: event.keys.length,
        tags: event.tags,
        resumes: event.resumes,
      };
    case "run-finished":
      return { status: event.status, durationMs: event.durationMs };
    case "cancelling":
      return { reason: event.reason };
    default:
      return {};
  }
}

function ofAsset(event: RunEvent): Fields {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others add nothing
  switch (event.type) {
    case "asset-started":
      return { maxAttempts: event.maxAttempts, causes: event.causes.map((cause) => cause.type) };
    case "asset-waiting":
      return { holder: event.holder };
    case "asset-retrying":
      return { maxAttempts: event.maxAttempts, delayMs: event.delayMs, failure: event.failure };
    case "asset-finished": {
      const { outcome, durationMs, dataVersion, failure, because } = event;
      const rows = event.metadata?.["rows"];
      return {
        outcome,
        durationMs,
        dataVersion,
        rows: rows?.type === "rows" ? rows.value : undefined,
        failure,
        because,
      };
    }
    case "check-finished": {
      const { check, severity, blocking, durationMs, result, failure } = event;
      return { check, severity, blocking, durationMs, passed: result.passed, failure };
    }
    case "check-started":
      return { check: event.check };
    default:
      return {};
  }
}

/** What an event of the daemon says, as it is; a process it tells of is `childPid`, for `pid` is who writes. */
export function daemonFields(event: DaemonEvent): Fields {
  const { at, type, ...fields } = event;
  if (!("pid" in fields)) return { time: at, type, ...fields };
  const { pid, ...rest } = fields;
  return { time: at, type, ...rest, ...(type === "daemon-started" ? {} : { childPid: pid }) };
}
