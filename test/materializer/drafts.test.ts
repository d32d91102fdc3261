import { describe, expect, it } from "vitest";
import type { Asset, AssetOptions, Check, Lakehouse, MaterializeContext } from "moraine";
import { assetKey, defineAsset, defineCheck, staticPartitions } from "moraine";
import type { Batch } from "../../framework/definition/batch.ts";
import { FailureError } from "../../framework/event/failure.ts";
import { deferred } from "../../framework/util/deferred.ts";
import { MemoryLakehouse } from "../support/memory-lakehouse.ts";
import { countingAsset, Rig } from "../support/rig.ts";

const key = assetKey("raw/users");

/** Commits to the table in the lake that a body or a check was given. */
function commit(lakehouse: Lakehouse, table = key): string {
  if (!(lakehouse instanceof MemoryLakehouse)) throw new Error("expected a lake in memory");
  return lakehouse.commit(table);
}

/** A commit of another process: nobody here is its writer. */
function commitElsewhere(lakehouse: MemoryLakehouse, table = key): void {
  const release = lakehouse.attribute(table, { runId: "another", partition: "", attempt: 1 });
  lakehouse.commit(table);
  release();
}

/** raw/users, published after its checks; its body commits once unless it is given. */
function users(options: Partial<AssetOptions> = {}): Asset {
  return defineAsset({
    key,
    codeVersion: "1",
    refresh: { everyMs: 0 },
    publish: "after-checks",
    materialize: ({ lakehouse }) => void commit(lakehouse),
    retry: { baseDelayMs: 1 },
    ...options,
  });
}

const check = (options: Partial<Parameters<typeof defineCheck>[0]> & { readonly passed: () => boolean }) =>
  defineCheck({
    asset: key,
    name: "has_email",
    run: () => ({ passed: options.passed(), value: 2 }),
    ...options,
  });

/** What the store says of the asset now. */
function recorded({ store }: Rig, partition = "") {
  const last = store.latestOf({ key, partition });
  return {
    snapshot: last?.snapshotId,
    checks: store.latestChecksOf({ key, partition }).map(({ result }) => result.passed),
  };
}

