import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";

/** What is tried on every supported Node.js: `npm run test:nodes`. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["test/smoke/**/*.smoke.ts", "test/store/**/*.test.ts", "test/sandbox/**/*.test.ts"],
  },
});
