import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mismatches, parseShape } from "../../support/json-shape.ts";
import { printed, Project } from "../../support/moraine.ts";
import { deferred } from "../../../framework/util/deferred.ts";
import { lineageServer } from "./lineage-server.ts";
import { expectPublished, namesOf } from "./validate.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/cli.md"), "utf8");

/** The shape that docs/cli.md gives a verb's JSON. */
function documented(verb: string) {
  const [, text = ""] = new RegExp(`\\n${verb} {2,}([^]*?)\\n(?! )`).exec(page) ?? [];
  return parseShape(text.replaceAll("Failure | null", "any"));
}

const key = "key-that-nobody-may-see";

/** A project of one asset. @param openLineage its settings, as TypeScript */
function project(openLineage: string, body = ""): Project {
  const config = `
import { defineAsset, defineConfig } from "moraine";
const users = defineAsset({ key: "raw/users", refresh: { everyMs: 0 }, materialize: async () => { ${body} } });
export default defineConfig({ name: "crm", assets: [users]${openLineage === "" ? "" : `, openLineage: ${openLineage}`} });
`;
  return new Project({ "moraine.config.ts": config });
}

interface Listed {
  readonly namespace: string;
  readonly transports: readonly {
    readonly name: string;
    readonly waiting: number;
    readonly failure: { readonly reason: string } | null;
  }[];
}

describe("moraine openlineage", () => {
  it("lists what waits for a server that hangs, which holds up no run and fails none, and sends it when it is back", async () => {
    const server = await lineageServer(() => "hang");
    const crm = project(
      `{ transports: { marquez: { type: "http", url: "${server.url}", apiKey: { env: "MARQUEZ_KEY" } } } }`,
    );
    const run = async (...args: readonly string[]) => crm.start(args, { MARQUEZ_KEY: key }).finished;
    const first = await run("materialize", "--plain");
    expect(first.code).toBe(0);
    expect(first.stderr).toContain(
      "openlineage: marquez: 127.0.0.1:" +
        new URL(server.url).port +
        " did not answer within 1000 ms; 4 recorded events wait",
    );
    // It is not due, so nobody asks it.
    expect((await run("materialize", "--plain")).stderr).not.toContain("openlineage");
    expect(server.asked).toHaveLength(1);
    const listed = await crm.json<Listed>("openlineage");
    expect(mismatches(listed, documented("openlineage"), new Map())).toEqual([]);
    expect(listed).toMatchObject({
      namespace: "crm/local",
      transports: [{ name: "marquez", waiting: 8, failure: { reason: "timeout" } }],
    });
    expect((await run("openlineage")).stdout).toContain("8 events wait, never told");
    expect((await run("doctor", "--only", "openlineage")).stdout).toMatch(
      /^! openlineage {2}marquez: 127\.0\.0\.1:\d+ did not answer within 1000 ms; 8 events waiting\n/,
    );

    server.answer(() => 401);
    const refused = await run("openlineage", "send", "--json");
    expect(mismatches(JSON.parse(refused.stdout), documented("openlineage send"), new Map())).toEqual([]);
    expect(refused.code).toBe(5);
    server.answer(() => 201);
    expect(await run("openlineage", "send")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("marquez  8 events sent"),
    });
    for (const event of server.taken) expectPublished(event);
    const ofRun = ["START crm", "START crm.raw.users", "COMPLETE crm.raw.users", "COMPLETE crm"];
    expect(namesOf(server.taken)).toEqual([...ofRun, ...ofRun]);
    expect(server.asked.at(-1)?.key).toBe(`Bearer ${key}`);
    const left = readdirSync(join(crm.directory, ".moraine"), { withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    for (const { name } of left)
      expect(readFileSync(join(crm.directory, ".moraine", name)).includes(key)).toBe(false);
  });

  it("is told by the variables of OpenLineage's own clients as well, and not by a process that they disable", async () => {
    const server = await lineageServer();
    const crm = project("");
    const run = (env: Readonly<Record<string, string>>, ...args: readonly string[]) =>
      crm.start(args, env).finished;
    expect((await run({}, "openlineage", "send")).code).toBe(2);
    const environment = {
      OPENLINEAGE_URL: server.url,
      OPENLINEAGE_NAMESPACE: "prod",
      OPENLINEAGE_API_KEY: key,
    };
    await run(environment, "materialize");
    expect(server.taken.map(({ job }) => job.namespace)).toEqual(["prod", "prod", "prod", "prod"]);
    expect(server.asked[0]).toMatchObject({ path: "/api/v1/lineage", key: `Bearer ${key}` });
    await run({ ...environment, OPENLINEAGE_DISABLED: "true" }, "materialize");
    expect(server.taken).toHaveLength(4);
    await run(environment, "materialize");
    expect(server.taken).toHaveLength(12);
    const wrong = await run({ OPENLINEAGE_URL: "marquez:5000" }, "materialize");
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringContaining("OPENLINEAGE_URL: expected an http or https URL"),
    ]);
  });

  it("is left to the daemon when a run is killed", async () => {
    const aborted = deferred<void>();
    const server = await lineageServer(({ eventType, job }) => {
      if (eventType === "ABORT" && job.name === "crm") aborted.resolve();
      return 201;
    });
    const crm = project("", `await new Promise(() => setInterval(() => {}, 1000));`);
    const environment = { OPENLINEAGE_URL: server.url };
    const killed = crm.start(["materialize", "--json"], environment);
    await printed(killed, '"asset-started"');
    killed.kill("SIGKILL");
    await killed.finished;
    const daemon = crm.start(["daemon"], environment);
    await aborted.promise;
    daemon.kill("SIGTERM");
    expect((await daemon.finished).code).toBe(0);
    expect(namesOf(server.taken)).toEqual([
      "START crm",
      "START crm.raw.users",
      "ABORT crm.raw.users",
      "ABORT crm",
    ]);
  });

  it("names all that is wrong in the config before anything runs, and never a key that stands there", async () => {
    const crm = project(`{
      namespace: "",
      targets: ["prod"],
      transports: {
        Log: { type: "file", path: "" },
        kafka: { type: "kafka" },
        marquez: { type: "http", url: "ftp://marquez", apiKey: "${key}", compression: "zip", timeoutMs: 0 },
        other: { type: "http", url: "https://me:${key}@marquez" },
      },
    } as never`);
    const { code, stderr } = await crm.run("materialize");
    expect(code).toBe(2);
    for (const text of [
      "openLineage.namespace: expected a text",
      'openLineage.targets: expected some of local, got "prod"',
      "openLineage.transports.Log: expected letters, digits and dashes",
      "openLineage.transports.Log.path: expected a file's path",
      'openLineage.transports.kafka.type: expected file or http, got "kafka"',
      "openLineage.transports.marquez.url: expected an http or https URL",
      "openLineage.transports.marquez.apiKey: expected { env:",
      "openLineage.transports.marquez.compression: expected gzip",
      "openLineage.transports.marquez.timeoutMs: expected a whole number from 1",
      "openLineage.transports.other.url: expected an http or https URL without a password",
    ])
      expect(stderr).toContain(text);
    expect(stderr).not.toContain(key);
    expect((await crm.run("openlineage")).code).toBe(2);
  });
});
