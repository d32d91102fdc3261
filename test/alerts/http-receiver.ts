import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** What a server was sent, and what it answered. */
interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly status: number;
}

/** A server on localhost that keeps what it is sent, and answers as the test says. */
export class HttpReceiver {
  readonly received: Received[] = [];
  /** Of the next answers; 200 when none is left. */
  readonly statuses: number[] = [];
  readonly #waiting = new Map<string, () => void>();
  /** Paths that are out of order. */
  readonly failing = new Set<string>();
  /** Paths that give no answer. */
  readonly silent = new Set<string>();
  url = "";

  static async start(): Promise<HttpReceiver> {
    const receiver = new HttpReceiver();
    const server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => (body += text));
      request.on("end", () => {
        const { url: path = "", headers } = request;
        const status = receiver.failing.has(path) ? 503 : (receiver.statuses.shift() ?? 200);
        receiver.received.push({ path, headers, body, status });
        receiver.#waiting.get(path)?.();
        if (!receiver.silent.has(path)) response.writeHead(status, { location: "/elsewhere" }).end("ok");
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return receiver;
  }

  /** Resolves when a path is asked. */
  next(path: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(path, resolve));
  }
}
