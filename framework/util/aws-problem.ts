/**
 * What an error thrown by the AWS SDK is about, whichever service was asked. `signing-clock`: this machine's clock is off;
 * `role`: a role may not be assumed; `key`: the KMS key of what was asked for may not be used; `other`: for the caller to tell.
 */
export type AwsProblemKind =
  | "no-credentials"
  | "no-region"
  | "expired"
  | "role"
  | "key"
  | "refused"
  | "signing-clock"
  | "throttled"
  | "no-such-host"
  | "other";

/** An error of the AWS SDK, told apart. */
export interface AwsProblem {
  readonly kind: AwsProblemKind;
  /** The error's name in AWS's API, or the operating system's code: `AccessDeniedException`, `ECONNREFUSED`. */
  readonly code: string;
  /** Code and first line of the message. */
  readonly text: string;
  /** The command or action that helps; absent when that depends on what was asked for. */
  readonly next?: string;
}

const refusals = new Set([
  "AccessDenied",
  "AccessDeniedException",
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

const expiries = new Set(["ExpiredToken", "ExpiredTokenException"]);
const skews = new Set(["RequestExpired", "RequestTimeTooSkewed"]);
const throttles = new Set([
  "RequestLimitExceeded",
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "TooManyRequestsException",
]);

/**
 * Tells an error of the AWS SDK apart. The SDK's own chain says only that no provider had credentials, so the profile that
 * was asked for is named beside it.
 */
export function awsProblem(error: unknown, profile = process.env["AWS_PROFILE"]): AwsProblem {
  const message = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
  const code = codeOf(error);
  const kind = kindOf(code, message);
  const next = nextStep(kind, profile);
  return { kind, code, text: `${code}: ${message}`, ...(next === undefined ? {} : { next }) };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  const { code } = error as NodeJS.ErrnoException;
  return error.name === "Error" && typeof code === "string" ? code : error.name;
}

function kindOf(code: string, message: string): AwsProblemKind {
  if (code === "CredentialsProviderError" || code === "TokenProviderError")
    return /\bSSO\b|aws sso login|expired/i.test(message) ? "expired" : "no-credentials";
  if (/^Region (is missing|not accepted)/.test(message)) return "no-region";
  if (expiries.has(code)) return "expired";
  if (skews.has(code) || (code === "InvalidSignatureException" && /expired|not yet current/i.test(message)))
    return "signing-clock";
  if (code === "DecryptionFailure" || code.startsWith("KMS")) return "key";
  if (refusals.has(code)) {
    if (message.includes("sts:AssumeRole")) return "role";
    // "Access to KMS is not allowed", or "... is not authorized to perform: kms:Decrypt on ...".
    return /\bkms\b/i.test(message) ? "key" : "refused";
  }
  if (throttles.has(code)) return "throttled";
  return code === "ENOTFOUND" ? "no-such-host" : "other";
}

function nextStep(kind: AwsProblemKind, profile: string | undefined): string | undefined {
  const asked = profile === undefined ? "" : ` --profile ${profile}`;
  switch (kind) {
    case "no-credentials":
      return profile === undefined
        ? "set AWS_PROFILE, or run where a role is attached; aws sts get-caller-identity says who is found"
        : `aws sts get-caller-identity${asked} (AWS_PROFILE; is it in ~/.aws/config, and its source_profile?)`;
    case "no-region":
      return "set AWS_REGION, or region in the profile or the target";
    case "expired":
      return `aws sso login${asked}, or take new temporary credentials`;
    case "role":
      return `let the role's trust policy name this principal: aws sts get-caller-identity${asked}`;
    case "signing-clock":
      return "set this machine's clock (NTP)";
    case "no-such-host":
      return "check the region's name, and that this network reaches AWS (DNS, NAT or a VPC endpoint)";
    case "refused":
      return `aws sts get-caller-identity${asked}`;
    case "key":
    case "throttled":
    case "other":
    default:
      return undefined;
  }
}
