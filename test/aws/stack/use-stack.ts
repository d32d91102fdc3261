import { inject } from "vitest";
import { type AwsEnvironment, useAwsEnvironment } from "./environment.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Of the stack that this run started. */
    readonly awsEnvironment: AwsEnvironment;
  }
}

// Runs before each test file of the tiers.
useAwsEnvironment(inject("awsEnvironment"));
