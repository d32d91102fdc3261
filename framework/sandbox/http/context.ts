import type { HttpBindings } from "@hono/node-server";
import type { Hono } from "hono";

import type { SandboxDatabase } from "../database.ts";
import type { Fault } from "../faults.ts";
import type { Visibility } from "../visibility.ts";

/** What every route of one server shares. */
export interface Org {
  readonly db: SandboxDatabase;
  /** The machine's time, milliseconds: tokens and assertions live by it. */
  readonly machineNow: () => number;
  /** `http://127.0.0.1:PORT` */
  readonly url: () => string;
  /** Aborted when the server closes. */
  readonly closing: AbortSignal;
}

/** Hono's types for this server: the raw sockets, and what the middleware found out about the call. */
export interface SandboxEnv {
  Bindings: HttpBindings;
  Variables: { visibility: Visibility; fault: Fault | undefined; soql: string | undefined };
}

/** A Hono app of this server. */
export type SandboxApp = Hono<SandboxEnv>;

const oldestVersion = 50;
const newestVersion = 68;

/** The API versions that this org speaks, oldest first: Winter '21 to Winter '27. */
export const apiVersions: readonly {
  readonly number: number;
  readonly label: string;
  readonly path: string;
}[] = Array.from({ length: newestVersion - oldestVersion + 1 }, (_, index) => {
  const number = oldestVersion + index;
  // Three releases a year; 50 was Winter '21.
  const season = ["Winter", "Spring", "Summer"][index % 3];
  return { number, label: `${season} '${21 + Math.floor(index / 3)}`, path: `v${number}.0` };
});
