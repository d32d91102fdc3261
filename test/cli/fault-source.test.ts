import { describe, expect, it } from "vitest";
import { printed } from "../support/moraine.ts";
import { control, dimension, FaultyPipeline, held, urlOf } from "../support/faulty-pipeline.ts";

const pipeline = new FaultyPipeline();

/** Arms a fault of the project's own org as a user does. */
async function arm(kind: string, ...options: readonly string[]): Promise<void> {
  const { code, stderr } = await pipeline.project.run("sandbox", "faults", "--arm", kind, ...options);
  expect([code, stderr]).toEqual([0, ""]);
}
const disarm = () => pipeline.project.run("sandbox", "faults", "--clear");

describe("a source that a guard refuses", () => {
  it.each([
    ["403-total", ["--times", "100"], { reason: "budget-exhausted" }],
    ["org-changed", [], { reason: "org-changed", expected: expect.any(String), got: expect.any(String) }],
    ["reduced-visibility", [], { reason: "breaker", expected: "at most 5 %" }],
    [
      "hidden-field",
      ["--match", "Audit_Phase__c"],
      { reason: "access-contract", message: expect.stringContaining("can't see Audit_Phase__c") },
    ],
  ] as const)("by %s ends with 6 before anything is written", async (kind, options, says) => {
    await pipeline.filled();
    const before = await pipeline.snapshots();
    await arm(kind, ...options);
    const ran = await pipeline.materialize();
    expect([ran.code, ran.stderr, ran.outcomes]).toEqual([6, "", held]);
    expect(ran.failure).toMatchObject({ ...says, retryable: false, next: expect.any(String) });
    expect(await pipeline.snapshots()).toEqual(before);
    await disarm();
  });

  it("for a field that nobody knows in dbthub.yml ends with 6 and suggests one", async () => {
    await pipeline.filled();
    const before = await pipeline.snapshots();
    const restore = pipeline.edit("assets/sf_user/dbthub.yml", "  Title: {", "  Titel: {");
    const ran = await pipeline.materialize();
    expect([ran.code, ran.outcomes]).toEqual([6, held]);
    expect(ran.failure).toMatchObject({
      reason: "access-contract",
      message: expect.stringContaining("can't see Titel (there is Title)"),
      where: "assets/sf_user/dbthub.yml",
    });
    expect(await pipeline.snapshots()).toEqual(before);
    restore();
    expect((await pipeline.recovers()).outcomes[dimension]).toBe("fresh");
  });

  it("since it is empty, or many left at once, keeps every table until somebody allows it", async () => {
    await pipeline.filled();
    const before = await pipeline.snapshots();
    const org = pipeline.project.start(["sandbox", "serve", "--port", "0", "--json"]);
    const url = await urlOf(org);
    const run = () => pipeline.materialize([], { MORAINE_SALESFORCE_URL: url });
    await control(url, "POST", "faults", { kind: "reduced-visibility", share: 1 });
    expect(await run()).toMatchObject({ code: 6, outcomes: held, failure: { reason: "breaker" } });
    await control(url, "DELETE", "faults");

    const users = await pipeline.project.json<{ user_id: string }[]>(
      "query",
      `SELECT user_id FROM sf_curated.dim_sf_user_scd WHERE is_current AND NOT is_deleted LIMIT 20`,
    );
    await control(url, "POST", "advance", { days: 1 });
    await control(url, "POST", "records", {
      records: users.map(({ user_id }) => ({ Id: user_id, IsActive: false })),
    });
    const refused = await run();
    expect(refused).toMatchObject({ code: 6, outcomes: held, failure: { reason: "breaker" } });
    expect(refused.failure?.next).toContain("breaker.max_retired_share");
    expect(await pipeline.snapshots()).toEqual(before);

    const restore = pipeline.edit(
      "assets/sf_user/dbthub.yml",
      "max_retired_share: 0.05",
      "max_retired_share: 0.5",
    );
    expect(await run()).toMatchObject({ code: 0, outcomes: { [dimension]: "materialized" } });
    restore();
    expect(await run()).toMatchObject({ code: 0, outcomes: { [dimension]: "fresh" } });
  });
});

describe("a source that is slow to answer", () => {
  it.each(["429", "503"])("with %s is asked again and the run succeeds", async (kind) => {
    await pipeline.filled();
    await pipeline.project.run("sandbox", "advance");
    await arm(kind, "--times", "2");
    const ran = await pipeline.materialize();
    expect([ran.code, ran.outcomes[dimension]]).toEqual([0, "materialized"]);
    expect(await pipeline.project.json("sandbox", "faults")).toMatchObject([{ kind, times: 0, fired: 2 }]);
    await disarm();
  });
});

describe("a source that is away", () => {
  it("from the start ends with 1, tried again, and says how to start it", async () => {
    await pipeline.filled();
    const before = await pipeline.snapshots();
    const nobody = { MORAINE_SALESFORCE_URL: "http://127.0.0.1:9" };
    const ran = await pipeline.materialize([], nobody);
    expect([ran.code, ran.outcomes]).toEqual([1, held]);
    expect(ran.failure).toMatchObject({
      reason: "unreachable",
      where: "http://127.0.0.1:9/sandbox/credentials",
      next: expect.stringContaining("moraine sandbox serve"),
    });
    expect(ran.events.filter((event) => event.type === "asset-retrying")).toHaveLength(2);
    const demo = await pipeline.project.start(["demo", "--json"], nobody).finished;
    expect([demo.code, demo.stdout]).toEqual([1, ""]);
    expect(demo.stderr).toContain("moraine sandbox serve");
    expect(await pipeline.snapshots()).toEqual(before);
  });

  it("because its address is none is refused before anything runs", async () => {
    const { code, stdout, stderr } = await pipeline.project.start(["materialize", "--json"], {
      MORAINE_SALESFORCE_URL: "localhost",
    }).finished;
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(
      "MORAINE_SALESFORCE_URL is an address like http://127.0.0.1:7440, got localhost",
    );
  });

  it("because it died while it was read ends with 1 and loses nothing", async () => {
    await pipeline.filled();
    await pipeline.project.run("sandbox", "advance");
    const before = await pipeline.snapshots();
    const org = pipeline.project.start(["sandbox", "serve", "--port", "0", "--json"]);
    const url = await urlOf(org);
    // Reading waits for an answer when the server goes.
    await control(url, "POST", "faults", { kind: "slow", match: "/query", times: null, ms: 600_000 });
    const run = pipeline.project.start(["materialize", "--json"], { MORAINE_SALESFORCE_URL: url });
    await printed(run, '"type":"asset-started"');
    while (
      ((await control(url, "GET", "calls")) as { path: string }[]).every(
        ({ path }) => !path.includes("/query"),
      )
    );
    org.kill("SIGKILL");
    const { code, stdout, stderr } = await run.finished;
    expect([code, stderr]).toEqual([1, ""]);
    expect(stdout).toContain('"reason":"unreachable"');
    expect(await pipeline.snapshots()).toEqual(before);
    await disarm();
    expect((await pipeline.recovers()).outcomes[dimension]).toBe("materialized");
  });
});
