import { describe, expect, it } from "vitest";
import type { DaemonContext, DaemonService } from "../../framework/scheduler/daemon-service.ts";
import { ServiceHost } from "../../framework/scheduler/service-host.ts";
import { deferred } from "../../framework/util/deferred.ts";

const now = new Date("2026-03-01T06:00:00.000Z");
// No service here reads it.
const context = {} as DaemonContext;

/** A service that writes down what happens to it. */
function recording(name: string, log: string[], over: Partial<DaemonService> = {}): DaemonService {
  return {
    name,
    start: async () => void log.push(`start ${name}`),
    onEvent: (event) => void log.push(`${name}: ${event.type}`),
    stop: async () => void log.push(`stop ${name}`),
    ...over,
  };
}

function broken(): never {
  throw new Error("broken");
}

describe("the services of a daemon", () => {
  it("start in order and stop in reverse, and those behind one that can't start never start", async () => {
    const log: string[] = [];
    const host = new ServiceHost([recording("a", log), recording("b", log)], () => now);
    await host.start(context);
    await host.stop();
    expect(log.splice(0)).toEqual(["start a", "start b", "stop b", "stop a"]);
    const taken = recording("taken", log, { start: async () => broken() });
    const refused = new ServiceHost([recording("a", log), taken, recording("c", log)], () => now);
    await expect(refused.start(context)).rejects.toThrow("broken");
    expect(log).toEqual(["start a", "stop a"]);
  });

  it("are told of every event, and of one that throws, which is told nothing of itself", async () => {
    const log: string[] = [];
    const throwing = recording("throwing", log, { onEvent: broken });
    const host = new ServiceHost([throwing, recording("a", log)], () => now);
    await host.start(context);
    host.report({ type: "heartbeat", at: now.toISOString() });
    expect(log).toEqual(["start throwing", "start a", "a: daemon-problem", "a: heartbeat"]);
  });

  it("wake at each heartbeat and when they asked for it, but not while they are awake", async () => {
    const log: string[] = [];
    const work = deferred<Date | undefined>();
    const slow = recording("slow", log, { wake: () => (log.push("awake"), work.promise) });
    const host = new ServiceHost([slow], () => now);
    await host.start(context);
    host.wake(now, { isHeartbeat: false });
    expect(log).toEqual(["start slow"]);
    host.wake(now, { isHeartbeat: true });
    host.wake(now, { isHeartbeat: true });
    expect(log).toEqual(["start slow", "awake"]);
    const later = new Date(now.getTime() + 1000);
    work.resolve(later);
    await work.promise;
    await Promise.resolve();
    expect(host.nextWake()).toEqual(later);
    host.wake(now, { isHeartbeat: false });
    host.wake(later, { isHeartbeat: false });
    expect(log).toEqual(["start slow", "awake", "awake"]);
  });
});
