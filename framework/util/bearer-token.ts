import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** A new bearer token, 192 bits. */
export function newToken(): string {
  return randomBytes(24).toString("base64url");
}

/** Whether an `Authorization` header carries the token; takes the same time whatever differs. */
export function isToken(header: string | undefined, token: string): boolean {
  const given = /^bearer (.+)$/i.exec(header ?? "")?.[1] ?? "";
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
