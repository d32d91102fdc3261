import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { onTestFinished } from "vitest";
import type { OpenLineageEvent } from "../../../framework/observability/openlineage/event.ts";

/** How a request is answered: a status, with `Retry-After` seconds; `hang` never answers. */
export type Answer = number | "hang" | readonly [status: number, retryAfter: string];

/** A server that takes events of OpenLineage, or does not, as the test says. */
export async function lineageServer(answer: (event: OpenLineageEvent) => Answer = () => 201) {
  const asked: {
    readonly event: OpenLineageEvent;
    readonly key: string | undefined;
    readonly path: string;
  }[] = [];
  const taken: OpenLineageEvent[] = [];
  const state = { answer };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const text = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
      const event = JSON.parse(text.toString()) as OpenLineageEvent;
      asked.push({ event, key: request.headers.authorization, path: request.url ?? "" });
      const given = state.answer(event);
      if (given === "hang") return;
      const [status, retryAfter] = typeof given === "number" ? [given] : given;
      if (status < 300) taken.push(event);
      response.writeHead(status, retryAfter === undefined ? {} : { "retry-after": retryAfter }).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    taken,
    /** Answers so from now on. */
    answer: (next: (event: OpenLineageEvent) => Answer) => void (state.answer = next),
  };
}

/** Each event once, in the order in which they came first. */
export function withoutRepeats(events: readonly OpenLineageEvent[]): readonly OpenLineageEvent[] {
  const byText = new Map(events.map((event) => [JSON.stringify(event), event]));
  return [...byText.values()];
}
