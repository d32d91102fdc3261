import { createServer } from "node:http";
import { afterEach, expect, it, vi } from "vitest";
import { Attributions } from "../../framework/lakehouse/catalog/attributions.ts";
import { RestCatalog } from "../../framework/lakehouse/rest/rest-catalog.ts";
import { sendRequest } from "../../framework/observability/http/send-request.ts";
import { systemClock } from "../../framework/util/clock.ts";
import { lakeProject } from "../support/lake-project.ts";
import { listenOn, serveProxy } from "../support/proxies.ts";

afterEach(() => void vi.unstubAllEnvs());

const signal = new AbortController().signal;
const credentials = `Basic ${Buffer.from("me:word").toString("base64")}`;

/** A proxy with user and password, through which one server is every host. */
async function proxied(answers: Readonly<Record<string, string>>) {
  const server = createServer((message, answer) => {
    const content = answers[(message.url ?? "").split("?")[0] ?? ""];
    answer.writeHead(content === undefined ? 404 : 200).end(message.method === "HEAD" ? undefined : content);
  });
  const proxy = await serveProxy(await listenOn(server));
  return { seen: proxy.seen, url: proxy.url.replace("//", "//me:word@") };
}

it("a REST catalog and its token endpoint are asked through the proxy", async () => {
  const { seen, url } = await proxied({
    "/v1/config": "{}",
    "/token": '{"access_token":"t"}',
    "/v1/namespaces": '{"namespaces":[["raw"]]}',
  });
  vi.stubEnv("HTTP_PROXY", url);
  const catalog = new RestCatalog({
    uri: "http://catalog.example",
    oauth: { uri: "http://sign-in.example/token" },
    secret: async () => ({ clientId: "a", clientSecret: "b" }),
    clock: systemClock,
    random: () => 0,
    attributions: new Attributions(),
    signal,
  });
  expect(await catalog.namespaces()).toEqual(["raw"]);
  expect(seen.map((line) => line.replace(/\?\S*/, ""))).toEqual([
    `POST http://sign-in.example/token ${credentials}`,
    `GET http://catalog.example/v1/config ${credentials}`,
    `GET http://catalog.example/v1/namespaces ${credentials}`,
  ]);
});

it("alerts and lineage events are sent through the proxy", async () => {
  const { seen, url } = await proxied({ "/hook": "" });
  vi.stubEnv("http_proxy", url);
  const { status } = await sendRequest(new URL("http://hook.example/hook"), { method: "POST", signal });
  expect(status).toBe(200);
  expect(seen).toEqual([`POST http://hook.example/hook ${credentials}`]);
});

it("DuckDB reads files through a proxy with a password, and its own catalog not", async () => {
  const { seen, url } = await proxied({ "/users.csv": "id\n1\n" });
  const project = await lakeProject({
    "moraine.config.ts": `
import { defineAsset, defineConfig } from "moraine";

const users = defineAsset({
  key: "raw/users",
  materialize: async ({ lakehouse, key }) => {
    await lakehouse.ensureTable({ key, columns: { id: { type: "long" } }, partitionBy: [], properties: {} });
    const insert = "INSERT INTO " + lakehouse.tableName(key) + " SELECT id FROM read_csv('http://files.example/users.csv')";
    for await (const _ of (await lakehouse.query(insert, { readOnly: false })).rows);
  },
});

export default defineConfig({ name: "proxied", assets: [users] });
`,
  });
  const { code, stdout } = await project.start(["materialize", "--plain"], { HTTP_PROXY: url }).finished;
  expect([code, stdout]).toEqual([0, expect.stringContaining("materialized 1 of 1") as string]);
  expect(new Set(seen)).toEqual(
    new Set([
      `HEAD http://files.example/users.csv ${credentials}`,
      `GET http://files.example/users.csv ${credentials}`,
    ]),
  );
  expect(await project.json("query", "SELECT id FROM raw.users")).toEqual([{ id: 1 }]);
});
