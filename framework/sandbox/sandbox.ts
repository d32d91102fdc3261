import type { Sandbox, SandboxOptions } from "./server.ts";
import type { FaultInput } from "./faults.ts";
import type { SandboxData } from "./sandbox-data.ts";

export type { DayCounts } from "./advance.ts";
export type { FaultInput } from "./faults.ts";
export type { SandboxData } from "./sandbox-data.ts";
export type { Sandbox, SandboxOptions } from "./server.ts";
export { ControlError } from "./control-error.ts";
export { defaultSandboxPort } from "./default-port.ts";
export { auditPhases, divisions } from "./user-fields.ts";

/** Serves a local Salesforce org; see {@link Sandbox}. Server and database are loaded only when it is called. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { serveSandbox } = await import("./server.ts");
  return serveSandbox(options);
}

/** Refuses what an org can't be asked for, before there is one. @throws ControlError */
export async function expectAskable(asked: {
  readonly seed?: { readonly users?: number; readonly seed?: number };
  readonly fault?: FaultInput | undefined;
}): Promise<void> {
  if (asked.seed !== undefined) (await import("./seed.ts")).expectSeed(asked.seed);
  if (asked.fault !== undefined) (await import("./faults.ts")).readFault(asked.fault);
}

/** Opens the org's file without serving it; see {@link SandboxData}. */
export async function openSandboxData(dbPath: string): Promise<SandboxData> {
  const { openData } = await import("./sandbox-data.ts");
  return openData(dbPath);
}
