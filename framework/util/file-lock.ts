import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isRunning } from "./process-start.ts";

const pollMs = 200;
const heartbeatMs = 1_000;
/** Without a heartbeat for this long the owner is gone, even if its process id is somebody's again. */
const deadAfterMs = 15_000;

/**
 * Runs `work` while no other process that asks for the same lock file does. A dead owner's lock is taken over. Two
 * may rarely meet all the same (a machine asleep for longer than the heartbeat), so `work` must stay correct then.
 */
export async function withFileLock<T>(
  file: string,
  options: { readonly signal?: AbortSignal | undefined; readonly onWait?: (ownerPid: number) => void },
  work: () => Promise<T>,
): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  let hasWaited = false;
  while (!tryAcquire(file)) {
    const owner = ownerOf(file);
    if (owner === undefined) continue;
    if (!isAlive(owner)) {
      rmSync(file, { force: true });
      continue;
    }
    if (!hasWaited) options.onWait?.(owner.pid);
    hasWaited = true;
    await delay(pollMs, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
  const heartbeat = setInterval(() => touch(file), heartbeatMs);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if (ownerOf(file)?.pid === process.pid) rmSync(file, { force: true });
  }
}

function tryAcquire(file: string): boolean {
  try {
    writeFileSync(file, `${process.pid}\n`, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

interface Owner {
  readonly pid: number;
  readonly heartbeatAt: number;
}

/** Undefined when the lock has just been released. */
function ownerOf(file: string): Owner | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  try {
    return { pid: Number.parseInt(readFileSync(file, "utf8"), 10), heartbeatAt: stat.mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function isAlive(owner: Owner): boolean {
  if (Date.now() - owner.heartbeatAt > deadAfterMs) return false;
  // The owner has made the file and not yet written its id.
  return Number.isNaN(owner.pid) || isRunning(owner.pid);
}

function touch(file: string): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch (error) {
    // Another process has taken us for dead and finished before us; `work` stays correct then.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
