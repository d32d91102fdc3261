import { defineSchedule } from "moraine";

const hour = 3_600_000;

/**
 * The whole pipeline once a night. Where Salesforce changed nothing, that ends in seconds. A night that the machine slept
 * through is made up for in the morning, and of several the last: each run reads everything since the one before.
 */
export const daily = defineSchedule({
  name: "daily",
  description: "Salesforce's users of the day, and everything that is made from them",
  cron: "0 5 * * *",
  timezone: "Europe/Oslo",
  overlap: "skip",
  catchUp: "latest",
  retry: { maxAttempts: 4, baseDelayMs: 5 * 60_000, maxDelayMs: hour },
  deadlineMs: 6 * hour,
});
