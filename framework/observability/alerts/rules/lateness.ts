import type { Found } from "../found.ts";
import { type RuleInForce, type RuleOf, severityOf } from "../rules-in-force.ts";
import type { AlertWorld } from "../world.ts";

/** Assets that are late by their own freshness policy. */
export function overdueAssets(world: AlertWorld, by: RuleInForce): readonly Found[] {
  return [...world.freshness()]
    .filter(([key, { state }]) => state === "overdue" && by.keys.has(key))
    .map(([key, { since, knownGoodAt, deadline }]) => ({
      by,
      rule: by.name,
      subject: key,
      severity: severityOf(by, "critical"),
      since: since ?? world.now.toISOString(),
      owners: world.owners([key]),
      facts: { type: "overdue", key, knownGoodAt, deadline, because: world.failuresBehind(key) },
    }));
}

/** One alert for a rule: not all of its assets were known good within its time. */
export function missingSuccess(
  world: AlertWorld,
  by: RuleInForce,
  rule: RuleOf<"no-success">,
): readonly Found[] {
  const { withinMs, assets = [] } = rule;
  const latest = new Date(world.now.getTime() - withinMs).toISOString();
  const good = world.knownGood([...by.keys]);
  const late = [...by.keys]
    .map((key) => ({ key, knownGoodAt: good.get(key) ?? null }))
    .filter(({ knownGoodAt }) => (knownGoodAt ?? "") < latest);
  if (late.length === 0) return [];
  const keys = new Set(late.map(({ key }) => key));
  const because = late.flatMap(({ key }) => world.failuresBehind(key));
  const oldest = late.flatMap(({ knownGoodAt }) => knownGoodAt ?? []).sort()[0];
  return [
    {
      by,
      rule: by.name,
      subject: typeof assets === "string" ? assets : assets.join(" "),
      severity: severityOf(by, "critical"),
      since:
        oldest === undefined
          ? world.now.toISOString()
          : new Date(Date.parse(oldest) + withinMs).toISOString(),
      owners: world.owners(keys),
      facts: {
        type: "no-success",
        selection: typeof assets === "string" ? assets : assets.join(" "),
        withinMs,
        late,
        of: by.keys.size,
        because: because.filter(
          ({ key }, index) => because.findIndex((other) => other.key === key) === index,
        ),
      },
    },
  ];
}