describe("an asset that is published after its checks", () => {
  it("is read as it was by everybody else until its checks have passed", async () => {
    const rig = new Rig();
    const seen: unknown[] = [];
    const look = async ({ lakehouse }: { readonly lakehouse: Lakehouse }) =>
      seen.push([await lakehouse.dataVersion(key), await rig.lakehouse.dataVersion(key)]);
    const asset = users({
      materialize: async (context: MaterializeContext) => {
        commit(context.lakehouse);
        await look(context);
      },
    });
    const checks = [
      defineCheck({
        asset: key,
        name: "has_email",
        run: async (context) => {
          await look(context);
          return { passed: true };
        },
      }),
    ];
    expect(await rig.run([asset], { checks })).toMatchObject({ status: "succeeded" });
    expect(await rig.run([asset], { checks })).toMatchObject({ status: "succeeded" });
    const [one, two] = [`${key}#1`, `${key}#2`];
    expect(seen).toEqual([
      [one, undefined],
      [one, undefined],
      [two, one],
      [two, one],
    ]);
    expect(await rig.lakehouse.dataVersion(key)).toBe(two);
    expect(recorded(rig)).toEqual({ snapshot: two, checks: [true] });
  });

  it("leaves table, provenance and results as they were when a check fails, and what reads it is skipped", async () => {
    const rig = new Rig();
    let passed = true;
    const checks = [check({ passed: () => passed })];
    const mart = countingAsset("mart/users", [users()]);
    const assets = [users(), mart.asset];
    await rig.run(assets, { checks });
    passed = false;
    const { outcomes, status } = await rig.run(assets, { checks });
    expect([status, outcomes]).toEqual(["failed", { [key]: "failed", "mart/users": "skipped" }]);
    const [failed, skipped] = rig.eventsOf("asset-finished").slice(-2);
    expect(failed?.failure).toEqual({
      reason: "check-failed",
      message: "raw/users was not published: has_email failed",
      retryable: false,
      got: "has_email: 2",
      next: "moraine check raw/users --rows has_email",
    });
    expect(skipped?.because).toBe(key);
    expect(await rig.lakehouse.history(key)).toHaveLength(1);
    expect(recorded(rig)).toEqual({ snapshot: `${key}#1`, checks: [true] });
    expect(rig.store.checkResults(key).map(({ isUnpublished }) => isUnpublished)).toEqual([true, false]);
    // What is published is good: who reads it alone may.
    expect(await rig.run(assets, { checks, keys: [mart.asset.key] })).toMatchObject({ status: "succeeded" });

    passed = true;
    expect(await rig.run(assets, { checks })).toMatchObject({ status: "succeeded" });
    expect([await rig.lakehouse.dataVersion(key), mart.count]).toEqual([`${key}#2`, 2]);
    expect(recorded(rig)).toEqual({ snapshot: `${key}#2`, checks: [true] });
  });

  it.each<{ readonly name: string; readonly of: Partial<Parameters<typeof defineCheck>[0]> }>([
    { name: "warns", of: { severity: "warn" } },
    { name: "blocks nothing", of: { blocking: false } },
    { name: "blocks only what it names", of: { blocking: { downstream: ["mart/users"] } } },
  ])("is published although a check fails that $name", async ({ of }) => {
    const rig = new Rig();
    const mart = countingAsset("mart/users", [users()]);
    const checks = [check({ ...of, passed: () => false })];
    const { outcomes } = await rig.run([users(), mart.asset], { checks });
    const isHeld = typeof of.blocking === "object";
    expect(outcomes).toEqual({
      [key]: isHeld ? "failed" : "materialized",
      "mart/users": isHeld ? "skipped" : "materialized",
    });
    expect(recorded(rig)).toEqual({ snapshot: `${key}#1`, checks: [false] });
    expect(await rig.lakehouse.dataVersion(key)).toBe(`${key}#1`);
  });

  it("publishes nothing and is recorded when its body commits nothing", async () => {
    const rig = new Rig();
    let writes = true;
    const asset = users({ materialize: ({ lakehouse }) => void (writes && commit(lakehouse)) });
    const unchanged: unknown[] = [];
    const checks = [
      defineCheck({
        asset: key,
        name: "has_email",
        run: (context) => {
          unchanged.push(context.unchanged?.passed);
          return { passed: true };
        },
      }),
    ];
    await rig.run([asset], { checks });
    writes = false;
    expect(await rig.run([asset], { checks })).toMatchObject({ outcomes: { [key]: "materialized" } });
    expect(await rig.run([asset], { checks })).toMatchObject({ outcomes: { [key]: "materialized" } });
    expect(unchanged).toEqual([undefined, true, true]);
    expect(await rig.lakehouse.history(key)).toHaveLength(1);
    expect(rig.store.materializations(key)).toHaveLength(3);
    expect(recorded(rig)).toEqual({ snapshot: `${key}#1`, checks: [true] });
  });

  it("publishes nothing when its body fails, is too slow, or the run is cancelled in body or check", async () => {
    const rig = new Rig();
    const untilAborted = ({ signal }: { readonly signal: AbortSignal }) =>
      new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
    const outcomes: unknown[] = [];
    const run = async (asset: Asset, checks: readonly Check[] = [], controller = new AbortController()) =>
      outcomes.push((await rig.run([asset], { checks, signal: controller.signal })).outcomes[key]);
    await run(
      users({
        materialize: ({ lakehouse }) => {
          commit(lakehouse);
          throw new Error("down");
        },
      }),
    );
    const slow = async (context: MaterializeContext) => {
      commit(context.lakehouse);
      await untilAborted(context);
    };
    await run(users({ materialize: slow, timeoutMs: 1, retry: { maxAttempts: 1 } }));
    const cancelling = (): [AbortController, typeof untilAborted] => {
      const controller = new AbortController();
      return [
        controller,
        (context) => {
          const ended = untilAborted(context);
          controller.abort();
          return ended;
        },
      ];
    };
    const [inBody, body] = cancelling();
    await run(users({ materialize: (context) => (commit(context.lakehouse), body(context)) }), [], inBody);
    const [inCheck, checkBody] = cancelling();
    await run(users(), [defineCheck({ asset: key, name: "slow", run: checkBody })], inCheck);
    expect(outcomes).toEqual(["failed", "failed", "cancelled", "cancelled"]);
    expect(await rig.lakehouse.dataVersion(key)).toBeUndefined();
    expect(recorded(rig)).toEqual({ snapshot: undefined, checks: [] });
  });

  it("is written again, from what others have committed meanwhile", async () => {
    const rig = new Rig();
    const bases: unknown[] = [];
    const asset = users({
      materialize: async ({ lakehouse, attempt }) => {
        bases.push(await lakehouse.dataVersion(key));
        commit(lakehouse);
        if (attempt === 1) commitElsewhere(rig.lakehouse);
      },
    });
    expect(await rig.run([asset])).toMatchObject({ status: "succeeded" });
    expect(bases).toEqual([undefined, `${key}#1`]);
    expect(rig.eventsOf("asset-retrying").map(({ failure }) => failure.reason)).toEqual(["commit-conflict"]);
    expect(await rig.lakehouse.history(key)).toHaveLength(2);
  });

  it("is not published by a run that was taken for dead", async () => {
    const rig = new Rig();
    const asset = users({
      materialize: ({ lakehouse, runId }) => {
        commit(lakehouse);
        rig.store.releaseLeases(runId, [{ key, partition: "" }]);
      },
    });
    expect(await rig.run([asset])).toMatchObject({ outcomes: { [key]: "failed" } });
    expect(rig.eventsOf("asset-finished")[0]?.failure?.reason).toBe("locked");
    expect(await rig.lakehouse.dataVersion(key)).toBeUndefined();
  });

  it("keeps the rows that break a check, for nobody can ask the draft any more", async () => {
    const rig = new Rig();
    const asked: string[] = [];
    const lakehouse = new (class extends MemoryLakehouse {
      override async draft(...options: Parameters<MemoryLakehouse["draft"]>) {
        const draft = await super.draft(...options);
        const query: Lakehouse["query"] = async (sql) => {
          asked.push(sql);
          const rows = (async function* () {
            yield { id: 7 };
          })();
          return { columns: [], rows };
        };
        return { ...draft, lakehouse: Object.assign(draft.lakehouse, { query }) };
      }
    })();
    const checks = [
      check({ passed: () => false, rowsSql: (sql) => `SELECT id FROM ${sql} WHERE email IS NULL;` }),
    ];
    await rig.run([users()], { checks, lakehouse });
    expect(asked).toEqual([
      "SELECT * FROM (\nSELECT id FROM raw.users WHERE email IS NULL\n) AS broken LIMIT 20",
    ]);
    expect(rig.store.checkResults(key)[0]?.result).toEqual({ passed: false, value: 2, samples: [{ id: 7 }] });
    expect(rig.eventsOf("asset-finished")[0]?.failure?.got).toBe('has_email: 2; {"id":7}');
  });

  it("fails with what to do on a lake without drafts", async () => {
    const rig = new Rig();
    const lakehouse = Object.assign(new MemoryLakehouse(), { canDraft: false });
    expect(await rig.run([users()], { lakehouse })).toMatchObject({ outcomes: { [key]: "failed" } });
    expect(rig.eventsOf("asset-finished")[0]?.failure).toMatchObject({
      message: "raw/users is to be published after its checks, which the memory lakehouse can't do",
      next: 'say `publish: "at-once"`, or use a target with the embedded lakehouse',
    });
  });

  it("can't keep what a failed attempt wrote", () => {
    expect(users({ failedWrite: "keep" }).problems.map(({ message }) => message)).toEqual([
      'raw/users: failedWrite "keep" and publish "after-checks" contradict each other: a draft that fails is not kept',
    ]);
  });
});

