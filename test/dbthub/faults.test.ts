import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { FailureReason } from "../../framework/event/failure.ts";
import type { FaultInput } from "../../framework/sandbox/sandbox.ts";
import { DbthubRig } from "./rig.ts";

let rig: DbthubRig;
let changes = 0;

beforeAll(async () => {
  rig = await DbthubRig.start({ users: 40 });
  await rig.materialize();
});
afterAll(() => rig.close());
afterEach(async () => {
  await rig.clearFaults();
  rig.asset = rig.define();
});

/** Something at the source that the table does not have yet: the title that it brings. */
async function change(): Promise<string> {
  changes += 1;
  const title = `Title ${changes}`;
  const [id] = await rig.someIds(1);
  await rig.control("POST", "clock", { now: new Date(Date.UTC(2026, 0, 6 + changes)).toISOString() });
  await rig.post({ Id: id, Title: title });
  return title;
}

const landed = (title: string) => rig.count(`title = '${title}'`);

interface Story {
  readonly fault: FaultInput;
  readonly reason: FailureReason;
  readonly retryable: boolean;
  readonly requestTimeout?: string;
}

const lasting: readonly Story[] = [
  { fault: { kind: "401", times: null }, reason: "credentials-refused", retryable: false },
  { fault: { kind: "403-concurrent", times: null }, reason: "rate-limited", retryable: true },
  { fault: { kind: "403-total", times: null }, reason: "budget-exhausted", retryable: false },
  { fault: { kind: "420", times: null }, reason: "rate-limited", retryable: true },
  { fault: { kind: "429", times: null }, reason: "rate-limited", retryable: true },
  { fault: { kind: "503", times: null }, reason: "rate-limited", retryable: true },
  { fault: { kind: "500", times: null }, reason: "unreachable", retryable: true },
  { fault: { kind: "reset", times: null }, reason: "unreachable", retryable: true },
  {
    fault: { kind: "slow", times: null, ms: 5_000 },
    reason: "timeout",
    retryable: true,
    requestTimeout: "100ms",
  },
  { fault: { kind: "truncated", times: null }, reason: "bad-response", retryable: true },
  { fault: { kind: "truncated", times: null, clean: true }, reason: "bad-response", retryable: true },
  { fault: { kind: "query-timeout", times: null }, reason: "timeout", retryable: true },
  { fault: { kind: "hidden-field", field: "Audit_Phase__c" }, reason: "access-contract", retryable: false },
  { fault: { kind: "org-changed" }, reason: "org-changed", retryable: false },
  { fault: { kind: "reduced-visibility", share: 0.5 }, reason: "breaker", retryable: false },
];

describe("a fault that stays", () => {
  it.each(lasting)("$fault.kind ends as $reason and leaves the earlier data untouched", async (story) => {
    const title = await change();
    const before = await rig.content();
    const version = await rig.lake.dataVersion(rig.asset.key);
    await rig.fault(story.fault);
    const { requestTimeout } = story;
    if (requestTimeout !== undefined) {
      rig.asset = rig.define((text) =>
        text.replace("type: salesforce", `type: salesforce\n  request_timeout: ${requestTimeout}`),
      );
    }
    const { failure, announced } = await rig.run();
    expect(failure).toMatchObject({ reason: story.reason, retryable: story.retryable });
    expect(await rig.content()).toEqual(before);
    expect(await rig.lake.dataVersion(rig.asset.key)).toBe(version);
    expect(announced).toBeLessThanOrEqual(1);
    await rig.clearFaults();
    rig.asset = rig.define();
    await rig.materialize();
    expect(await landed(title)).toBe(1);
    expect(await rig.content()).toHaveLength(before.length + 1);
  });
});

describe("a fault that passes", () => {
  const passing: readonly FaultInput[] = [
    { kind: "401" },
    { kind: "403-concurrent", times: 2 },
    { kind: "420" },
    { kind: "429", times: 2 },
    { kind: "503", times: 2 },
    { kind: "500", times: 2 },
    { kind: "reset", times: 2 },
    { kind: "truncated", times: 2 },
    { kind: "truncated", clean: true },
    { kind: "query-timeout" },
    { kind: "query-timeout", match: "ORDER BY SystemModstamp, Id", times: 2 },
    { kind: "late-visible" },
    { kind: "late-visible", match: "COUNT\\(\\)" },
    { kind: "503", match: "oauth2/token" },
    { kind: "reset", match: "oauth2/token" },
  ];

  it.each(passing)("$kind $match is got over within the run", async (fault) => {
    const title = await change();
    await rig.fault(fault);
    await rig.materialize();
    expect(await landed(title)).toBe(1);
  });
});

it("names the hidden field and the way out", async () => {
  await rig.fault({ kind: "hidden-field", field: "Audit_Phase__c" });
  const { failure } = await rig.run();
  expect(failure?.message).toBe("the access contract on User is broken: can't see Audit_Phase__c");
  expect(failure?.next).toContain("field-level security");
});

it("names both orgs when another one answers", async () => {
  await rig.fault({ kind: "org-changed" });
  const { failure } = await rig.run();
  expect(failure?.expected).toMatch(/^00D\w{15}$/);
  expect(failure?.got).toMatch(/^00D\w{15}$/);
  expect(failure?.got).not.toBe(failure?.expected);
});

it("obeys Retry-After", async () => {
  await rig.fault({ kind: "429", retryAfter: 7 });
  await rig.materialize();
  expect(rig.clock.slept.some((ms) => ms >= 7_000)).toBe(true);
});

it("gives up and hands Retry-After on when the server wants to be left alone for long", async () => {
  await rig.fault({ kind: "503", retryAfter: 600 });
  expect((await rig.run()).failure).toMatchObject({ reason: "rate-limited", retryAfterMs: 600_000 });
});

it("reads on after an expired locator, and the whole is complete", async () => {
  const large = await DbthubRig.open({ users: 4_500 });
  await large.fault({ kind: "invalid-query-locator", times: 2 });
  const { logs } = await large.materialize();
  expect(logs.some((line) => line.includes("locator expired"))).toBe(true);
  expect(await large.count()).toBe(4_500);
  expect(await large.count("TRUE AND id IN (SELECT id FROM raw GROUP BY id HAVING count(*) > 1)")).toBe(0);
});

it("halves the window when a query takes too long, and the whole is complete", async () => {
  const large = await DbthubRig.open({ users: 300 });
  await large.fault({ kind: "query-timeout", match: "ORDER BY SystemModstamp, Id", times: 3 });
  const { logs } = await large.materialize();
  expect(logs.filter((line) => line.includes("in halves"))).toHaveLength(3);
  expect(await large.count()).toBe(300);
});

it("stops at the configured share of the day's calls", async () => {
  await rig.control("POST", "limits", { calls: 95, max: 100 });
  expect((await rig.run()).failure).toMatchObject({ reason: "budget-exhausted", retryable: false });
  await rig.control("POST", "limits", { calls: 0, max: 100_000 });
});

it("ends soon and as aborted when the signal fires in the middle", async () => {
  await rig.fault({ kind: "slow", match: "describe", ms: 30_000 });
  const controller = new AbortController();
  const running = rig.run({ signal: controller.signal });
  await expect.poll(async () => JSON.stringify(await rig.control("GET", "faults"))).toContain('"fired":1');
  controller.abort(new Error("interrupted"));
  await expect(running).rejects.toThrow("interrupted");
});
