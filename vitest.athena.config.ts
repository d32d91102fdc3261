import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";

/** What needs Athena, whose double is Trino behind a gateway of ours: `npm run test:athena`. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["test/aws/**/*.athena.ts"],
    globalSetup: ["test/aws/stack/athena-setup.ts"],
    setupFiles: ["test/aws/stack/use-stack.ts"],
    // Faults are the gateway's, and so everybody's; and one Trino serves all.
    fileParallelism: false,
  },
});
