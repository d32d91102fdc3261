import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { defineAsset, defineCheck, fail } from "moraine";
import { describe, expect, it } from "vitest";
import { buildGraph } from "../../../framework/graph/build-graph.ts";
import { datasetNames } from "../../../framework/observability/openlineage/dataset-names.ts";
import type { OpenLineageEvent } from "../../../framework/observability/openlineage/event.ts";
import { EventMaker } from "../../../framework/observability/openlineage/make-events.ts";
import { nominalTimeOf } from "../../../framework/observability/openlineage/run-facets.ts";
import { type Patience, sendAll, type Sent } from "../../../framework/observability/openlineage/send.ts";
import { openLineageService } from "../../../framework/observability/openlineage/service.ts";
import { fileTransport } from "../../../framework/observability/openlineage/transports/file.ts";
import { httpTransport } from "../../../framework/observability/openlineage/transports/http.ts";
import type { Transport } from "../../../framework/observability/openlineage/transports/transport.ts";
import type { DaemonContext } from "../../../framework/scheduler/daemon-service.ts";
import { openStore } from "../../../framework/store/open-store.ts";
import { pruneStore } from "../../../framework/store/upkeep/prune-store.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { Rig } from "../../support/rig.ts";
import { type Answer, lineageServer, withoutRepeats } from "./lineage-server.ts";
import { eventsIn, expectPublished, namesOf } from "./validate.ts";

const state = { isBroken: false };
const users = defineAsset({
  key: "raw/users",
  refresh: { everyMs: 0 },
  retry: { maxAttempts: 2, baseDelayMs: 1, maxDelayMs: 1 },
  materialize: () => {
    if (state.isBroken) fail({ reason: "unreachable", message: "the source is down", retryable: true });
  },
});
const mart = defineAsset({ key: "mart/users", deps: { users }, materialize: () => {} });
const check = defineCheck({ asset: users, name: "is_there", run: () => ({ passed: true }) });
const graph = buildGraph({ assets: [users, mart], checks: [check], problems: [] });

/** A store with runs, and transports to tell of them. */
class Telling {
  readonly rig = new Rig();
  readonly clock = new FakeClock();

  constructor() {
    this.rig.store.openLineage.register(["it"], []);
  }

  async run(): Promise<void> {
    await this.rig.run([users, mart], { checks: [check] });
  }

  make = () =>
    new EventMaker({
      reader: this.rig.store,
      graph,
      project: "crm",
      namespace: "crm/local",
      nameDataset: datasetNames({ type: "embedded" }, { projectDir: "/srv/crm", region: "" }),
      statisticsOf: async () => undefined,
      isTable: () => true,
      now: this.clock.now(),
    });

  /** What there is to tell of everything that has run. */
  async expected(): Promise<readonly OpenLineageEvent[]> {
    const maker = this.make();
    const made = [];
    for (const { event } of this.rig.store.events({})) made.push(...(await maker.make(event)));
    return JSON.parse(JSON.stringify(made)) as OpenLineageEvent[];
  }

  async send(
    transport: Transport,
    over: { readonly patience?: Patience; readonly isForced?: boolean; readonly store?: Rig["store"] } = {},
  ): Promise<Sent> {
    const options = {
      store: this.rig.store,
      makeEvents: this.make,
      clock: this.clock,
      patience: {},
      ...over,
    };
    const signal = new AbortController().signal;
    const [sent] = await sendAll({ ...options, signal, redact: (text) => text }, [
      { name: "it", transport, timeoutMs: 5_000 },
    ]);
    if (sent === undefined) throw new Error("expected what became of it");
    return sent;
  }

  get record() {
    return this.rig.store.openLineage.transports(["it"])[0];
  }
}

const reached = (url: string) => httpTransport({ type: "http", url }, undefined);

describe("what there is to tell", () => {
  it("of an asset that is tried again is each try, with why it failed", async () => {
    const telling = new Telling();
    state.isBroken = true;
    await telling.run();
    state.isBroken = false;
    const events = await telling.expected();
    expect(namesOf(events)).toEqual([
      "START crm",
      "START crm.raw.users",
      "FAIL crm.raw.users",
      "START crm.raw.users",
      "FAIL crm.raw.users",
      "FAIL crm",
    ]);
    for (const event of events) expectPublished(event);
    const ids = events.map(({ run }) => run.runId);
    expect([ids[2], ids[4], new Set(ids).size]).toEqual([ids[1], ids[3], 3]);
    expect(events[2]?.run.facets["errorMessage"]).toMatchObject({
      message: "[unreachable] the source is down",
    });
  });

  it("of a run that is cancelled is that it and what it had begun were aborted", async () => {
    const telling = new Telling();
    const cancel = new AbortController();
    const waiting = defineAsset({
      key: "raw/users",
      materialize: async ({ signal }) => {
        cancel.abort("SIGINT");
        signal.throwIfAborted();
      },
    });
    await telling.rig.run([waiting, mart], { signal: cancel.signal });
    const names = ["START crm", "START crm.raw.users", "ABORT crm.raw.users", "ABORT crm"];
    expect(namesOf(await telling.expected())).toEqual(names);
  });

  it("of a run that a schedule started is about its tick", () => {
    const tick = "2026-11-26T03:00:00.000Z";
    expect(nominalTimeOf({ trigger: "schedule", tags: { tick } })).toEqual({ start: tick, end: undefined });
    expect(nominalTimeOf({ trigger: "cli", tags: { tick } })).toBeUndefined();
    expect(nominalTimeOf({ trigger: "schedule", tags: { tick: "noon" } })).toBeUndefined();
  });
});

