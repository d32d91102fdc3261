import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import type { AthenaLakehouse, SecretsConfig } from "../../framework/definition/config.ts";

// The compiler keeps these to the options that there are.
const lakehouse: readonly (keyof AthenaLakehouse)[] = [
  "type",
  "region",
  "workgroup",
  "location",
  "results",
  "staging",
  "stagingDatabase",
];
const secrets: readonly (keyof Extract<SecretsConfig, { type: "aws-secrets-manager" }>)[] = [
  "type",
  "region",
];

it("the target that Terraform prints has the options of moraine.config.ts", () => {
  const text = readFileSync(resolve(import.meta.dirname, "../../deploy/terraform/outputs.tf"), "utf8");
  const optionsOf = (name: string) => {
    const block =
      new RegExp(`\\b${name} = \\{([^}]*(?:\\$\\{[^}]*\\}[^}]*)*)\\n    \\}`).exec(text)?.[1] ?? "";
    return [...block.matchAll(/^\s+(\w+)\s+=/gm)].map(([, option]) => option);
  };
  expect(optionsOf("lakehouse")).toEqual(lakehouse);
  expect(optionsOf("secrets")).toEqual(secrets);
});
