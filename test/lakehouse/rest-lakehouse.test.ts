import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Attributions } from "../../framework/lakehouse/catalog/attributions.ts";
import { requests } from "../../framework/lakehouse/catalog/protocol.ts";
import type { Update } from "../../framework/lakehouse/catalog/updates.ts";
import { defineTable } from "../../framework/definition/table.ts";
import { FailureError } from "../../framework/event/failure.ts";
import { deferred } from "../../framework/util/deferred.ts";
import { RestCatalog } from "../../framework/lakehouse/rest/rest-catalog.ts";
import { collectRows, type Lakehouse } from "../../framework/lakehouse/lakehouse.ts";
import {
  openRestLakehouse,
  type RestLakehouseOptions,
} from "../../framework/lakehouse/rest/rest-lakehouse.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { appendUpdates, schema } from "./catalog-client.ts";
import { type FaultyCatalog, faultyCatalog } from "./faulty-catalog.ts";
import { sourceFiles, testExtensions } from "./support.ts";

const table = defineTable({ key: "t/log", columns: { id: "string" } });

let folder: string;
let catalog: FaultyCatalog;
let files: ReturnType<typeof sourceFiles>;
let lake: Lakehouse;
let secret: Record<string, string>;
let secretsRead: boolean[];
const opened: Lakehouse[] = [];
const open = (options: Partial<RestLakehouseOptions> = {}) => {
  const one = openRestLakehouse({
    uri: catalog.uri,
    warehouse: join(folder, "lake"),
    secret: async ({ fresh }) => {
      secretsRead.push(fresh);
      return secret;
    },
    workDir: folder,
    extensionDirectory: testExtensions,
    random: () => 0,
    ...options,
  });
  opened.push(one);
  return one;
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "moraine-rest-"));
  catalog = await faultyCatalog(join(folder, "lake"));
  files = sourceFiles(folder);
  secret = { clientId: "moraine", clientSecret: "right" };
  secretsRead = [];
  lake = open();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await catalog.close();
  await rm(folder, { recursive: true, force: true });
});

const load = async (...ids: readonly string[]) =>
  lake.load({
    table,
    files: [await files.ndjson(ids.map((id) => ({ id })))],
    disposition: { type: "append" },
  });
const ids = async () =>
  (await collectRows(await lake.query("SELECT id FROM t.log ORDER BY id"))).map((row) => row["id"]);
const failureOf = async (work: Promise<unknown>) => {
  const error = await work.catch((reason: unknown) => reason);
  if (error instanceof FailureError) return error.failure;
  throw new Error(`expected a failure, got ${String(error)}`);
};
const tokensAsked = () => catalog.requests.filter((line) => line.endsWith("/oauth/tokens")).length;

