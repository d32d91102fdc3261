import type { TestProject } from "vitest/node";
import { startAthenaStack } from "./athena-stack.ts";

/** One stack for all files of `npm run test:athena`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await startAthenaStack();
  project.provide("awsEnvironment", stack.env);
  return stack.close;
}
