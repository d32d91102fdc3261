import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";

/** What needs Secrets Manager, S3 and Glue, of which moto is the double: `npm run test:aws`. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["test/aws/**/*.aws.ts"],
    globalSetup: ["test/aws/stack/moto-setup.ts"],
    setupFiles: ["test/aws/stack/use-stack.ts"],
  },
});
