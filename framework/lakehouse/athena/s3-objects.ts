import { createReadStream } from "node:fs";
import type { AwsClients } from "./aws-clients.ts";
import { abortOptions } from "./query-runner.ts";
import { parseS3Uri } from "./s3-uri.ts";

/** An object below a prefix. */
export interface S3Object {
  readonly uri: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
}

/** Objects of one request to delete. */
const deletedAtOnce = 1000;
/** A part of an upload; with 10,000 parts at most, files of up to 160 GB. */
const partBytes = 16 * 1024 * 1024;

/** Objects in S3, by URI. Methods throw what the AWS SDK throws. */
export class S3Objects {
  readonly #clients: AwsClients;

  constructor(clients: AwsClients) {
    this.#clients = clients;
  }

  async readText(uri: string): Promise<string> {
    const { GetObjectCommand } = await import("@aws-sdk/client-s3");
    const { bucket, key } = parseS3Uri(uri);
    const { Body } = await (
      await this.#clients.s3()
    ).send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    if (Body === undefined) throw new Error(`Internal error: expected ${uri} to have content, got none`);
    return Body.transformToString("utf8");
  }

  async writeText(uri: string, text: string): Promise<void> {
    const { PutObjectCommand } = await import("@aws-sdk/client-s3");
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
    const { Upload } = await import("@aws-sdk/lib-storage");
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
    const { ListObjectsV2Command } = await import("@aws-sdk/client-s3");
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
    const { HeadObjectCommand } = await import("@aws-sdk/client-s3");
    const { bucket, key } = parseS3Uri(uri);
    try {
      await (await this.#clients.s3()).send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      return true;
    } catch (error) {
      if (error instanceof Error && (error.name === "NotFound" || error.name === "NoSuchKey")) return false;
      throw error;
    }
  }

  /** Deletes all objects below a prefix. @returns how many */
  async deleteBelow(prefix: string): Promise<number> {
    const uris: string[] = [];
    for await (const { uri } of this.list(prefix)) uris.push(uri);
    await this.delete(uris);
    return uris.length;
  }

  /** @throws Error when S3 says of one that it was not deleted */
  async delete(uris: readonly string[]): Promise<void> {
    const { DeleteObjectsCommand } = await import("@aws-sdk/client-s3");
    const s3 = await this.#clients.s3();
    for (let from = 0; from < uris.length; from += deletedAtOnce) {
      const batch = uris.slice(from, from + deletedAtOnce).map(parseS3Uri);
      const [first] = batch;
      if (first === undefined) return;
      const Objects = batch.map(({ key }) => ({ Key: key }));
      const { Errors = [] } = await s3.send(
        new DeleteObjectsCommand({ Bucket: first.bucket, Delete: { Objects, Quiet: true } }),
      );
      const [error] = Errors;
      if (error !== undefined)
        throw Object.assign(new Error(`${error.Key ?? ""}: ${error.Message ?? ""}`), {
          name: error.Code ?? "Error",
        });
    }
  }
}
