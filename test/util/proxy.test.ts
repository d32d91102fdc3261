import { createServer } from "node:http";
import { expect, it } from "vitest";
import { type Failure, FailureError } from "../../framework/event/failure.ts";
import { deferred } from "../../framework/util/deferred.ts";
import { fetchByProxy, proxyOf } from "../../framework/util/proxy.ts";
import { listenOn, serveProxy, serveTls } from "../support/proxies.ts";

const proxy = "http://proxy.example:3128";

it("chooses the proxy by the scheme, in either case, the lower first", () => {
  expect(proxyOf("https://a.example/x", { HTTPS_PROXY: proxy })?.host).toBe("proxy.example:3128");
  expect(proxyOf("http://a.example/x", { HTTPS_PROXY: proxy })).toBeUndefined();
  expect(proxyOf("http://a.example/x", { http_proxy: proxy })?.host).toBe("proxy.example:3128");
  expect(proxyOf("https://a.example", { HTTPS_PROXY: "http://b", https_proxy: "http://c" })?.host).toBe("c");
  expect(proxyOf("https://a.example", { HTTPS_PROXY: proxy, https_proxy: "" })).toBeUndefined();
  expect(proxyOf("https://a.example", { HTTPS_PROXY: "proxy.example:3128" })?.href).toBe(`${proxy}/`);
  expect(proxyOf("https://a.example", {})).toBeUndefined();
});

it.each([
  "http://127.0.0.1:9",
  "http://127.8.8.8",
  "http://localhost",
  "http://org.localhost:1",
  "http://[::1]:2",
])("never chooses one for this machine: %s", (url) => {
  expect(proxyOf(url, { HTTP_PROXY: proxy })).toBeUndefined();
});

it.each([
  ["*", "https://a.example", true],
  ["a.example", "https://a.example", true],
  ["A.Example", "https://a.example", true],
  ["b.example, example", "https://a.example", true],
  ["b.example example", "https://a.example", true],
  [".example", "https://a.example", true],
  ["*.example", "https://a.example", true],
  ["ample", "https://a.example", false],
  ["a.example:443", "https://a.example", true],
  ["a.example:8443", "https://a.example", false],
  ["10.0.0.0/8", "https://10.9.8.7", true],
  ["10.0.0.0/8", "https://11.9.8.7", false],
  ["10.0.0.0/99", "https://10.9.8.7", false],
  ["10.9.8.7", "https://10.9.8.7", true],
  ["8.7", "https://10.9.8.7", false],
  ["fd00::1", "https://[fd00::1]:8443", true],
  ["[fd00::1]:8443", "https://[fd00::1]:8443", true],
  ["fd00::/16", "https://[fd00::1]", true],
  ["", "https://a.example", false],
])("reads NO_PROXY=%s for %s", (noProxy, url, isExcepted) => {
  expect(proxyOf(url, { HTTPS_PROXY: proxy, NO_PROXY: noProxy }) === undefined).toBe(isExcepted);
});

it.each(["socks5://user:geheim@proxy.example", "http://"])("refuses %s without quoting it", (address) => {
  let failure: Failure | undefined;
  try {
    proxyOf("https://a.example", { HTTPS_PROXY: address });
  } catch (error) {
    failure = error instanceof FailureError ? error.failure : undefined;
  }
  expect(failure).toMatchObject({ message: "HTTPS_PROXY is not the address of an HTTP proxy" });
  expect(JSON.stringify(failure)).not.toContain("geheim");
});

it("tunnels HTTPS, forwards plain HTTP with the proxy's credentials, and asks this machine directly", async () => {
  const secure = await serveTls("org.example", (message, answer) => answer.end(`secure ${message.url}`));
  const plain = await listenOn(
    createServer((message, answer) => answer.end(`${message.method} ${message.url}`)),
  );
  const [tunnel, forward] = [await serveProxy(secure), await serveProxy(plain)];
  const send = fetchByProxy({
    https_proxy: tunnel.url,
    http_proxy: forward.url.replace("//", "//me:word@"),
    no_proxy: "other.example",
  });
  const text = async (url: string, init?: RequestInit) => (await send(url, init)).text();
  expect(await text("https://org.example/a")).toBe("secure /a");
  expect(await text("https://org.example/b")).toBe("secure /b");
  expect(await text("http://org.example/c", { method: "POST", body: "x" })).toBe("POST /c");
  expect(await text(`http://127.0.0.1:${plain}/d`)).toBe("GET /d");
  expect(new Set(tunnel.seen)).toEqual(new Set(["CONNECT org.example:443"]));
  expect(forward.seen).toEqual([
    `POST http://org.example/c Basic ${Buffer.from("me:word").toString("base64")}`,
  ]);
});

it("ends with the signal while the proxy says nothing", async () => {
  const { promise: asked, resolve } = deferred<void>();
  const silent = createServer();
  silent.on("connect", () => resolve());
  const send = fetchByProxy({ https_proxy: `http://127.0.0.1:${await listenOn(silent)}` });
  const controller = new AbortController();
  const sent = send("https://org.example", { signal: controller.signal });
  await asked;
  controller.abort(new Error("stopped"));
  await expect(sent).rejects.toThrow("stopped");
});
