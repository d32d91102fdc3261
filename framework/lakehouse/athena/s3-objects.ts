import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { deleteObjects } from "../delete-objects.ts";
import type { AwsClients } from "./aws-clients.ts";
import { abortOptions } from "./query-runner.ts";
import { parseS3Uri } from "./s3-uri.ts";

/** An object below a prefix. */
export interface S3Object {
  readonly uri: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
}

/** A part of an upload; with 10,000 parts at most, files of up to 160 GB. */
const partBytes = 16 * 1024 * 1024;

/** Objects in S3, by URI. Methods throw what the AWS SDK throws. */
export class S3Objects {
  readonly #clients: AwsClients;

  constructor(clients: AwsClients) {
    this.#clients = clients;
  }

  async readText(uri: string): Promise<string> {
    const { GetObjectCommand } = await import("../aws-sdk/s3.ts");
    const { bucket, key } = parseS3Uri(uri);
    const { Body } = await (
      await this.#clients.s3()
    ).send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    if (Body === undefined) throw new Error(`Internal error: expected ${uri} to have content, got none`);
    return Body.transformToString("utf8");
  }

  /** An object's text, as it arrives. */
  async *streamText(uri: string, signal: AbortSignal | undefined): AsyncGenerator<string> {
    const { GetObjectCommand } = await import("../aws-sdk/s3.ts");
    const { bucket, key } = parseS3Uri(uri);
    const command = new GetObjectCommand({ Bucket: bucket, Key: key });
    const { Body } = await (await this.#clients.s3()).send(command, abortOptions(signal));
    if (!(Body instanceof Readable)) throw new Error(`Internal error: expected ${uri} as a stream of Node`);
    yield* Body.setEncoding("utf8") as AsyncIterable<string>;
  }

  async writeText(uri: string, text: string): Promise<void> {
    const { PutObjectCommand } = await import("../aws-sdk/s3.ts");
    const { bucket, key } = parseS3Uri(uri);
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: text,
      ContentType: "application/json",
    });
    await (await this.#clients.s3()).send(command);
  }

  /** Uploads a file, a large one in parts; parts of an upload that ends early are taken back. */
  async upload(path: string, uri: string, signal: AbortSignal | undefined): Promise<void> {
    const { Upload } = await import("../aws-sdk/lib-storage.ts");
    const { bucket, key } = parseS3Uri(uri);
    const upload = new Upload({
      client: await this.#clients.s3(),
      params: { Bucket: bucket, Key: key, Body: createReadStream(path) },
      partSize: partBytes,
      queueSize: 4,
    });
    const abort = () => void upload.abort();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      await upload.done();
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** All objects whose URI begins with `prefix`. */
  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<S3Object> {
    const { ListObjectsV2Command } = await import("../aws-sdk/s3.ts");
    const s3 = await this.#clients.s3();
    const { bucket, key } = parseS3Uri(prefix);
    let token: string | undefined;
    do {
      const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: key, ContinuationToken: token });
      const page = await s3.send(command, abortOptions(signal));
      for (const { Key, Size = 0, LastModified } of page.Contents ?? [])
        yield { uri: `s3://${bucket}/${Key ?? ""}`, bytes: Size, modifiedAt: LastModified ?? new Date(0) };
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  async exists(uri: string): Promise<boolean> {
    const { HeadObjectCommand } = await import("../aws-sdk/s3.ts");
    const { bucket, key } = parseS3Uri(uri);
    try {
      await (await this.#clients.s3()).send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      return true;
    } catch (error) {
      if (error instanceof Error && (error.name === "NotFound" || error.name === "NoSuchKey")) return false;
      throw error;
    }
  }

  /** Deletes all objects below a prefix. @throws Error when S3 says of one that it was not deleted */
  async deleteBelow(prefix: string): Promise<void> {
    const keys: string[] = [];
    for await (const { uri } of this.list(prefix)) keys.push(parseS3Uri(uri).key);
    await this.#delete(parseS3Uri(prefix).bucket, keys);
  }

  /** @throws Error when S3 says that it was not deleted */
  async delete(uri: string): Promise<void> {
    const { bucket, key } = parseS3Uri(uri);
    await this.#delete(bucket, [key]);
  }

  async #delete(bucket: string, keys: readonly string[]): Promise<void> {
    const error = await deleteObjects(await this.#clients.s3(), bucket, keys);
    if (error === undefined) return;
    const message = `${error.Key ?? ""}: ${error.Message ?? ""}`;
    throw Object.assign(new Error(message), { name: error.Code ?? "Error" });
  }
}
