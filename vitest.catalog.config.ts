import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";

/** What needs Iceberg's Java implementation, the judge of our catalog: `npm run test:catalog`. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: ["test/catalog/**/*.catalog.ts"] },
});
