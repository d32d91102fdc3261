import type { Fault } from "./athena/faults.ts";
import { startGateway } from "./athena/gateway.ts";
import { type AwsEnvironment, awsEnvironment } from "./environment.ts";
import { startMoto } from "./moto.ts";
import { startTrino } from "./trino.ts";

/**
 * Athena, Glue, S3, Secrets Manager and STS on localhost. Tables are real: Iceberg metadata and Parquet files that
 * Trino writes into moto's S3, registered in moto's Glue. State is in memory and ends with it.
 */
export interface AthenaStack {
  /** Of the Athena API. */
  readonly url: string;
  readonly env: AwsEnvironment;
  close(): Promise<void>;
}

/** Starts all of it; installs it at first. Needs a JDK and Maven beside Python. */
export async function startAthenaStack(): Promise<AthenaStack> {
  const closing: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of closing.splice(0).toReversed()) await end();
  };
  try {
    const moto = await startMoto();
    closing.push(moto.close);
    const trino = await startTrino(moto.url);
    closing.push(trino.close);
    const gateway = await startGateway({ trino: trino.url, aws: moto.url });
    closing.push(gateway.close);
    return { url: gateway.url, env: awsEnvironment({ moto: moto.url, athena: gateway.url }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A query as the gateway saw it. */
export interface SeenExecution {
  readonly id: string;
  readonly query: string;
  readonly workGroup: string;
  readonly state: string;
  readonly reason?: string;
  readonly trinoStatements: readonly string[];
  readonly scannedBytes: number;
  /** Milliseconds since 1970; of a query that has not ended there is no second one. */
  readonly submittedAt: number;
  readonly completedAt?: number;
}

/** What tests do to the gateway from whatever process they run in. */
export class AthenaControl {
  readonly #url: string;

  /** @param url of the Athena API; by default that of the environment */
  constructor(url = process.env["AWS_ENDPOINT_URL_ATHENA"] ?? "") {
    this.#url = url;
  }

  async addFaults(...faults: readonly Fault[]): Promise<void> {
    await this.#request("POST", "faults", JSON.stringify(faults));
  }

  async clearFaults(): Promise<void> {
    await this.#request("DELETE", "faults");
  }

  /** All queries so far, oldest first. */
  async executions(): Promise<readonly SeenExecution[]> {
    return (await this.#request("GET", "executions")) as readonly SeenExecution[];
  }

  async #request(method: string, path: string, body?: string): Promise<unknown> {
    const response = await fetch(`${this.#url}/control/${path}`, {
      method,
      ...(body === undefined ? {} : { body }),
    });
    if (!response.ok) throw new Error(`the gateway answered ${response.status}: ${await response.text()}`);
    return response.json();
  }
}
