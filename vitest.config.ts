import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { moraine: new URL("./framework/index.ts", import.meta.url).pathname } },
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    testTimeout: 240_000,
    hookTimeout: 300_000,
    pool: "forks",
    // Files mostly wait for processes that they start, so there is one more than there would be.
    maxWorkers: availableParallelism(),
  },
});
