import { expect, it } from "vitest";
import { cachingSecrets } from "../../framework/secrets/caching-secrets.ts";
import type { SecretProvider } from "../../framework/secrets/secret-provider.ts";

function counting(): SecretProvider & { readonly calls: { count: number; failNext: boolean } } {
  const calls = { count: 0, failNext: false };
  return {
    name: "counting",
    calls,
    get: async () => {
      calls.count += 1;
      if (calls.failNext) {
        calls.failNext = false;
        throw new Error("not now");
      }
      return { version: String(calls.count) };
    },
  };
}

it("asks once, also for callers at the same time", async () => {
  const inner = counting();
  const secrets = cachingSecrets(inner);
  await Promise.all([secrets.get("a"), secrets.get("a")]);
  expect(await secrets.get("a")).toEqual({ version: "1" });
  expect(inner.calls.count).toBe(1);
});

it("asks again for fresh, and remembers the new value", async () => {
  const secrets = cachingSecrets(counting());
  await secrets.get("a");
  expect(await secrets.get("a", { fresh: true })).toEqual({ version: "2" });
  expect(await secrets.get("a")).toEqual({ version: "2" });
});

it("does not remember a failure", async () => {
  const inner = counting();
  const secrets = cachingSecrets(inner);
  inner.calls.failNext = true;
  await expect(secrets.get("a")).rejects.toThrow("not now");
  expect(await secrets.get("a")).toEqual({ version: "2" });
});
