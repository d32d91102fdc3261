import type { FileAccess } from "../catalog/table-catalog.ts";
import type { ReadSecret } from "./authorization.ts";
import { proxyAgents } from "../../util/proxy-agents.ts";

/** Where S3 is, over what the catalog says. */
export interface S3Options {
  /** E.g. `http://127.0.0.1:9000`. @default what the catalog says, or AWS */
  readonly endpoint?: string;
  readonly region?: string;
  /** Whether buckets are the first part of the path, not of the host. */
  readonly pathStyle?: boolean;
}

type Settings = Readonly<Record<string, string>>;

/** Whether a location is an object's in S3. */
export function isS3(location: string): boolean {
  return /^s3[an]?:\/\//.test(location);
}

/**
 * Gives everybody who reads a table's files what it takes: credentials that the catalog vends for this table; or the
 * secret's `accessKeyId` and `secretAccessKey`, which win; or, if there are neither, those that the AWS SDK finds.
 */
export class S3Access {
  private readonly secret: ReadSecret | undefined;
  private readonly configured: Settings;
  /** The SDK's, remembered with their end. */
  private found: { readonly settings: Settings; readonly endMs: number } | undefined;

  constructor(secret: ReadSecret | undefined, { endpoint, region, pathStyle }: S3Options) {
    this.secret = secret;
    this.configured = {
      ...(endpoint === undefined ? {} : { "s3.endpoint": endpoint }),
      ...(region === undefined ? {} : { "s3.region": region }),
      ...(pathStyle === undefined ? {} : { "s3.path-style-access": String(pathStyle) }),
    };
  }

  /** @param offered what the catalog answered for the table at this location */
  async of(location: string, offered: FileAccess): Promise<FileAccess> {
    if (!isS3(location)) return {};
    const vended = {
      ...offered.config,
      ...offered["storage-credentials"]
        ?.filter(({ prefix }) => location.startsWith(prefix))
        .toSorted((a, b) => b.prefix.length - a.prefix.length)[0]?.config,
    };
    const own = await this.own();
    const keys = own ?? (vended["s3.access-key-id"] === undefined ? await this.ambient() : {});
    const settings: Settings = { ...vended, ...this.configured, ...keys };
    const region = settings["s3.region"] ?? settings["client.region"] ?? "us-east-1";
    return { config: { ...settings, "s3.region": region, "client.region": region } };
  }

  /** Whether the catalog shall vend credentials: when the secret holds none. */
  async wantsVended(): Promise<boolean> {
    return (await this.own()) === undefined;
  }

  private async own(): Promise<Settings | undefined> {
    const { accessKeyId, secretAccessKey, sessionToken } = (await this.secret?.({ fresh: false })) ?? {};
    if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
    return keySettings({ accessKeyId, secretAccessKey, sessionToken });
  }

  private async ambient(): Promise<Settings> {
    if (this.found !== undefined && Date.now() < this.found.endMs) return this.found.settings;
    const { S3Client } = await import("../aws-sdk/s3.ts");
    const client = new S3Client({ requestHandler: { ...proxyAgents() } });
    try {
      const { expiration, ...keys } = await client.config.credentials();
      const endMs = expiration === undefined ? Date.now() + 60_000 : expiration.getTime() - 60_000;
      this.found = { settings: keySettings(keys), endMs };
      return this.found.settings;
    } catch {
      // A public bucket needs none; to any other S3 itself says what is missing.
      return {};
    } finally {
      client.destroy();
    }
  }
}

function keySettings(keys: {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}): Settings {
  return {
    "s3.access-key-id": keys.accessKeyId,
    "s3.secret-access-key": keys.secretAccessKey,
    ...(keys.sessionToken === undefined ? {} : { "s3.session-token": keys.sessionToken }),
  };
}
