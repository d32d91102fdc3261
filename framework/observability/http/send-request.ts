import { FailureError } from "../../event/failure.ts";
import { fetchFailureText } from "../../util/fetch-failure.ts";
import { fetchByProxy } from "../../util/proxy.ts";

/**
 * Sends a request to somebody's server, through the proxies of the environment; the answer's body is not read. A redirection is not followed: it would take what is sent, and the
 * key or the signature with it, to a place that nobody configured.
 *
 * @param address may hold a secret: only its host is ever named
 * @throws FailureError `unreachable`; the signal's reason when it aborts
 */
export async function sendRequest(
  address: URL,
  init: Omit<RequestInit, "redirect"> & { readonly signal: AbortSignal },
): Promise<Response> {
  try {
    const response = await fetchByProxy()(address, { ...init, redirect: "manual" });
    await response.body?.cancel();
    return response;
  } catch (error) {
    init.signal.throwIfAborted();
    const { host } = address;
    throw new FailureError(
      {
        reason: "unreachable",
        message: `${host} can't be reached`,
        retryable: true,
        got: fetchFailureText(error),
        where: host,
      },
      { cause: error },
    );
  }
}
