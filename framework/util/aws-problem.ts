/** What an error thrown by the AWS SDK is about, whichever service was asked. */
export interface AwsProblem {
  /**
   * A failure's reason. `credentials-refused`: no credentials or region, expired ones, or no permission; `unreachable`: no
   * answer, or a 5xx; undefined: for the caller to tell by `code`.
   */
  readonly reason: "credentials-refused" | "rate-limited" | "unreachable" | undefined;
  readonly retryable: boolean;
  /** The error's name in AWS's API, or the operating system's code: `AccessDeniedException`, `ECONNREFUSED`. */
  readonly code: string;
  /** Code and first line of the message. */
  readonly text: string;
  /** One line in our words. */
  readonly summary: string;
  /** What a failure says of it beside that. */
  readonly help: { readonly expected?: string; readonly next?: string };
}

type Told = Pick<AwsProblem, "reason" | "summary" | "help">;

/**
 * Tells an error of the AWS SDK apart. The SDK's own chain says only that no provider had credentials, so the profile that
 * was asked for is named beside it.
 */
export function awsProblem(error: unknown, profile = process.env["AWS_PROFILE"]): AwsProblem {
  const message = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
  const code = codeOf(error);
  const asked = profile === undefined ? "" : ` --profile ${profile}`;
  const told =
    configurationProblem(code, message, asked) ??
    permissionProblem(code, message, asked) ??
    serviceProblem(error, code);
  const retryable = told.reason === "rate-limited" || told.reason === "unreachable";
  return { ...told, retryable, code, text: `${code}: ${message}` };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  const { code } = error as NodeJS.ErrnoException;
  return error.name === "Error" && typeof code === "string" ? code : error.name;
}

const expiries = new Set(["ExpiredToken", "ExpiredTokenException"]);
const skews = new Set(["RequestExpired", "RequestTimeTooSkewed"]);

/** What is wrong on this side: region, credentials, clock. */
function configurationProblem(code: string, message: string, asked: string): Told | undefined {
  if (/^Region (is missing|not accepted)/.test(message))
    return refused("no AWS region is configured", {
      next: "set AWS_REGION, or region in the profile or the target",
    });
  const isFromChain = code === "CredentialsProviderError" || code === "TokenProviderError";
  if (expiries.has(code) || (isFromChain && /\bSSO\b|expired/i.test(message)))
    return refused("the AWS credentials have expired", {
      next: `aws sso login${asked}, or take new temporary credentials`,
    });
  if (isFromChain)
    return refused("no AWS credentials were found", {
      next:
        asked === ""
          ? "set AWS_PROFILE, or run where a role is attached; aws sts get-caller-identity says who is found"
          : `aws sts get-caller-identity${asked} (is the profile in ~/.aws/config, and its source_profile?)`,
    });
  if (skews.has(code) || (code === "InvalidSignatureException" && /expired|not yet current/i.test(message)))
    return refused("AWS refused a request as signed at the wrong time", {
      next: "set this machine's clock (NTP)",
    });
  return undefined;
}

const refusals = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "Forbidden",
  "IncompleteSignature",
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "InvalidSignatureException",
  "MissingAuthenticationTokenException",
  "NotAuthorized",
  "OptInRequired",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException",
]);

/** What AWS does not let this principal do. */
function permissionProblem(code: string, message: string, asked: string): Told | undefined {
  const isRefusal = refusals.has(code);
  const whoAsks = `aws sts get-caller-identity${asked} says who asks`;
  // "Access to KMS is not allowed", or "... is not authorized to perform: kms:Decrypt on ...".
  if (code === "DecryptionFailure" || code.startsWith("KMS") || (isRefusal && /\bkms\b/i.test(message)))
    return refused("AWS does not let us use the key that it is encrypted with", {
      expected: "an enabled key, with kms:Decrypt in the principal's policy and in the key's own",
      next: `allow it in both; ${whoAsks}`,
    });
  if (!isRefusal) return undefined;
  return message.includes("sts:AssumeRole")
    ? refused("AWS does not let us assume the role", {
        expected: "a trust policy of the role that names who asks",
        next: whoAsks,
      })
    : refused("AWS refused the request", {
        expected: "what the policy in deploy/terraform allows",
        next: whoAsks,
      });
}

function refused(summary: string, help: AwsProblem["help"]): Told {
  return { reason: "credentials-refused", summary, help };
}

const throttles = new Set([
  "RequestLimitExceeded",
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "TooManyRequestsException",
]);

/** What the service, or the way to it, has. */
function serviceProblem(error: unknown, code: string): Told {
  if (throttles.has(code)) return { reason: "rate-limited", summary: "AWS throttled the request", help: {} };
  if (!isUnreachable(error)) return { reason: undefined, summary: "AWS refused the request", help: {} };
  const next = "check the region's name, and that this network reaches AWS (DNS, NAT or a VPC endpoint)";
  return {
    reason: "unreachable",
    summary: "AWS can't be reached, or failed to answer",
    help: code === "ENOTFOUND" || code === "TimeoutError" ? { next } : {},
  };
}

/** No route, a refused connection, a timeout; or the service failed to make an answer. */
function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const status =
    "$metadata" in error ? (error.$metadata as { httpStatusCode?: number }).httpStatusCode : undefined;
  if (status !== undefined) return status >= 500;
  const facts = `${error.name} ${"code" in error ? String(error.code) : ""} ${error.message}`;
  return /E(CONN|NOTFOUND|AI_|TIMEDOUT|PIPE|HOST)|socket|timeout/i.test(facts);
}
