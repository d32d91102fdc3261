import { once } from "node:events";
import { createServer, get as getByHttp, type IncomingMessage } from "node:http";
import { get as getByHttps } from "node:https";
import { text } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import { type ProxyAgents, proxyAgents } from "../../framework/util/proxy-agents.ts";
import { listenOn, serveProxy, serveTls } from "../support/proxies.ts";

function agentsOf(environment: Readonly<Record<string, string>>): ProxyAgents {
  const agents = proxyAgents(environment);
  if (agents === undefined) throw new Error("expected agents");
  onTestFinished(() => {
    agents.httpAgent.destroy();
    agents.httpsAgent.destroy();
  });
  return agents;
}

async function read(url: string, { httpAgent, httpsAgent }: ProxyAgents): Promise<string> {
  const request = url.startsWith("https:")
    ? getByHttps(url, { agent: httpsAgent })
    : getByHttp(url, { agent: httpAgent });
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  return text(answer);
}

it("tunnels to each host once, with the proxy's credentials, and keeps the connection", async () => {
  const target = await serveTls("org.example", (message, answer) => answer.end(`secure ${message.url}`));
  const proxy = await serveProxy(target);
  const agents = agentsOf({ HTTPS_PROXY: proxy.url.replace("//", "//me:w%40rd@") });
  expect(await read("https://org.example/a", agents)).toBe("secure /a");
  expect(await read("https://org.example/b", agents)).toBe("secure /b");
  expect(proxy.seen).toEqual([`CONNECT org.example:443 Basic ${Buffer.from("me:w@rd").toString("base64")}`]);
});

it("tunnels plain HTTP, and asks this machine and what NO_PROXY names directly", async () => {
  const port = await listenOn(createServer((message, answer) => answer.end(`plain ${message.url}`)));
  const proxy = await serveProxy(port);
  const agents = agentsOf({ HTTP_PROXY: proxy.url, NO_PROXY: "127.0.0.2,nowhere.invalid" });
  expect(await read("http://org.example/a", agents)).toBe("plain /a");
  expect(await read(`http://127.0.0.1:${port}/b`, agents)).toBe("plain /b");
  await expect(read("http://nowhere.invalid/c", agents)).rejects.toThrow("nowhere.invalid");
  expect(proxy.seen).toEqual(["CONNECT org.example:80"]);
});

it("names a proxy that refuses, and not its password", async () => {
  const refusing = createServer();
  refusing.on("connect", (_message, socket) =>
    socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
  );
  const port = await listenOn(refusing);
  const agents = agentsOf({ HTTPS_PROXY: `http://me:geheim@127.0.0.1:${port}` });
  await expect(read("https://org.example/", agents)).rejects.toThrow(
    `the proxy 127.0.0.1:${port} answered HTTP 407 for org.example:443`,
  );
});

it("are none without a proxy", () => {
  expect(proxyAgents({ NO_PROXY: "*", HTTPS_PROXY: "" })).toBeUndefined();
});