describe("partitions that are published after their checks", () => {
  it("are written one after the other, each from what was published before, and fail alone", async () => {
    const rig = new Rig();
    const bases: unknown[] = [];
    let draft: Promise<unknown> = Promise.resolve();
    // One at a time, as a real lake does it.
    const lakehouse = new (class extends MemoryLakehouse {
      override async draft(...options: Parameters<MemoryLakehouse["draft"]>) {
        const before = draft;
        const ended = deferred<void>();
        draft = ended.promise;
        await before;
        const own = await super.draft(...options);
        const ending = (end: () => Promise<void>) => async () => {
          await end();
          ended.resolve();
        };
        return { ...own, publish: ending(own.publish), discard: ending(own.discard) };
      }
    })();
    const partitions = staticPartitions(["dk", "no", "se"]);
    const asset = users({
      partitions,
      materialize: async (context: MaterializeContext) => {
        bases.push([context.partition?.key, await context.lakehouse.dataVersion(key)]);
        commit(context.lakehouse);
      },
    });
    const checks = [
      defineCheck({
        asset: key,
        name: "has_email",
        run: ({ partition }) => ({ passed: partition?.key !== "no" }),
      }),
    ];
    const summary = await rig.run([asset], { checks, lakehouse });
    expect(summary.partitions[key]).toEqual({ dk: "materialized", no: "failed", se: "materialized" });
    expect(bases).toEqual([
      ["dk", undefined],
      ["no", `${key}#1`],
      ["se", `${key}#1`],
    ]);
    expect(recorded(rig, "no")).toEqual({ snapshot: undefined, checks: [] });
    expect(recorded(rig, "se")).toEqual({ snapshot: `${key}#2`, checks: [true] });
  });
});

