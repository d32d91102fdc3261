import type { Lakehouse } from "../lakehouse/lakehouse.ts";

const needEngine: ReadonlySet<string | symbol> = new Set<keyof Lakehouse>([
  "ensureTable",
  "load",
  "query",
  "optimize",
  "expire",
  "connectionEnvironment",
]);

/** A lakehouse of which the first call that needs the engine waits for `install`; the lakehouse itself when its engine is there. */
export function engineFirst(lakehouse: Lakehouse, install: () => Promise<void>): Lakehouse {
  if (lakehouse.lacksEngine?.() !== true) return lakehouse;
  return new Proxy(lakehouse, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const method = value.bind(target) as (...args: readonly unknown[]) => unknown;
      if (!needEngine.has(name)) return method;
      return async (...args: readonly unknown[]) => {
        if (target.lacksEngine?.() === true) await install();
        return method(...args);
      };
    },
  });
}