describe("a transport", () => {
  it("of a server that fails, hangs and is busy is told everything at least once, in order", async () => {
    const telling = new Telling();
    await telling.run();
    const expected = await telling.expected();
    expect(namesOf(expected)).toHaveLength(8);
    let number = 0;
    const answers: Answer[] = [
      500,
      201,
      201,
      "hang",
      [429, "7200"],
      201,
      [503, "30"],
      201,
      404,
      401,
      201,
      201,
    ];
    const server = await lineageServer(() => answers[number++] ?? 201);
    const transport = reached(server.url);
    const reasons: (string | undefined)[] = [];
    for (let tries = 0; tries < 20 && telling.record?.waiting !== 0; tries++) {
      const { failure } = await telling.send(transport, { isForced: true, patience: { answerMs: 200 } });
      reasons.push(failure?.reason);
    }
    expect(reasons).toEqual([
      "unreachable",
      "timeout",
      "rate-limited",
      "unreachable",
      "bad-response",
      "credentials-refused",
      undefined,
    ]);
    expect(withoutRepeats(server.taken)).toEqual(expected);
    expect(telling.record).toMatchObject({ waiting: 0, failures: 0, failure: undefined, refused: 0 });
  });

  it("is left alone until it is due: longer after each failure, as long as the server asks, and never longer than an hour", async () => {
    const telling = new Telling();
    await telling.run();
    const waits: number[] = [];
    const server = await lineageServer(() => 500);
    const transport = reached(server.url);
    const wait = () => Date.parse(telling.record?.dueAt ?? "") - telling.clock.now().getTime();
    for (let failures = 0; failures < 12; failures++) {
      await telling.send(transport);
      waits.push(wait() / 1_000);
      const { sent, failure } = await telling.send(transport);
      expect([sent, failure]).toEqual([0, null]);
      telling.clock.jump(wait());
    }
    expect(waits).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]);
    expect(server.asked).toHaveLength(12);
    server.answer(() => [429, "7200"]);
    await telling.send(transport);
    expect(wait()).toBe(3_600_000);
    // A clock that was ahead when it said so.
    telling.clock.jump(-86_400_000);
    server.answer(() => 201);
    expect((await telling.send(transport)).waiting).toBe(0);
  });

  it("that refuses an event for good is told the others, and the run's log names it", async () => {
    const telling = new Telling();
    await telling.run();
    const server = await lineageServer(({ job }) => (job.name === "crm.mart.users" ? 422 : 201));
    expect(await telling.send(reached(server.url))).toMatchObject({
      sent: 6,
      refused: 2,
      waiting: 0,
      failure: null,
    });
    const logged = telling.rig.store.events({ types: ["log"] }).map(({ event }) => event);
    expect(logged).toMatchObject([
      {
        key: "mart/users",
        level: "warn",
        message: expect.stringContaining("START of crm.mart.users (HTTP 422)"),
      },
      { key: "mart/users", message: expect.stringContaining("COMPLETE of crm.mart.users (HTTP 422)") },
    ]);
    expect(telling.record?.refused).toBe(2);
    expect((await telling.send(reached(server.url))).sent).toBe(0);
  });

  it("is sent its key and, where asked for, less bytes; a key that is refused is read anew", async () => {
    const telling = new Telling();
    await telling.run();
    const server = await lineageServer();
    const keys = ["old", "new"];
    const read: boolean[] = [];
    const transport = httpTransport(
      { type: "http", url: `${server.url}/`, endpoint: "/lineage", compression: "gzip" },
      async ({ fresh }) => (read.push(fresh), keys[read.length - 1] ?? ""),
    );
    server.answer(() => 401);
    await telling.send(transport);
    server.answer(() => 201);
    await telling.send(transport, { isForced: true });
    expect(read).toEqual([false, true]);
    expect([...new Set(server.asked.map(({ key, path }) => `${path} ${key}`))]).toEqual([
      "/lineage Bearer old",
      "/lineage Bearer new",
    ]);
    expect(server.taken).toEqual(await telling.expected());
  });

  it("is one sender's at a time, and another's when that one died", async () => {
    const telling = new Telling();
    await telling.run();
    const path = join(telling.rig.directory, "moraine.db");
    const other = openStore({ path, target: "local" });
    const now = telling.clock.now();
    const until = new Date(now.getTime() + 60_000).toISOString();
    const claim = { id: "dies", now: now.toISOString(), until, isForced: false };
    expect(other.openLineage.claim("it", claim)).toBeDefined();
    const server = await lineageServer();
    expect((await telling.send(reached(server.url), { isForced: true })).sent).toBe(0);
    telling.clock.jump(61_000);
    expect((await telling.send(reached(server.url))).sent).toBe(8);
    expect(other.openLineage.advance("it", claim, { sentUpTo: 1, refused: 0, at: until })).toBe(false);
    other.close();
  });

  it("that is a file ends a line that a killed process left unfinished", async () => {
    const telling = new Telling();
    await telling.run();
    const file = join(telling.rig.directory, "logs", "lineage.jsonl");
    await telling.send(fileTransport(file));
    appendFileSync(file, '{"eventType":"STA');
    await telling.run();
    await telling.send(fileTransport(file));
    const lines = readFileSync(file, "utf8").split("\n");
    const whole = lines.filter((line) => line !== '{"eventType":"STA').join("\n");
    expect(eventsIn(whole)).toEqual(await telling.expected());
  });

  it("whatever fails when, is told the same events in the same order", async () => {
    const arbitraryRuns = fc.array(fc.boolean(), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(arbitraryRuns, fc.array(fc.nat(9), { maxLength: 40 }), async (runs, luck) => {
        const telling = new Telling();
        const taken: OpenLineageEvent[] = [];
        let asked = 0;
        const transport: Transport = {
          async send(event) {
            const dice = luck[asked++] ?? 9;
            // Of those that fail some have arrived.
            if (dice > 2) taken.push(JSON.parse(event) as OpenLineageEvent);
            if (dice > 4) return null;
            return { reason: "unreachable", message: "down", retryable: true };
          },
        };
        for (const isBroken of runs) {
          state.isBroken = isBroken;
          await telling.run();
          await telling.send(transport, { isForced: true });
        }
        state.isBroken = false;
        while (telling.record?.waiting !== 0) await telling.send(transport, { isForced: true });
        expect(withoutRepeats(taken)).toEqual(await telling.expected());
      }),
      { numRuns: 25 },
    );
  });
});

