import { randomBytes } from "node:crypto";

import { organizationId } from "./database.ts";
import type { SandboxDatabase } from "./database.ts";

/** `access` opens the API for two hours, `refresh` gives new ones for ever, `code` is swapped once for both. */
export type TokenKind = "access" | "refresh" | "code";

const lifetimeSeconds: Readonly<Record<TokenKind, number>> = {
  access: 7200,
  refresh: 10 * 365 * 86_400,
  code: 600,
};

/**
 * Issues a token. Its life is measured on the machine's clock (`at`, milliseconds), never on the sandbox's, so that letting
 * days pass signs nobody out.
 */
export function issueToken(db: SandboxDatabase, kind: TokenKind, at: number, redirectUri?: string): string {
  const secret = randomBytes(48).toString("base64url");
  const token = kind === "access" ? `${organizationId}!${secret}` : `5Aep${secret}`;
  db.prepare("DELETE FROM token WHERE expires_at <= ?").run(at);
  db.prepare("INSERT INTO token VALUES (?, ?, ?, ?)").run(
    token,
    kind,
    at + lifetimeSeconds[kind] * 1000,
    redirectUri ?? null,
  );
  return token;
}

/** Whether the token was issued, is of that kind and still lives. */
export function isTokenValid(db: SandboxDatabase, kind: TokenKind, token: string, at: number): boolean {
  const found = db
    .prepare("SELECT 1 FROM token WHERE token = ? AND kind = ? AND expires_at > ?")
    .get(token, kind, at);
  return found !== undefined;
}

/** Uses an authorization code up; false when it is unknown, used, expired or meant for another address. */
export function redeemCode(db: SandboxDatabase, code: string, redirectUri: string, at: number): boolean {
  const { changes } = db
    .prepare("DELETE FROM token WHERE token = ? AND kind = 'code' AND redirect_uri = ? AND expires_at > ?")
    .run(code, redirectUri, at);
  return changes === 1;
}

/** Ends a token's life; unknown ones are no error. */
export function revokeToken(db: SandboxDatabase, token: string): boolean {
  return db.prepare("DELETE FROM token WHERE token = ?").run(token).changes === 1;
}
