import type { AthenaClient } from "@aws-sdk/client-athena";
import type { GlueClient } from "@aws-sdk/client-glue";
import type { S3Client } from "@aws-sdk/client-s3";
import { proxyAgents } from "../../util/proxy-agents.ts";

/** Where AWS is; what is left out the SDK finds in environment, profile, container or instance. */
export interface AwsOptions {
  readonly region?: string | undefined;
  /** Of `~/.aws/config`; may assume a role. */
  readonly profile?: string | undefined;
}

/** Tries of one request: throttling and network faults are waited for with jitter, in all about half a minute. */
const maxAttempts = 8;

/** The clients of the services behind Athena, each made when it is first needed. */
export class AwsClients {
  readonly #options: AwsOptions;
  #athena: Promise<AthenaClient> | undefined;
  #glue: Promise<GlueClient> | undefined;
  #s3: Promise<S3Client> | undefined;

  constructor(options: AwsOptions) {
    this.#options = options;
  }

  /** That the target names. */
  get profile(): string | undefined {
    return this.#options.profile;
  }

  athena(): Promise<AthenaClient> {
    this.#athena ??= import("../aws-sdk/athena.ts").then((sdk) => new sdk.AthenaClient(this.#config()));
    return this.#athena;
  }

  glue(): Promise<GlueClient> {
    this.#glue ??= import("../aws-sdk/glue.ts").then((sdk) => new sdk.GlueClient(this.#config()));
    return this.#glue;
  }

  s3(): Promise<S3Client> {
    // A server that stands in for S3 has seldom a name for each bucket.
    const forcePathStyle =
      (process.env["AWS_ENDPOINT_URL_S3"] ?? process.env["AWS_ENDPOINT_URL"]) !== undefined;
    this.#s3 ??= import("../aws-sdk/s3.ts").then(
      (sdk) => new sdk.S3Client({ ...this.#config(), ...(forcePathStyle ? { forcePathStyle } : {}) }),
    );
    return this.#s3;
  }

  /** The region that requests go to. @throws when none is configured */
  async region(): Promise<string> {
    return (await this.athena()).config.region();
  }

  async close(): Promise<void> {
    for (const client of [this.#athena, this.#glue, this.#s3])
      (await client?.catch(() => undefined))?.destroy();
  }

  #config() {
    const { region, profile } = this.#options;
    return {
      maxAttempts,
      retryMode: "standard",
      requestHandler: { ...proxyAgents() },
      ...(region === undefined ? {} : { region }),
      ...(profile === undefined ? {} : { profile }),
    };
  }
}
