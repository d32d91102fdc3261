import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Project } from "../support/moraine.ts";

const config = `
import { defineAsset, defineConfig } from "moraine";

const reader = defineAsset({
  key: "raw/secret",
  materialize: async ({ resources }) => console.log("read " + (await resources.secrets.get("built/reader")).clientId),
});

export default defineConfig({
  name: "reader",
  assets: [reader],
  targets: {
    aws: { lakehouse: { type: "embedded" }, secrets: { type: "aws-secrets-manager", profile: "worker" } },
  },
});
`;

/** A role that is assumed with the keys that a program prints. */
const profiles = `
[profile worker]
role_arn = arn:aws:iam::123456789012:role/worker
source_profile = keys

[profile keys]
credential_process = echo '{"Version": 1, "AccessKeyId": "testing", "SecretAccessKey": "testing"}'
`;

it("the built program signs in by profile, program and role: the bundle has what the AWS SDK loads by then", async () => {
  const SecretString = '{"clientId":"abc-123"}';
  await new SecretsManagerClient({}).send(new CreateSecretCommand({ Name: "built/reader", SecretString }));
  const project = new Project({ "moraine.config.ts": config, "aws-config": profiles });
  const run = project.start(["materialize", "--target", "aws", "--plain"], {
    AWS_CONFIG_FILE: join(project.directory, "aws-config"),
    AWS_ACCESS_KEY_ID: "",
    AWS_SECRET_ACCESS_KEY: "",
  });
  const { code, stdout, stderr } = await run.finished;
  expect(`${stdout}${stderr}`).toContain("read abc-123");
  expect(code).toBe(0);
});
