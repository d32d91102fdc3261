import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";

/** What needs an Iceberg REST catalog with S3, which SeaweedFS is: `npm run test:rest`. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: ["test/rest/**/*.rest.ts"] },
});
