import { fail } from "../event/failure.ts";
import type { KnownUser } from "./latest-rows.ts";
import type { Spec } from "./spec.ts";

/** What one run would retire. */
export interface Retirement {
  /** Ids whose absence is confirmed. */
  readonly absent: ReadonlySet<string>;
  /** Ids of known active users that were read as inactive. */
  readonly inactive: ReadonlySet<string>;
  /** Users that the source shows. */
  readonly visible: number;
}

/**
 * Stops a run that would retire too many users at once: far more often that is a broken permission, a wrong org or an
 * import gone wrong than a mass dismissal, and peers lost whole dimensions so. Called before anything is written.
 *
 * @throws FailureError `breaker`; `access-contract` when visible users dropped without that being active ones
 */
export function checkBreaker(
  spec: Spec,
  known: ReadonlyMap<string, KnownUser>,
  retirement: Retirement,
  where: string,
): void {
  let visibleBefore = 0;
  for (const user of known.values()) if (!user.isAbsent) visibleBefore += 1;
  if (visibleBefore === 0) return;
  const { max_retired_share, max_visible_drop } = spec.breaker;
  if (retirement.visible === 0) {
    fail({
      reason: "breaker",
      message: `${spec.object} is empty at the source, while ${visibleBefore} users are known; nothing was written`,
      retryable: false,
      expected: "at least one visible user",
      got: "0",
      where,
      next: "check View All Users and sharing of the integration user",
    });
  }
  const absent = retirement.absent.size;
  const retired = absent + retirement.inactive.size;
  if (retired > visibleBefore * max_retired_share) {
    fail({
      reason: "breaker",
      message: `${retired} of ${visibleBefore} known users would be retired at once; nothing was written`,
      retryable: false,
      expected: `at most ${percent(max_retired_share)}`,
      got: `${percent(retired / visibleBefore)}: ${absent} absent, ${retirement.inactive.size} inactive`,
      where,
      next: "check the integration user's access; if it is right, raise breaker.max_retired_share in dbthub.yml for one run",
    });
  }
  if (retirement.visible < visibleBefore * (1 - max_visible_drop)) {
    fail({
      reason: "access-contract",
      message: `only ${retirement.visible} of ${visibleBefore} known users are visible; nothing was written`,
      retryable: false,
      expected: `a drop of at most ${percent(max_visible_drop)}`,
      got: percent(1 - retirement.visible / visibleBefore),
      where,
      next: "give the integration user View All Users, or raise breaker.max_visible_drop in dbthub.yml",
    });
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1).replace(/\.0$/, "")} %`;
}
