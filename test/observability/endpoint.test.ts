import { request } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type MonitoringOptions,
  serveMonitoring,
} from "../../framework/observability/http/monitoring-server.ts";

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

/** Starts an endpoint, and gives a way to ask it. */
async function endpoint(over: Partial<MonitoringOptions> = {}) {
  const errors: unknown[] = [];
  const server = await serveMonitoring({
    port: 0,
    contentType: "text/plain; version=0.0.4; charset=utf-8",
    metrics: async () => "up 1\n",
    ready: () => ({ isReady: true, problems: [] }),
    onError: (error) => errors.push(error),
    ...over,
  });
  onTestFinished(() => server.close());
  // Not fetch(): it lets nobody set the Host header.
  const ask = (path: string, headers: Readonly<Record<string, string>> = {}, method = "GET") =>
    new Promise<Answer>((done, refuse) => {
      request(new URL(path, server.url), { headers, method }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => done({ status: response.statusCode, text }));
      })
        .on("error", refuse)
        .end();
    });
  return { ...server, ask, errors };
}

describe("the monitoring endpoint", () => {
  it("listens on loopback and answers metrics, health and readiness", async () => {
    const { url, ask } = await endpoint();
    expect(new URL(url).hostname).toBe("127.0.0.1");
    expect(await ask("/metrics")).toEqual({ status: 200, text: "up 1\n" });
    expect(await ask("/healthz")).toEqual({ status: 200, text: "ok\n" });
    expect(await ask("/readyz")).toEqual({ status: 200, text: "ready\n" });
    expect(await ask("/metrics", {}, "HEAD")).toEqual({ status: 200, text: "" });
    expect((await ask("/__proto__")).status).toBe(404);
  });

  it("says what is not ready", async () => {
    const { ask } = await endpoint({
      ready: () => ({ isReady: false, problems: ["the store can't be read"] }),
    });
    expect(await ask("/readyz")).toEqual({ status: 503, text: "the store can't be read\n" });
  });

  it("changes nothing: every other method is refused", async () => {
    const { ask } = await endpoint();
    for (const method of ["POST", "PUT", "DELETE", "PATCH"])
      expect((await ask("/metrics", {}, method)).status).toBe(405);
  });

  it("refuses a web page that reaches it by a name of its own", async () => {
    const { ask } = await endpoint();
    expect((await ask("/metrics", { host: "evil.example" })).status).toBe(403);
    expect((await ask("/metrics", { host: "localhost:1" })).status).toBe(200);
  });

  it("wants the token where one is set", async () => {
    const { ask } = await endpoint({ token: "s3cret-token" });
    expect((await ask("/metrics")).status).toBe(401);
    expect((await ask("/metrics", { authorization: "Bearer s3cret-toke" })).status).toBe(401);
    expect((await ask("/metrics", { authorization: "Bearer s3cret-token" })).status).toBe(200);
    expect((await ask("/healthz")).status).toBe(200);
  });

  it("tells a client no more than that it failed, and its owner why", async () => {
    const { ask, errors } = await endpoint({ metrics: () => Promise.reject(new Error("/srv/secret/path")) });
    const { status, text } = await ask("/metrics");
    expect(status).toBe(500);
    expect(text).not.toContain("secret");
    expect(errors).toEqual([new Error("/srv/secret/path")]);
  });

  it("says which port is taken, and what to do", async () => {
    const { url } = await endpoint();
    const port = Number(new URL(url).port);
    await expect(endpoint({ port })).rejects.toMatchObject({
      failure: { reason: "port-taken", message: `the metrics can't be served on 127.0.0.1:${port}` },
    });
  });
});
