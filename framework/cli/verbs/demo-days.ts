import { join } from "node:path";
import { fail } from "../../event/failure.ts";
import { countOf, formatCount } from "../../tui/words/numbers.ts";
import { noOrgAnswers, servedOrgUrl } from "../project/sandbox-secrets.ts";
import type { DayCounts } from "../../sandbox/sandbox.ts";

/** What happened in the org before the run. */
export type Days =
  | { readonly type: "seeded"; readonly users: number; readonly now: string }
  | ({ readonly type: "passed" } & DayCounts);

/** Fills a new org, or lets days pass in the one there is. */
export async function passDays(
  stateDir: string,
  options: { readonly users?: number; readonly days?: number },
): Promise<Days> {
  const url = servedOrgUrl();
  if (url !== undefined) return { type: "passed", ...(await advanceServed(url, options.days ?? 1)) };
  const { openSandboxData } = await import("../../sandbox/sandbox.ts");
  const data = await openSandboxData(join(stateDir, "sandbox.db"));
  try {
    if (data.isSeeded) return { type: "passed", ...data.advance(options.days ?? 1) };
    const { users } = data.seed(options.users === undefined ? {} : { users: options.users });
    if (options.days !== undefined) return { type: "passed", ...data.advance(options.days) };
    return { type: "seeded", users, now: data.now };
  } finally {
    data.close();
  }
}

async function advanceServed(url: string, days: number): Promise<DayCounts> {
  const where = new URL("/sandbox/advance", url).href;
  const response = await fetch(where, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ days }),
  }).catch((error: unknown) => noOrgAnswers(where, error));
  if (!response.ok) {
    fail({
      reason: "bad-response",
      message: "the org at MORAINE_SALESFORCE_URL would not let a day pass",
      got: `HTTP ${response.status}`,
      where,
      retryable: false,
    });
  }
  return (await response.json()) as DayCounts;
}

/** What happened, in words. */
export function daysText(days: Days): string {
  if (days.type === "seeded")
    return `a new org with ${countOf(days.users, "user")}; its clock says ${days.now}`;
  const happened = [
    countOf(days.hires, "hire"),
    countOf(days.moves, "move between divisions", "moves between divisions"),
    countOf(days.phases, "audit phase changed", "audit phases changed"),
    countOf(days.deactivations, "user deactivated", "users deactivated"),
    countOf(days.reactivations, "user back", "users back"),
    `${formatCount(days.titles + days.names)} other changes`,
  ];
  return `${countOf(days.days, "day")} passed: ${happened.join(", ")}`;
}
