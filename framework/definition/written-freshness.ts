import * as z from "zod";
import { type FreshnessPolicy, freshnessProblems } from "./freshness.ts";

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `5m`, `90s`, `1h`, as YAML has it; milliseconds when read. */
export const durationSchema = z
  .string()
  .regex(/^\d+(ms|s|m|h|d)$/, "expected a duration like 30s, 5m or 1h")
  .transform((text) => {
    const unit = /[a-z]+$/.exec(text)?.[0] as keyof typeof unitMs;
    return Number.parseInt(text, 10) * unitMs[unit];
  })
  .meta({ description: "A number and ms, s, m, h or d" });

/** A freshness policy as YAML has it, in `dbthub.yml` and in the meta of a dbt model. */
export const freshnessSchema = z
  .strictObject({
    max_age: durationSchema.optional().meta({ description: "Known good at most this long ago, like 26h" }),
    deadline: z
      .strictObject({
        cron: z.string().meta({ description: "Five fields: minute, hour, day, month, weekday" }),
        timezone: z.string().meta({ description: "IANA name, like Europe/Oslo" }),
        grace: durationSchema.optional().meta({ description: "Overdue only so long after the tick" }),
      })
      .optional()
      .meta({ description: "By every tick, known good after the tick before" }),
  })
  .check(({ value, issues }) => {
    if (issues.length > 0) return;
    for (const { path, expected, got } of freshnessProblems(policyOf(value))) {
      const written = path.map((name) => writtenNames[name] ?? name);
      const message = path.length === 0 ? "expected one of max_age and deadline" : expected;
      issues.push({ code: "custom", message, input: got, path: written });
    }
  })
  .meta({ description: "When the asset must be known good; what misses it is overdue" });

const writtenNames: Readonly<Record<string, string>> = { maxAgeMs: "max_age", graceMs: "grace" };

/** The policy that was written. */
export function policyOf({ max_age, deadline }: z.output<typeof freshnessSchema>): FreshnessPolicy {
  return {
    ...(max_age === undefined ? {} : { maxAgeMs: max_age }),
    ...(deadline === undefined
      ? {}
      : {
          deadline: {
            cron: deadline.cron,
            timezone: deadline.timezone,
            ...(deadline.grace === undefined ? {} : { graceMs: deadline.grace }),
          },
        }),
  } as FreshnessPolicy;
}
