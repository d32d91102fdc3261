import { createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import type { KeyObject } from "node:crypto";

import { readSetting, writeSetting } from "./database.ts";
import { defaultSandboxPort } from "./default-port.ts";
import type { SandboxDatabase } from "./database.ts";
import { isRunning } from "../util/process-start.ts";

/** What a client needs to sign in, by whichever grant. */
export interface SandboxCredentials {
  /** Where the org is served now; where it would be by default when it is not. */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly username: string;
  readonly password: string;
  /** Goes behind the password, as Salesforce wants it from unknown addresses. */
  readonly securityToken: string;
  /** PKCS#8 PEM, RSA 2048: signs the JWT bearer assertion. */
  readonly privateKey: string;
}

/** Made once per sandbox file and the same ever after. */
export function readCredentials(db: SandboxDatabase): SandboxCredentials {
  const stored = readSetting(db, "credentials");
  const secrets = typeof stored === "string" ? stored : makeSecrets(db);
  return { url: servedUrl(db), ...(JSON.parse(secrets) as Omit<SandboxCredentials, "url">) };
}

/** The other half of the private key. */
export function publicKeyOf(credentials: SandboxCredentials): KeyObject {
  return createPublicKey(credentials.privateKey);
}

function makeSecrets(db: SandboxDatabase): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const made = JSON.stringify({
    clientId: `3MVG9${randomBytes(40).toString("base64url")}`,
    clientSecret: randomBytes(32).toString("hex").toUpperCase(),
    username: "integration@moraine.example",
    password: randomBytes(12).toString("base64url"),
    securityToken: randomBytes(18).toString("base64url"),
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }),
  });
  // Two processes may get here at once: the first to write decides for both.
  return db
    .transaction(() => {
      const first = readSetting(db, "credentials");
      if (typeof first === "string") return first;
      writeSetting(db, "credentials", made);
      return made;
    })
    .immediate();
}

/** Notes that this process serves the org at that address, and forgets servers that were killed. */
export function announceServer(db: SandboxDatabase, url: string, at: number): void {
  for (const server of readServers(db)) if (!isRunning(server.processId)) forgetServer(db, server);
  db.prepare("INSERT OR REPLACE INTO server VALUES (?, ?, ?)").run(url, process.pid, at);
}

/** Takes the note back. */
export function withdrawServer(db: SandboxDatabase, url: string): void {
  forgetServer(db, { url, processId: process.pid });
}

interface KnownServer {
  readonly url: string;
  readonly processId: number;
}

function readServers(db: SandboxDatabase): readonly KnownServer[] {
  return db
    .prepare<[], KnownServer>(
      "SELECT url, process_id AS processId FROM server ORDER BY started_at DESC, rowid DESC",
    )
    .all();
}

function forgetServer(db: SandboxDatabase, { url, processId }: KnownServer): void {
  db.prepare("DELETE FROM server WHERE url = ? AND process_id = ?").run(url, processId);
}

function servedUrl(db: SandboxDatabase): string {
  const living = readServers(db).find((server) => isRunning(server.processId));
  return living?.url ?? `http://127.0.0.1:${defaultSandboxPort}`;
}
