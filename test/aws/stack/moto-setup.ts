import type { TestProject } from "vitest/node";
import { startMoto } from "./moto.ts";

/** One moto for all files of `npm run test:aws`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const moto = await startMoto();
  project.provide("awsEnvironment", moto.env);
  return moto.close;
}
