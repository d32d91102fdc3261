import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import type { Transport } from "./transport.ts";

/**
 * Appends each event to a file, a line each; the file is made with its folder. A line that a killed process left unfinished is
 * ended first, so that what follows can be read.
 */
export function fileTransport(path: string): Transport {
  return {
    async send(event) {
      try {
        await append(path, event);
        return null;
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        const reason = code === "ENOSPC" ? "disk-full" : "unreachable";
        return { reason, message: `${path} can't be written`, retryable: true, got: message, where: path };
      }
    },
  };
}

async function append(path: string, event: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "a+");
  try {
    const { size } = await file.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await file.read(last, 0, 1, size - 1);
    const isTorn = size > 0 && last.toString() !== "\n";
    await file.appendFile(`${isTorn ? "\n" : ""}${event}\n`);
  } finally {
    await file.close();
  }
}
