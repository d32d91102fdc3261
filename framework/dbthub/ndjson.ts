import { createReadStream, createWriteStream, type WriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { FailureError } from "../event/failure.ts";

/** Writes values as newline-delimited JSON, waiting for the disk. Close it: only then is the file whole and synced. */
export class NdjsonWriter {
  readonly path: string;
  rows = 0;
  readonly #stream: WriteStream;
  #error: Error | undefined;

  constructor(path: string) {
    this.path = path;
    this.#stream = createWriteStream(path, { mode: 0o600 });
    this.#stream.on("error", (error) => (this.#error = error));
  }

  async write(values: Iterable<unknown>): Promise<void> {
    let text = "";
    for (const value of values) {
      text += `${JSON.stringify(value)}\n`;
      this.rows += 1;
    }
    if (text === "") return;
    if (this.#error !== undefined) throw asFailure(this.#error, this.path);
    if (!this.#stream.write(text)) {
      try {
        await once(this.#stream, "drain");
      } catch (error) {
        throw asFailure(error as Error, this.path);
      }
    }
  }

  async close(): Promise<void> {
    this.#stream.end();
    try {
      await finished(this.#stream);
      const file = await open(this.path, "r");
      await file.sync();
      await file.close();
    } catch (error) {
      throw asFailure(error as Error, this.path);
    }
  }
}

/** Reads newline-delimited JSON. */
export async function* readNdjson<T>(path: string): AsyncGenerator<T> {
  const lines = createInterface({
    input: createReadStream(path, "utf8"),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  for await (const line of lines) if (line !== "") yield JSON.parse(line) as T;
}

function asFailure(error: Error, path: string): Error {
  if ((error as NodeJS.ErrnoException).code !== "ENOSPC") return error;
  return new FailureError(
    {
      reason: "disk-full",
      message: "the disk is full",
      retryable: false,
      where: path,
      next: "free space and run again",
    },
    { cause: error },
  );
}
