import { expect, it } from "vitest";
import { defineAsset, type FreshnessPolicy } from "moraine";

const problemsOf = (freshness: unknown) =>
  defineAsset({ key: "a/x", freshness: freshness as FreshnessPolicy, materialize: () => {} }).problems.map(
    ({ message }) => message,
  );

it.each([
  { maxAgeMs: 1 },
  { deadline: { cron: "0 7 * * *", timezone: "Europe/Oslo" } },
  { deadline: { cron: "@hourly", timezone: "UTC", graceMs: 0 } },
])("a freshness policy may be %j", (policy) => {
  expect(problemsOf(policy)).toEqual([]);
});

it.each([
  [{}, "a/x: freshness: expected one of maxAgeMs and deadline, got {}"],
  [
    { maxAgeMs: 1, deadline: { cron: "0 7 * * *", timezone: "UTC" } },
    'a/x: freshness: expected one of maxAgeMs and deadline, got {"maxAgeMs":1,"deadline":{"cron":"0 7 * * *","timezone":"UTC"}}',
  ],
  [{ maxAgeMs: 0 }, "a/x: freshness.maxAgeMs: expected milliseconds above 0, got 0"],
  [
    { deadline: { cron: "7 o'clock", timezone: "UTC" } },
    'a/x: freshness.deadline.cron: expected five fields like "0 7 * * 1-5", or @daily, got "7 o\'clock"',
  ],
  [
    { deadline: { cron: "0 25 * * *", timezone: "UTC" } },
    'a/x: freshness.deadline.cron: expected hours from 0 to 23, with lists, ranges and steps, not "25", got "0 25 * * *"',
  ],
  [
    { deadline: { cron: "0 7 * * *", timezone: "Europe/Olso", graceMs: -1 } },
    'a/x: freshness.deadline.timezone: expected an IANA time zone like "Europe/Oslo" or "UTC", got "Europe/Olso"\n' +
      "a/x: freshness.deadline.graceMs: expected milliseconds from 0, got -1",
  ],
])("a freshness policy %j is refused before anything runs", (policy, message) => {
  expect(problemsOf(policy).join("\n")).toBe(message);
});