describe("the queue", () => {
  it("begins when a transport is made known, and ends when its name is no longer configured", async () => {
    const telling = new Telling();
    await telling.run();
    const { openLineage } = telling.rig.store;
    openLineage.register(["it", "late"], []);
    await telling.run();
    const waiting = () =>
      openLineage.transports(["it", "late"]).map((record) => [record.name, record.waiting]);
    const [[, ofIt] = [], [, ofLate] = []] = waiting();
    expect(ofIt).toBe(Number(ofLate) * 2);
    openLineage.register(["late"], []);
    expect(waiting()).toEqual([["late", ofLate]]);
    openLineage.register([], ["late"]);
    expect(waiting()).toEqual([["late", ofLate]]);
  });

  it("survives pruning, which says how many events were never sent", async () => {
    const telling = new Telling();
    await telling.run();
    await telling.run();
    const path = join(telling.rig.directory, "moraine.db");
    const retention = { keepRuns: 1 };
    const { unsent } = await pruneStore({ path, retention, dryRun: true });
    expect(unsent).toEqual([{ target: "local", transport: "it", events: 6 }]);
    await pruneStore({ path, retention });
    const server = await lineageServer();
    expect((await telling.send(reached(server.url))).waiting).toBe(0);
    expect(server.taken).toEqual(await telling.expected());
    expect((await pruneStore({ path, retention })).unsent).toEqual([]);
  });
});

describe("the daemon's service", () => {
  it("sends what runs have left when the store has changed, says what fails, and comes back when it is due", async () => {
    const telling = new Telling();
    await telling.run();
    const server = await lineageServer(() => 500);
    const problems: string[] = [];
    const config = {};
    const context = {
      store: openStore({ path: join(telling.rig.directory, "moraine.db"), target: "local" }),
      project: () => ({ config, graph }),
      report: (event: { readonly type: string; readonly message?: string }) =>
        problems.push(`${event.type}: ${event.message}`),
    } as unknown as DaemonContext;
    let opened = 0;
    const service = openLineageService(async () => {
      opened += 1;
      const transport = reached(server.url);
      return { names: ["it"], tell: async () => [await telling.send(transport, { store: context.store })] };
    });
    await service.start(context);
    const wake = async () => service.wake?.(telling.clock.now());
    const due = await wake();
    expect(problems).toEqual([
      expect.stringMatching(/^daemon-problem: transport it: 127\.0\.0\.1:\d+ did not take/),
    ]);
    expect(due?.toISOString()).toBe(telling.record?.dueAt);
    await wake();
    expect(server.asked).toHaveLength(1);
    telling.clock.jump(10_000);
    server.answer(() => 201);
    expect(await wake()).toBeUndefined();
    expect(server.taken).toEqual(await telling.expected());
    await wake();
    await telling.run();
    await wake();
    expect(server.taken).toEqual(await telling.expected());
    expect([opened, problems.length]).toEqual([1, 1]);
    await service.stop();
    context.store.close();
  });
});
