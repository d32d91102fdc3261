import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";

/** What takes many minutes, run by `npm run test:long`. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: ["test/**/*.long.ts"], testTimeout: 60 * 60_000 },
});
