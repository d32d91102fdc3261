import { createServer, request } from "node:http";
import { expect, it, vi } from "vitest";
import { listenOn, serveProxy, serveTls } from "../support/proxies.ts";
import { callsOf, control, serveOrg, signIn } from "./rig.ts";

it("goes through the proxy of the environment to the login URL and to the instance", async () => {
  const sandbox = await serveOrg(3);
  const name = "acme.my.salesforce.test";
  // An org that says of itself that it is at `name`.
  const port = await serveTls(name, (message, answer) => {
    const { method = "", url = "" } = message;
    const headers = { ...message.headers, host: new URL(sandbox.url).host };
    message.pipe(
      request(`${sandbox.url}${url}`, { method, headers }, (got) => {
        const parts: Buffer[] = [];
        got.on("data", (part: Buffer) => parts.push(part));
        got.on("end", () => {
          answer.writeHead(got.statusCode ?? 0, { "content-type": got.headers["content-type"] });
          answer.end(Buffer.concat(parts).toString().replaceAll(sandbox.url, `https://${name}`));
        });
      }),
    );
  });
  const proxy = await serveProxy(port);
  vi.stubEnv("HTTPS_PROXY", proxy.url);
  const credentials = { ...sandbox.credentials(), url: `https://${name}`, audience: sandbox.url };
  const { org, failure } = await signIn({ given: [credentials] });
  expect(failure).toBeUndefined();
  expect(org?.instanceUrl).toBe(`https://${name}`);
  expect((await org?.describe("User"))?.name).toBe("User");
  expect(new Set(proxy.seen)).toEqual(new Set([`CONNECT ${name}:443`]));
  vi.unstubAllEnvs();
});

it("says that a proxy refuses and with which status, and that an address is no proxy's", async () => {
  const refusing = createServer();
  refusing.on("connect", (_, socket) => socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"));
  const given = [{ clientId: "c", clientSecret: "s", url: "https://acme.my.salesforce.test" }];
  vi.stubEnv("HTTPS_PROXY", `http://127.0.0.1:${await listenOn(refusing)}`);
  expect((await signIn({ given })).failure).toMatchObject({
    reason: "unreachable",
    message: "the proxy refuses to connect",
    got: "HTTP 407",
    retryable: false,
  });
  vi.stubEnv("HTTPS_PROXY", "socks5://proxy.example");
  expect((await signIn({ given })).failure).toMatchObject({
    reason: "unreachable",
    message: "HTTPS_PROXY is not the address of an HTTP proxy",
    retryable: false,
  });
  vi.unstubAllEnvs();
});

it("does not follow an answer that leads elsewhere: it would take the secret along", async () => {
  const seen: string[] = [];
  const elsewhere = await listenOn(
    createServer((message, answer) => (seen.push(message.url ?? ""), answer.end())),
  );
  const login = await listenOn(
    createServer((_, answer) =>
      answer.writeHead(307, { location: `http://127.0.0.1:${elsewhere}/token?x=1` }).end(),
    ),
  );
  const sandbox = await serveOrg(1);
  const { failure } = await signIn({
    given: [{ ...sandbox.credentials(), url: `http://127.0.0.1:${login}` }],
  });
  expect(failure).toMatchObject({
    reason: "bad-response",
    retryable: false,
    got: `HTTP 307 to http://127.0.0.1:${elsewhere}`,
  });
  expect(seen).toEqual([]);
});

const everything = {
  object: "User",
  fields: ["Id"],
  cursorField: "SystemModstamp",
  lo: undefined,
  hi: undefined,
};

it("creates a Bulk job again when the request can't have arrived", async () => {
  const sandbox = await serveOrg(3);
  const { org, logs } = await signIn({ given: [{ ...sandbox.credentials() }] });
  const send = globalThis.fetch;
  let refused = 0;
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    if (init.method === "POST" && refused++ < 2)
      throw new TypeError("fetch failed", { cause: Object.assign(new Error("x"), { code: "ECONNREFUSED" }) });
    return send(url, init);
  });
  const ids: unknown[] = [];
  for await (const page of org?.read(everything, { method: "bulk", count: 0 }) ?? []) ids.push(...page);
  vi.unstubAllGlobals();
  expect(ids).toHaveLength(3);
  expect(refused).toBe(3);
  expect(logs.filter((line) => line.includes("ECONNREFUSED"))).toHaveLength(2);
});

it("deletes the Bulk job also when the signal ends the reading", async () => {
  const sandbox = await serveOrg(3);
  const controller = new AbortController();
  const { org } = await signIn({ given: [{ ...sandbox.credentials() }], signal: controller.signal });
  const read = async () => {
    for await (const page of org?.read(everything, { method: "bulk", count: 0 }) ?? [])
      if (page.length > 0) controller.abort(new Error("stopped"));
    controller.signal.throwIfAborted();
  };
  await expect(read()).rejects.toThrow("stopped");
  const jobs = (await callsOf(sandbox)).filter((path) => path.includes("/jobs/query/"));
  // Asked for its state, read, and deleted.
  expect(jobs.at(-1)).toMatch(/\/jobs\/query\/\w+$/);
  expect(jobs.at(-2)).toMatch(/\/results/);
});

it.each([
  ["{}", "an object without records"],
  ['{"records":[', "JSON cut short"],
  ["<html>", "a page of something in between"],
])("tells of %s instead of a page, asked for five times", async (body) => {
  const sandbox = await serveOrg(3);
  const { org } = await signIn({ given: [{ ...sandbox.credentials() }] });
  const fetched = vi.fn(async () => new Response(body, { headers: { "content-type": "application/json" } }));
  vi.stubGlobal("fetch", fetched);
  await expect(org?.count(everything)).rejects.toMatchObject({
    failure: { reason: "bad-response", retryable: true },
  });
  vi.unstubAllGlobals();
  expect(fetched).toHaveBeenCalledTimes(5);
});

it("signs in once for all requests that found the session ended", async () => {
  const sandbox = await serveOrg(3);
  const { org } = await signIn({ given: [{ ...sandbox.credentials() }] });
  const before = org?.calls() ?? 0;
  await control(sandbox, "POST", "faults", { kind: "401", match: "GET /services/data", times: 3 });
  const [one, two, three] = await Promise.all([1, 2, 3].map(async () => org?.count(everything)));
  expect([one, two, three]).toEqual([3, 3, 3]);
  // Three refused, three repeated, one sign-in.
  expect((org?.calls() ?? 0) - before).toBe(7);
});