describe("a commit", () => {
  const identifier = { namespace: "ns", name: "t" };
  const made = async () => {
    const clock = new FakeClock();
    const { signal } = new AbortController();
    const attributions = new Attributions();
    const random = () => 0;
    const rest = new RestCatalog({
      uri: catalog.uri,
      secret: async () => secret,
      clock,
      random,
      attributions,
      signal,
    });
    await rest.createNamespace("ns");
    const request = requests.createTable.parse({ name: "t", schema });
    await rest.create({ identifier, request, updates: [] });
    return rest;
  };
  const append = (rest: RestCatalog, id: number, parent?: number) =>
    rest.commit([
      {
        identifier,
        requirements: [{ type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": parent }],
        updates: appendUpdates(id, parent, id) as readonly Update[],
      },
    ]);
  const snapshotsOf = async (rest: RestCatalog) =>
    (await rest.load(identifier)).metadata.snapshots.map((snapshot) => snapshot["snapshot-id"]);
  const commits = () => catalog.requests.filter((line) => /^POST .*\/tables\/t$/.test(line)).length;

  it("whose answer was lost is found in the table, and not made twice", async () => {
    const rest = await made();
    catalog.fail({ match: /^POST .*\/tables\/t$/, times: 1, does: "lost" });
    await append(rest, 1);
    expect(await snapshotsOf(rest)).toEqual([1]);
    expect(commits()).toBe(1);
    await append(rest, 1);
    expect(await snapshotsOf(rest)).toEqual([1]);
  });

  it("that the catalog could not carry out is made again", async () => {
    const rest = await made();
    for (const status of [503, 500, 429])
      catalog.fail({ match: /^POST .*\/tables\/t$/, times: 1, does: status });
    await append(rest, 1);
    expect(await snapshotsOf(rest)).toEqual([1]);
    expect(commits()).toBe(4);
  });

  it("that somebody else came before is refused, so that it can be made anew on top of theirs", async () => {
    const rest = await made();
    await append(rest, 1);
    await expect(append(rest, 2)).rejects.toMatchObject({ status: 409 });
    await append(rest, 2, 1);
    expect(await snapshotsOf(rest)).toEqual([1, 2]);
  });

  it("fails with what the catalog says when it goes on failing, and leaves the table as it was", async () => {
    const rest = await made();
    catalog.fail({ match: /^POST .*\/tables\/t$/, times: 100, does: 502 });
    expect(await failureOf(append(rest, 1))).toMatchObject({
      reason: "unreachable",
      message: "the catalog failed to answer",
      got: "HTTP 502 Made: made to fail",
      where: expect.stringContaining(catalog.uri),
      retryable: true,
    });
    expect(await snapshotsOf(rest)).toEqual([]);
  });
});

describe("credentials", () => {
  it("give one token, which is renewed before it ends", async () => {
    const clock = new FakeClock();
    const timed = open({ clock });
    await timed.tables();
    await timed.exists(table.key);
    expect(tokensAsked()).toBe(1);
    clock.jump(3_600_000 - 60_000);
    await timed.exists(table.key);
    expect(tokensAsked()).toBe(2);
    expect(secretsRead).not.toContain(true);
  });

  it("are read again when the catalog refuses the token, since they rotate", async () => {
    await lake.tables();
    catalog.revokeTokens();
    catalog.clientSecret = "rotated";
    secret = { clientId: "moraine", clientSecret: "rotated" };
    expect(await lake.exists(table.key)).toBe(false);
    expect(tokensAsked()).toBe(2);
    expect(secretsRead).toContain(true);
  });

  it("that are wrong are named as such, where they were refused", async () => {
    secret = { clientId: "moraine", clientSecret: "wrong" };
    expect(await failureOf(lake.tables())).toMatchObject({
      reason: "credentials-refused",
      got: "HTTP 401: no such client",
      where: `${catalog.uri}/v1/oauth/tokens`,
      retryable: false,
    });
    secret = { token: "wrong" };
    expect(await failureOf(lake.tables())).toMatchObject({
      reason: "credentials-refused",
      message: "the catalog refused the credentials",
    });
    secret = { user: "x" };
    expect(await failureOf(lake.tables())).toMatchObject({ reason: "missing-secret", got: "fields user" });
  });

  it("without a right are told apart from the engine's failures", async () => {
    await lake.ensureTable(table);
    catalog.fail({ match: /^POST .*\/tables\/log$/, times: 1, does: 403 });
    expect(await failureOf(load("1"))).toMatchObject({
      reason: "credentials-refused",
      next: "grant the principal of the target's secret what it asks for",
    });
    catalog.fail({ match: /^GET .*\/tables\/log$/, times: 1, does: 403 });
    expect(await failureOf(ids())).toMatchObject({ reason: "credentials-refused" });
    expect(await ids()).toEqual([]);
  });
});

it("what a query failed of is not taken for another's that went on meanwhile", async () => {
  await lake.ensureTable(table);
  await lake.ensureTable(defineTable({ key: "t/other", columns: { id: "string" } }));
  const held = deferred<void>();
  const asked = catalog.nextRequest(/^GET .*\/tables\/other$/);
  catalog.fail({ match: /^GET .*\/tables\/other$/, times: 1, does: held.promise });
  const unrelated = failureOf(lake.query("SELECT nothing FROM t.other", { readOnly: false }));
  await asked;
  catalog.fail({ match: /^GET .*\/tables\/log$/, times: 1, does: 403 });
  expect(await failureOf(ids())).toMatchObject({ reason: "credentials-refused" });
  held.resolve();
  expect(await unrelated).toMatchObject({
    reason: "query-failed",
    got: expect.stringContaining("nothing"),
  });
});

describe("a catalog", () => {
  it("that is not there is said to be unreachable, with its address", async () => {
    const nowhere = open({ uri: "http://127.0.0.1:1", secret: async () => ({ token: "t" }) });
    expect(await failureOf(nowhere.tables())).toMatchObject({
      reason: "unreachable",
      where: expect.stringMatching(/^http:\/\/127\.0\.0\.1:1\/v1\/config/),
      retryable: true,
    });
  });

  it("that is busy for a moment is asked again, not earlier than it says", async () => {
    const clock = new FakeClock();
    const startMs = clock.now().getTime();
    catalog.fail({ match: /config/, times: 1, does: 503, headers: { "retry-after": "7" } });
    catalog.fail({ match: /namespaces/, times: 2, does: 500 });
    expect(await open({ clock }).tables()).toEqual([]);
    expect(clock.now().getTime()).toBe(startMs + 7_000);
  });

  it("is opened by other processes through a server of ours, which renews their tokens", async () => {
    const environment = await lake.connectionEnvironment();
    const ask = () =>
      fetch(`${environment["MORAINE_CATALOG_URI"]}/v1/namespaces`, {
        headers: { authorization: `Bearer ${environment["MORAINE_CATALOG_TOKEN"]}` },
      });
    expect((await ask()).status).toBe(200);
    catalog.revokeTokens();
    expect(await (await ask()).json()).toEqual({ namespaces: [] });
  });

  it("is shared: what others commit is seen at once", async () => {
    const other = open();
    await lake.ensureTable(table);
    await load("1");
    expect(await other.dataVersion(table.key)).toBe(await lake.dataVersion(table.key));
    await other.query("INSERT INTO t.log VALUES ('2')", { readOnly: false }).then(collectRows);
    expect(await ids()).toEqual(["1", "2"]);
  });
});
