import { createPrivateKey, type KeyObject } from "node:crypto";
import { SignJWT } from "jose";
import { fail } from "../event/failure.ts";

/** Salesforce wants `exp` within 5 minutes of its own clock: 3 leave 2 for a clock that is ahead. */
const lifetimeSeconds = 180;

/**
 * Signs the assertion of the OAuth 2.0 JWT bearer flow (RS256).
 *
 * @see https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm
 * @throws FailureError `missing-secret` when the key is none
 */
export async function signAssertion(options: {
  readonly clientId: string;
  readonly username: string;
  readonly audience: string;
  /** PEM; `\n` written as two characters is accepted, since environment variables often hold it so. */
  readonly privateKey: string;
  readonly now: Date;
}): Promise<string> {
  const issuedAt = Math.floor(options.now.getTime() / 1000);
  return new SignJWT()
    .setProtectedHeader({ alg: "RS256" })
    .setIssuer(options.clientId)
    .setSubject(options.username)
    .setAudience(options.audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + lifetimeSeconds)
    .sign(readKey(options.privateKey));
}

function readKey(pem: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(pem.replaceAll("\\n", "\n"));
  } catch {
    // The error may quote the key: dropped.
  }
  if (key?.asymmetricKeyType === "rsa") return key;
  return fail({
    reason: "missing-secret",
    message: "the secret's privateKey can't be used to sign in",
    retryable: false,
    expected: "an RSA private key in PEM form, not encrypted",
    got:
      key === undefined ? "text that is no such key" : `a key of type ${key.asymmetricKeyType ?? "unknown"}`,
    next: "put the whole PEM file into the secret, line ends written as \\n (docs/salesforce.md)",
  });
}

/** How far this machine's clock is from the server's, in words; undefined when it is near enough to sign in. */
export function clockSkew(now: Date, serverTime: Date | undefined): string | undefined {
  if (serverTime === undefined) return undefined;
  const seconds = Math.round((now.getTime() - serverTime.getTime()) / 1000);
  // Ahead, `exp` leaves the server's 5 minutes after 2; behind, it has passed after 3.
  if (seconds <= 120 && seconds >= -lifetimeSeconds) return undefined;
  const size = Math.abs(seconds);
  const text =
    size < 120 ? `${size} s` : size < 7200 ? `${Math.round(size / 60)} min` : `${Math.round(size / 3600)} h`;
  return `this machine's clock is ${text} ${seconds > 0 ? "ahead of" : "behind"} the server's`;
}
