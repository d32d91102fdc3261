import fc from "fast-check";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { QuietHours } from "moraine";
import type { Alert, NoticeKind } from "../../framework/event/alert.ts";
import { deliver, type DeliveryOptions } from "../../framework/observability/alerts/deliver.ts";
import type { Found } from "../../framework/observability/alerts/found.ts";
import { planChanges } from "../../framework/observability/alerts/plan-changes.ts";
import { isQuiet } from "../../framework/observability/alerts/quiet-hours.ts";
import type { RuleInForce } from "../../framework/observability/alerts/rules-in-force.ts";
import { SecretValues } from "../../framework/observability/alerts/secret-values.ts";
import { openStore } from "../../framework/store/open-store.ts";
import type { Store } from "../../framework/store/store.ts";
import { alertWords } from "../../framework/tui/words/alert-message.ts";
import { groupBy } from "../../framework/util/group-by.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { temporaryDirectory } from "../support/rig.ts";
import { HttpReceiver } from "./http-receiver.ts";
import { alertOf } from "./message.ts";

const hour = 3_600_000;
const channels = ["team", "pager"] as const;
const quietHours: QuietHours = { from: "22:00", to: "07:00", timezone: "UTC" };

/** Where a process dies. */
type Fate = "lives" | "dies-unsent" | "dies-unrecorded";

/** What is wrong, and how bad. */
type Wrong = Readonly<Record<string, Alert["severity"]>>;

/** One alert as a channel was told of it. */
interface Told {
  readonly channel: string;
  readonly id: number;
  readonly subject: string;
  readonly severity: Alert["severity"];
  readonly state: NoticeKind;
  readonly at: string;
}

