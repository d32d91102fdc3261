import { fail } from "../event/failure.ts";
import type { Secret } from "../secrets/secret-provider.ts";
import { nearest } from "../util/nearest.ts";

/** Ways to sign in. `soap` ends with Summer '27 and is taken only when a secret's `auth` or the YAML asks for it. */
export const grants = ["jwt-bearer", "client-credentials", "refresh-token", "password", "soap"] as const;

/** One of {@link grants}. */
export type Grant = (typeof grants)[number];

/** Fields of the secret that each grant needs. */
const needs: Readonly<Record<Grant, readonly string[]>> = {
  "jwt-bearer": ["clientId", "username", "privateKey"],
  "client-credentials": ["clientId", "clientSecret"],
  "refresh-token": ["clientId", "refreshToken"],
  password: ["clientId", "clientSecret", "username", "password"],
  soap: ["username", "password"],
};

/** Automatic choice, first that fits; what only one grant uses says most about what is meant. */
const preference: readonly Grant[] = ["jwt-bearer", "refresh-token", "password", "client-credentials"];

/** Where and how to sign in. */
export interface SignIn {
  readonly grant: Grant;
  /** Origin, no trailing slash. */
  readonly loginUrl: string;
  /** `aud` of the JWT: the secret's `audience`, else the login URL. */
  readonly audience: string;
}

/**
 * Chooses the grant from the fields that the secret has; `asked` (from the YAML), else the secret's `auth`, overrides.
 *
 * @throws FailureError `missing-secret` naming the fields that are missing; no values
 */
export function chooseSignIn(
  secret: Secret,
  options: { readonly name: string; readonly asked?: Grant | undefined },
): SignIn {
  const has = (field: string) => (secret[field] ?? "") !== "";
  const asked = options.asked ?? secret["auth"];
  if (asked !== undefined && !isGrant(asked)) {
    const [near] = nearest(asked, grants);
    return incomplete(
      options.name,
      `one of ${grants.join(", ")} as auth`,
      near === undefined ? asked : `${asked} (${near}?)`,
    );
  }
  const grant = asked ?? preference.find((candidate) => needs[candidate].every(has));
  const present = Object.keys(secret).filter(has).sort();
  if (grant === undefined) {
    return incomplete(
      options.name,
      "clientId, username and privateKey (JWT bearer), or clientId and clientSecret",
      present.join(", "),
    );
  }
  const missing = needs[grant].filter((field) => !has(field));
  if (missing.length > 0)
    return incomplete(options.name, `${needs[grant].join(", ")} for ${grant}`, present.join(", "));
  return { grant, ...readUrls(secret, options.name) };
}

function readUrls(secret: Secret, name: string): Pick<SignIn, "loginUrl" | "audience"> {
  const text = secret["url"] ?? secret["loginUrl"] ?? "https://login.salesforce.com";
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return incomplete(
      name,
      "a URL like https://login.salesforce.com in url or loginUrl",
      JSON.stringify(text),
    );
  }
  const isLoopback = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url.protocol !== "https:" && !isLoopback)
    return incomplete(name, "an https URL in url or loginUrl", url.protocol);
  return { loginUrl: url.origin, audience: secret["audience"] ?? url.origin };
}

function isGrant(text: string): text is Grant {
  return grants.some((grant) => grant === text);
}

function incomplete(name: string, expected: string, got: string): never {
  return fail({
    reason: "missing-secret",
    message: `secret ${name} does not say how to sign in to Salesforce`,
    retryable: false,
    expected,
    got: got === "" ? "no fields" : got,
    next: "see docs/salesforce.md for the fields of each way to sign in",
  });
}
