const refusals = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "UnrecognizedClientException",
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "InvalidSignatureException",
  "SignatureDoesNotMatch",
  "ExpiredTokenException",
  "ExpiredToken",
  "CredentialsProviderError",
  "Forbidden",
]);

const throttles = new Set([
  "ThrottlingException",
  "Throttling",
  "TooManyRequestsException",
  "RequestLimitExceeded",
  "SlowDown",
]);

/** The code of an AWS error, e.g. `AccessDeniedException`. */
export function awsErrorCode(error: unknown): string {
  return error instanceof Error ? error.name : "unknown error";
}

/** Code and the first line of what an AWS SDK threw. */
export function awsErrorText(error: unknown): string {
  const code = awsErrorCode(error);
  return error instanceof Error ? `${code}: ${error.message.split("\n")[0] ?? ""}` : code;
}

/** What kind of trouble an AWS SDK reports: no valid credentials or no permission, throttling, or anything else. */
export function awsErrorKind(error: unknown): "refused" | "throttled" | "other" {
  const code = awsErrorCode(error);
  if (refusals.has(code)) return "refused";
  return throttles.has(code) ? "throttled" : "other";
}

/** Whether no answer came: no route, a refused connection, a timeout; or the service failed to make one. */
export function isAwsUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const status =
    "$metadata" in error ? (error.$metadata as { httpStatusCode?: number }).httpStatusCode : undefined;
  return status === undefined
    ? /E(CONN|NOTFOUND|AI_|TIMEDOUT|PIPE|HOST)|socket|timeout/i.test(
        `${error.name} ${"code" in error ? String(error.code) : ""} ${error.message}`,
      )
    : status >= 500;
}