/** Several processes over one store, and two webhooks on localhost. Things are wrong as the test says. */
class Telling {
  readonly clock = new FakeClock("2026-11-26T12:00:00.000Z");
  readonly #path = join(temporaryDirectory(), "moraine.db");
  readonly stores: readonly Store[] = [this.#open(), this.#open()];
  readonly server: HttpReceiver;
  rule: RuleInForce = {
    name: "asset-failed",
    rule: { type: "asset-failed" },
    keys: new Set(),
    channels,
    repeatEveryMs: 0,
  };

  constructor(server: HttpReceiver) {
    this.server = server;
    server.received.length = 0;
    server.failing.clear();
  }

  #open(): Store {
    const store = openStore({ path: this.#path, target: "local" });
    onTestFinished(() => store.close());
    return store;
  }

  plan(wrong: Wrong, store: Store) {
    const firing = store.alerts.firing();
    const found = Object.entries(wrong).map(([subject, severity]): Found => {
      const { rule, since, owners, facts } = alertOf(subject);
      return { by: this.rule, rule, subject, severity, since, owners, facts };
    });
    return planChanges({
      found,
      firing,
      notices: groupBy(store.alerts.notices(firing.map(({ id }) => id)), ({ alertId }) => alertId),
      rules: [this.rule],
      basis: store.alerts.evaluation().number,
      now: this.clock.now(),
    });
  }

  /** What one process does when it looks. */
  async look(wrong: Wrong, by = 0, fate: Fate = "lives"): Promise<void> {
    const store = this.stores[by] ?? this.stores[0];
    if (store === undefined) throw new Error("expected a store");
    const changes = this.plan(wrong, store);
    if (changes !== undefined) store.alerts.record(changes);
    await deliver({ ...this.#options(), store: mortal(store, fate) });
  }

  #options(): Omit<DeliveryOptions, "store"> {
    const { clock, server } = this;
    const webhook = (name: string) => [name, { type: "webhook", url: `${server.url}/${name}` }] as const;
    const secrets = new SecretValues({
      secrets: { name: "none", get: () => Promise.reject(new Error("no secrets here")) },
      remember: () => {},
    });
    const { signal } = new AbortController();
    return {
      channels: Object.fromEntries(channels.map(webhook)),
      quietHours,
      project: "crm",
      target: "local",
      words: alertWords,
      projectDir: ".",
      redact: (text) => text,
      secrets,
      clock,
      signal,
    };
  }

  told(): readonly Told[] {
    return this.server.received
      .filter(({ status }) => status === 200)
      .flatMap(({ path, body }) => {
        const { at, alerts } = JSON.parse(body) as { at: string; alerts: Told[] };
        return alerts.map((alert) => ({ ...alert, at, channel: path.slice(1) }));
      });
  }

  /** Kind and subject of what the first channel was told since it was last asked. */
  heard(): readonly string[] {
    const heard = this.told()
      .filter(({ channel }) => channel === channels[0])
      .map(({ state, subject }) => `${state} ${subject}`);
    this.server.received.length = 0;
    return heard;
  }
}

/** The store of a process that is killed before it sends what it took, or before it records that it did. */
function mortal({ alerts }: Store, fate: Fate): DeliveryOptions["store"] {
  return {
    alert: (id) => alerts.alert(id),
    claim: (taken) => {
      const notices = alerts.claim(taken);
      return fate === "dies-unsent" ? [] : notices;
    },
    settle: (...settled) => {
      if (fate !== "dies-unrecorded") alerts.settle(...settled);
    },
  };
}

it("tells together what began, once, that it goes on after a day, and that it is over, also when the rule is gone", async () => {
  const telling = new Telling(await HttpReceiver.start());
  telling.rule = { ...telling.rule, repeatEveryMs: 24 * hour };
  await telling.look({ a: "critical", b: "critical" });
  expect(telling.server.received).toHaveLength(channels.length);
  expect(telling.heard()).toEqual(["firing a", "firing b"]);
  await telling.look({ a: "critical" });
  expect(telling.heard()).toEqual(["resolved b"]);
  telling.clock.jump(24 * hour);
  await telling.look({ a: "critical" });
  expect(telling.heard()).toEqual(["repeated a"]);
  telling.rule = { ...telling.rule, name: "another" };
  await telling.look({});
  expect(telling.heard()).toEqual(["resolved a"]);
});

it("holds warnings until quiet hours end, but not one that becomes critical", async () => {
  const telling = new Telling(await HttpReceiver.start());
  telling.clock.jump(10 * hour);
  await telling.look({ a: "warning", b: "warning" });
  expect(telling.heard()).toEqual([]);
  await telling.look({ a: "critical", b: "warning" });
  expect(telling.heard()).toEqual(["repeated a"]);
  telling.clock.jump(9 * hour);
  await telling.look({});
  expect(telling.heard()).toEqual(["resolved a", "resolved b"]);
});

it("records one of two looks that began at the same moment", async () => {
  const telling = new Telling(await HttpReceiver.start());
  const [first, second] = telling.stores.map((store) => telling.plan({ a: "critical" }, store));
  if (first === undefined || second === undefined) throw new Error("expected changes");
  expect(telling.stores.map((store, by) => store.alerts.record(by === 0 ? first : second))).toEqual([
    true,
    false,
  ]);
});

it("tells every alert and its end to every channel, exactly once unless a process is killed, whatever fails", async () => {
  const server = await HttpReceiver.start();
  const severity = fc.constantFrom("critical" as const, "warning" as const);
  const wrong = fc.dictionary(fc.constantFrom("a", "b", "c"), severity, { maxKeys: 3 });
  const fate = fc.constantFrom<Fate>("lives", "lives", "dies-unsent", "dies-unrecorded");
  const look = fc.record({ by: fc.nat(1), fate });
  const step = fc.record({
    wrong,
    failing: fc.subarray([...channels]),
    /** Processes that look at the same time. */
    looks: fc.array(look, { maxLength: 2 }),
    hours: fc.constantFrom(0, 0.01, 1, 5, 11),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
      const telling = new Telling(server);
      const wasCritical = new Set<number>();
      let unrecorded = 0;
      for (const { wrong: now, failing, looks, hours } of steps) {
        telling.clock.jump(hours * hour);
        server.failing.clear();
        for (const channel of failing) server.failing.add(`/${channel}`);
        await Promise.all(looks.map((one) => telling.look(now, one.by, one.fate)));
        for (const { id, severity: is } of telling.stores[0]?.alerts.firing() ?? [])
          if (is === "critical") wasCritical.add(id);
        unrecorded += looks.filter((one) => one.fate === "dies-unrecorded").length;
      }
      server.failing.clear();
      // What was taken by the dead, and what waits for the next try or for the end of quiet hours.
      for (const hours of [0, 2, 12]) {
        telling.clock.jump(hours * hour);
        await telling.look({});
      }
      const [store] = telling.stores;
      expect(store?.alerts.firing()).toEqual([]);
      const warnings = telling.told().filter(({ id }) => !wasCritical.has(id));
      expect(warnings.filter(({ at }) => isQuiet(quietHours, new Date(at)))).toEqual([]);
      for (const { id } of store?.alerts.history(1000) ?? [])
        for (const channel of channels) {
          const states = telling
            .told()
            .flatMap((one) => (one.id === id && one.channel === channel ? one.state : []));
          const count = (state: NoticeKind) => states.filter((other) => other === state).length;
          expect(states.at(-1)).toBe("resolved");
          expect(count("resolved")).toBeLessThanOrEqual(1 + unrecorded);
          expect(count("firing")).toBeLessThanOrEqual(1 + unrecorded);
          expect(states.lastIndexOf("firing")).toBeLessThanOrEqual(unrecorded);
        }
    }),
    { numRuns: 40 },
  );
});

it("takes quiet hours by the clocks of their zone, over midnight and in summer time", () => {
  const oslo = { from: "22:00", to: "07:00", timezone: "Europe/Oslo" };
  const quiet = (...instants: string[]) => instants.map((instant) => isQuiet(oslo, new Date(instant)));
  expect(quiet("2026-11-26T20:59:59Z", "2026-11-26T21:00:00Z")).toEqual([false, true]);
  expect(quiet("2026-11-27T05:59:59Z", "2026-11-27T06:00:00Z")).toEqual([true, false]);
  expect(quiet("2026-06-26T19:59:59Z", "2026-06-26T20:00:00Z")).toEqual([false, true]);
  const noon = { from: "12:00", to: "13:00", timezone: "UTC" };
  expect(isQuiet(noon, new Date("2026-06-26T12:30:00Z"))).toBe(true);
  expect(isQuiet(noon, new Date("2026-06-26T13:00:00Z"))).toBe(false);
});
