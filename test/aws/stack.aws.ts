import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, it, onTestFinished } from "vitest";
import { ended, isThere } from "../support/processes.ts";
import { bundledScript } from "../support/scripts.ts";
import { region } from "./stack/environment.ts";
import { startServer } from "./stack/server-process.ts";

it("keeps secrets and objects, which the SDK finds by the environment alone", async () => {
  const secrets = new SecretsManagerClient({});
  await secrets.send(new CreateSecretCommand({ Name: "stack/kept", SecretString: '{"a":"b"}' }));
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: "stack/kept" }));
  expect(SecretString).toBe('{"a":"b"}');

  const s3 = new S3Client({});
  const configuration = { LocationConstraint: region } as const;
  await s3.send(new CreateBucketCommand({ Bucket: "stack-kept", CreateBucketConfiguration: configuration }));
  await s3.send(new PutObjectCommand({ Bucket: "stack-kept", Key: "a/b.txt", Body: "text" }));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "stack-kept", Key: "a/b.txt" }));
  expect(await Body?.transformToString()).toBe("text");
});

it("ends its servers when the process that started them is killed", async () => {
  const script = await bundledScript("aws/owner-process");
  onTestFinished(script.remove);
  const owner = script.run();
  const [line] = (await once(createInterface({ input: owner.stdout }), "line")) as [string];
  expect(isThere(Number(line))).toBe(true);
  owner.kill("SIGKILL");
  await ended([Number(line)]);
});

it("says what a server printed that did not start", async () => {
  const args = ["-e", "console.error('port taken'); process.exit(3)"];
  await expect(
    startServer({ name: "broken", command: process.execPath, args, isReady: () => false }),
  ).rejects.toThrow("broken ended before it was ready:\nport taken");
});