describe("a model of a batch that is published after its checks", () => {
  const [staging, orders, mart] = ["dbt/staging", "dbt/orders", "dbt/mart"].map(assetKey) as [
    ReturnType<typeof assetKey>,
    ReturnType<typeof assetKey>,
    ReturnType<typeof assetKey>,
  ];

  /** staging <- orders (published after its checks) <- mart, made by one batch. */
  function project(rig: Rig, passed: () => boolean) {
    const calls: unknown[] = [];
    const batch: Batch = {
      name: "dbt",
      prepare: async () => {},
      check: async () => {},
      close: async () => {},
      materialize: async ({ assets: members, lakehouse, report }) => {
        calls.push([members.map((member) => member.key), await rig.lakehouse.dataVersion(orders)]);
        for (const member of members) {
          report({ type: "asset-started", key: member.key });
          commit(lakehouse, member.key);
          report({ type: "asset-finished", key: member.key, result: {} });
          if (member.key === orders) {
            const result = { passed: passed() };
            report({ type: "check-finished", key: orders, check: "unique", durationMs: 1, result });
          }
        }
      },
    };
    const source = { type: "batch", batch } as const;
    const model = (
      name: string,
      deps: Readonly<Record<string, Asset>>,
      more: Partial<Asset> = {},
    ): Asset => ({
      ...defineAsset({ key: name, deps, codeVersion: "1", materialize: () => {} }),
      source,
      ...more,
    });
    const unique: Check = {
      ...defineCheck({ asset: orders, name: "unique", run: () => ({ passed: false }) }),
      source,
    };
    const one = model(staging, {});
    const two = model(orders, { one }, { publish: "after-checks", checks: [unique] });
    return { assets: [one, two, model(mart, { two })], calls };
  }

  it("goes into an invocation of its own, and what reads it into a later one", async () => {
    const rig = new Rig();
    const { assets, calls } = project(rig, () => true);
    expect(await rig.run(assets)).toMatchObject({ status: "succeeded" });
    expect(calls).toEqual([
      [[staging], undefined],
      [[orders], undefined],
      [[mart], `${orders}#1`],
    ]);
  });

  it("stays as it was when a check of the batch fails, and what reads it is skipped", async () => {
    const rig = new Rig();
    const { assets, calls } = project(rig, () => false);
    expect((await rig.run(assets)).outcomes).toEqual({
      [staging]: "materialized",
      [orders]: "failed",
      [mart]: "skipped",
    });
    expect(calls).toHaveLength(2);
    expect(await rig.lakehouse.dataVersion(orders)).toBeUndefined();
    expect(rig.store.latestOf({ key: orders, partition: "" })).toBeUndefined();
  });

  it("is made again when somebody has committed to it meanwhile", async () => {
    const rig = new Rig();
    let isFirst = true;
    const { assets, calls } = project(rig, () => {
      if (isFirst) commitElsewhere(rig.lakehouse, orders);
      isFirst = false;
      return true;
    });
    const [one, two, three] = assets;
    const quick = { ...two, retry: { maxAttempts: 2, baseDelayMs: 1, maxDelayMs: 1 } } as Asset;
    expect(await rig.run([one, quick, three] as Asset[])).toMatchObject({ status: "succeeded" });
    expect(calls).toHaveLength(4);
    expect(rig.eventsOf("asset-retrying").map(({ failure }) => failure.reason)).toEqual(["commit-conflict"]);
  });

  it("fails with what to do on a lake without drafts, and dbt is never called", async () => {
    const rig = new Rig();
    const { assets, calls } = project(rig, () => true);
    const lakehouse = Object.assign(new MemoryLakehouse(), {
      canDraft: false,
      draft: () =>
        Promise.reject(new FailureError({ reason: "query-failed", message: "", retryable: false })),
    });
    expect((await rig.run(assets, { lakehouse })).outcomes).toMatchObject({ [orders]: "failed" });
    expect(calls).toHaveLength(1);
  });
});
