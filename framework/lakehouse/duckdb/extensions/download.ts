import { fetchFailureText } from "../../../util/fetch-failure.ts";
import { type Fetch, fetchByProxy } from "../../../util/proxy.ts";

/** How long a server may be silent. */
const answerMs = 5_000;
const pauseMs = 30_000;

/** Gets what an address holds, with how much of it has come. */
export type Download = (
  url: string,
  onBytes?: (done: number, total: number | undefined) => void,
) => Promise<Uint8Array>;

/**
 * Downloads through the proxies of the environment. A user and password in the address are sent as such and never named.
 *
 * @throws Error with the address, when nothing comes for 5 seconds, or no more for 30, or the answer is not 200
 */
export function downloader(environment: NodeJS.ProcessEnv, signal: AbortSignal | undefined): Download {
  const send = fetchByProxy(environment);
  return async (url, onBytes = () => {}) => {
    const { address, headers } = withoutCredentials(url);
    const silence = new AbortController();
    const end = () => silence.abort(new Error("no answer in time"));
    let timer = setTimeout(end, answerMs);
    const signals = signal === undefined ? [silence.signal] : [silence.signal, signal];
    try {
      const response = await answerOf(send, address, { headers, signal: AbortSignal.any(signals) });
      const length = Number(response.headers.get("content-length") ?? Number.NaN);
      const chunks: Uint8Array[] = [];
      let done = 0;
      for await (const chunk of response.body ?? []) {
        clearTimeout(timer);
        timer = setTimeout(end, pauseMs);
        chunks.push(chunk as Uint8Array);
        done += (chunk as Uint8Array).length;
        onBytes(done, Number.isNaN(length) ? undefined : length);
      }
      return Buffer.concat(chunks);
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw new Error(`${address}: ${fetchFailureText(error)}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  };
}

async function answerOf(send: Fetch, address: string, init: RequestInit): Promise<Response> {
  const response = await send(address, init);
  if (response.status === 200) return response;
  await response.body?.cancel();
  throw new Error(`HTTP ${response.status}`);
}

function withoutCredentials(url: string): {
  readonly address: string;
  readonly headers: Record<string, string>;
} {
  const address = new URL(url);
  const { username, password } = address;
  address.username = "";
  address.password = "";
  if (username === "" && password === "") return { address: address.href, headers: {} };
  const words = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    address: address.href,
    headers: { authorization: `Basic ${Buffer.from(words).toString("base64")}` },
  };
}
