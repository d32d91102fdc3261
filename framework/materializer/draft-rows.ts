import type { Check } from "../definition/check.ts";
import type { Unit } from "../definition/unit.ts";
import { collectRows } from "../lakehouse/lakehouse.ts";
import { type CheckAnswer, checkOutcomeOf } from "./check-outcome.ts";
import { type RunSession, unitFields } from "./run-session.ts";

/** Rows that are kept of what broke a check on a draft. */
const sampleRows = 20;

/**
 * A check's answer with some of the rows that break it, when it did not pass on a draft, gave none itself and has a
 * query for them: nobody can ask a draft that has been discarded.
 */
export async function withDraftRows(
  session: RunSession,
  check: Check,
  answer: CheckAnswer,
  { unit, signal }: { readonly unit: Unit; readonly signal: AbortSignal },
): Promise<CheckAnswer> {
  if (answer.failure !== undefined || !session.drafts.has(unit)) return answer;
  const { result, failure } = checkOutcomeOf(check, answer.result);
  if (failure !== undefined || result.passed || result.samples !== undefined) return answer;
  const lakehouse = session.drafts.lakehouseOf(unit);
  const sql = check.rowsSql?.(lakehouse.tableName(unit.key)).trim().replace(/;$/, "") ?? "";
  if (sql === "") return answer;
  try {
    const query = `SELECT * FROM (\n${sql}\n) AS broken LIMIT ${sampleRows}`;
    const samples = await collectRows(await lakehouse.query(query, { signal }));
    return samples.length === 0 ? answer : { result: { ...result, samples } };
  } catch (error) {
    if (session.signal.aborted) throw error;
    // The result stands without them.
    const message = `no rows that break ${check.name}: ${error instanceof Error ? error.message : String(error)}`;
    session.record({ type: "log", ...unitFields(unit), level: "debug", message });
    return answer;
  }
}
