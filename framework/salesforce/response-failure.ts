import { type Failure, FailureError } from "../event/failure.ts";
import { retryAfterMs } from "../util/retry-after.ts";
import type { HttpResponse } from "./http-message.ts";
import { QueryInterrupted } from "./query-interrupted.ts";

/** A failure that an answer's status and error code mean. */
export class ResponseFailure extends FailureError {
  readonly statusCode: number;

  constructor(statusCode: number, failure: Failure) {
    super(failure);
    this.name = "ResponseFailure";
    this.statusCode = statusCode;
  }
}

/**
 * What an answer of 400 and above means. Error codes decide before the status, since Salesforce gives one status to
 * things as different as a full concurrency slot and a used-up day.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
 */
export function responseError(response: HttpResponse, where: string): ResponseFailure | QueryInterrupted {
  const { code, message } = readErrorBody(response.body);
  const got = `HTTP ${response.statusCode}${code === undefined ? "" : ` ${code}`}${message === "" ? "" : `: ${message}`}`;
  if (code === "INVALID_QUERY_LOCATOR" || code === "INVALIDLOCATOR") {
    return new QueryInterrupted("locator-expired", got);
  }
  if (code === "QUERY_TIMEOUT") return new QueryInterrupted("query-timeout", got);
  const delay = retryAfterMs(response.headers["retry-after"], new Date());
  return new ResponseFailure(response.statusCode, {
    ...classify(response.statusCode, code, message),
    got,
    where,
    ...(delay === undefined ? {} : { retryAfterMs: delay }),
  });
}

/** What an answer that leads to another address means; that address is named without its path. */
export function redirectionError(response: HttpResponse, where: string): FailureError {
  const location = response.headers["location"] ?? "";
  const target = URL.canParse(location, where) ? new URL(location, where).origin : "nowhere";
  return new FailureError({
    reason: "bad-response",
    message: "Salesforce leads to another address, which is not followed",
    retryable: false,
    got: `HTTP ${response.statusCode} to ${target}`,
    where,
    next: "set url in the secret to the org's My Domain, https://NAME.my.salesforce.com",
  });
}

function classify(
  status: number,
  code: string | undefined,
  message: string,
): Pick<Failure, "reason" | "message" | "retryable" | "next"> {
  if (code === "REQUEST_LIMIT_EXCEEDED" && !/concurrent/i.test(message)) {
    return {
      reason: "budget-exhausted",
      message: "Salesforce's API calls of the last 24 hours are used up",
      retryable: false,
      next: "wait until calls older than 24 hours fall out of the count, or have the limit raised",
    };
  }
  if (status === 400 && code === "LIMIT_EXCEEDED") {
    return {
      reason: "budget-exhausted",
      message: "Salesforce's Bulk API jobs of the last 24 hours are used up",
      retryable: false,
      next: "run again when the day's jobs are counted anew",
    };
  }
  if (code === "REQUEST_LIMIT_EXCEEDED" || status === 429 || status === 420 || status === 503) {
    return {
      reason: "rate-limited",
      message: "Salesforce asks to come back later",
      retryable: true,
      next: "run the same command again later; nothing was written",
    };
  }
  if (status >= 500)
    return {
      reason: "unreachable",
      message: "Salesforce failed to answer",
      retryable: true,
      next: "run the same command again later; nothing was written",
    };
  if (status === 401 || status === 403) {
    return {
      reason: "credentials-refused",
      message: "Salesforce refused the request",
      retryable: false,
      next: "give the integration user API Enabled and View All Users, and check the IP ranges of its profile",
    };
  }
  if (code === "INVALID_FIELD" || code === "INVALID_TYPE") {
    return {
      reason: "access-contract",
      message: "a declared field can't be read",
      retryable: false,
      next: "give the integration user read access to the field, or take it out of dbthub.yml",
    };
  }
  if (status === 404) {
    return {
      reason: "access-contract",
      message: "the object is not there, or not for this user",
      retryable: false,
      next: "check the object's API name in dbthub.yml and the integration user's permissions on it",
    };
  }
  return { reason: "query-failed", message: "Salesforce refused the query", retryable: false };
}

function readErrorBody(body: string): { readonly code: string | undefined; readonly message: string } {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // An error page of something in between: its status has to do.
    return { code: undefined, message: body.slice(0, 200).replaceAll(/\s+/g, " ").trim() };
  }
  const first: unknown = Array.isArray(value) ? value[0] : value;
  const fields = typeof first === "object" && first !== null ? (first as Record<string, unknown>) : {};
  return {
    code: typeof fields["errorCode"] === "string" ? fields["errorCode"] : undefined,
    message: typeof fields["message"] === "string" ? fields["message"].replaceAll(/\s+/g, " ").trim() : "",
  };
}

const connectCodes = new Set([
  "ECONNREFUSED",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Whether no connection came about, so that nothing of the request can have reached the server. */
export function wasNeverSent(failure: Failure): boolean {
  return failure.reason === "unreachable" && connectCodes.has(failure.got ?? "");
}

const tlsCodes = /^(CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_VERIFY)/;

/** What it means that no answer, or only part of one, came. `isAnswered`: its headers had come. */
export function networkError(
  error: unknown,
  at: { readonly where: string; readonly isAnswered: boolean; readonly timeoutMs: number },
): FailureError {
  const options = { cause: error };
  if (error instanceof Error && error.name === "TimeoutError") {
    return new FailureError(
      {
        reason: "timeout",
        message: `Salesforce did not answer within ${at.timeoutMs} ms`,
        retryable: true,
        where: at.where,
        next: "raise connection.request_timeout in dbthub.yml",
      },
      options,
    );
  }
  const cause = error instanceof Error ? ((error.cause ?? error) as NodeJS.ErrnoException) : undefined;
  const got = cause?.code ?? cause?.message ?? String(error);
  if (at.isAnswered) {
    return new FailureError(
      {
        reason: "bad-response",
        message: "Salesforce's answer broke off",
        retryable: true,
        got,
        where: at.where,
      },
      options,
    );
  }
  return new FailureError(
    {
      reason: "unreachable",
      message: "Salesforce can't be reached",
      retryable: !tlsCodes.test(got),
      got,
      where: at.where,
      next: "check the login URL in the secret, this machine's network and its proxy (HTTPS_PROXY)",
    },
    options,
  );
}
