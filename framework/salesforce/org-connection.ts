import { Connection } from "jsforce/lib/connection.js";
import { HttpApi } from "jsforce/lib/http-api.js";
import { Transport } from "jsforce/lib/transport.js";
import type {
  HttpRequest as JsforceRequest,
  HttpResponse as JsforceResponse,
} from "jsforce/lib/types/index.js";
import { StreamPromise } from "jsforce/lib/util/promise.js";
import { PassThrough } from "node:stream";
// Gives connections their `bulk2`.
import "jsforce/lib/api/bulk2.js";
import type { HttpRequest, HttpResponse } from "./http-message.ts";
import type { Access } from "./sign-in.ts";

/**
 * Sends one request to the end: with the session's token, by the budget, renewed once. What went wrong it throws as
 * FailureError or QueryInterrupted, so jsforce sees no answer of 400 and above.
 */
export type Exchange = (request: HttpRequest) => Promise<HttpResponse>;

/**
 * jsforce's connection over a transport of ours. Its own repeats requests by its own rules, knows no signal, ignores
 * `NO_PROXY`, and never ends when a body breaks off (jsforce 3.10.26, lib/request.js). A connection without `refreshFn`
 * signs in no more: the session does.
 */
export class OrgConnection extends Connection {
  override readonly _transport: Transport;

  constructor(access: Access, version: string, exchange: Exchange) {
    // Standard output carries data alone, whatever JSFORCE_LOG_LEVEL says.
    const logLevel = "NONE";
    super({ instanceUrl: access.instanceUrl, accessToken: access.token, version, logLevel });
    // oxlint-disable-next-line eslint/no-underscore-dangle -- no option of jsforce takes a transport
    this._transport = new ExchangeTransport(exchange);
  }

  /** Makes the requests that follow use another session. */
  use(access: Access): void {
    this.accessToken = access.token;
    this.instanceUrl = access.instanceUrl;
  }

  /** Asks for text as it is, with its headers, which jsforce's own calls keep to themselves. `path` is below the API version. */
  async text(path: string, accept: string): Promise<Pick<HttpResponse, "headers" | "body">> {
    const api = new HttpApi(this, { responseType: "text/plain" });
    let headers: HttpResponse["headers"] = {};
    api.on("response", (response: JsforceResponse) => (headers = response.headers));
    const body = await api.request<string>({
      method: "GET",
      url: `${this.instanceUrl}/services/data/v${this.version}/${path}`,
      headers: { accept },
    });
    return { headers, body };
  }
}

class ExchangeTransport extends Transport {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    super();
    this.#exchange = exchange;
  }

  override httpRequest(request: JsforceRequest): StreamPromise<JsforceResponse> {
    const headers = new Headers(request.headers);
    // `fetch` counts by itself.
    headers.delete("content-length");
    return StreamPromise.create(() => ({
      // jsforce pipes every body through a stream, which nobody reads here.
      stream: new PassThrough(),
      promise: this.#exchange({
        method: request.method as HttpRequest["method"],
        url: request.url,
        headers: Object.fromEntries(headers.entries()),
        ...(typeof request.body === "string" ? { body: request.body } : {}),
      }),
    }));
  }
}
