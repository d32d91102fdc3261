import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { writeFileSync } from "node:fs";
import { GetQueryExecutionCommand } from "@aws-sdk/client-athena";
import { GetTableCommand } from "@aws-sdk/client-glue";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { AwsClients } from "../../framework/lakehouse/athena/aws-clients.ts";
import { S3Objects } from "../../framework/lakehouse/athena/s3-objects.ts";
import { removeObjects } from "../../framework/lakehouse/rest/remove-objects.ts";
import { snsChannel } from "../../framework/observability/alerts/channels/sns.ts";
import { awsSecrets } from "../../framework/secrets/aws-secrets.ts";
import { alertOf, messageOf } from "../alerts/message.ts";
import { type Proxy, serveProxy, serveTls } from "../support/proxies.ts";
import { temporaryDirectory } from "../support/rig.ts";

const expiration = new Date(Date.now() + 3_600_000).toISOString();
const role = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>role</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${expiration}</Expiration>
</Credentials></AssumeRoleResult></AssumeRoleResponse>`;
const published = `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>`;
const deleted = `<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></DeleteResult>`;

/** Just enough of AWS for one request of each kind. */
async function answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(message);
  const target = String(message.headers["x-amz-target"] ?? "").split(".")[1];
  const answers: Readonly<Record<string, string>> = {
    GetSecretValue: '{"SecretString":"{\\"clientId\\":\\"abc\\"}"}',
    GetTable: '{"Table":{"Name":"users"}}',
    GetQueryExecution: '{"QueryExecution":{"QueryExecutionId":"q"}}',
  };
  if (target !== undefined) response.setHeader("content-type", "application/x-amz-json-1.1");
  const action = new URLSearchParams(body).get("Action") ?? "";
  const forms: Readonly<Record<string, string>> = { AssumeRole: role, Publish: published };
  const object = message.url?.includes("delete") === true ? deleted : "an object";
  response.end(answers[target ?? ""] ?? forms[action] ?? object);
}

let proxy: Proxy;

beforeEach(async () => {
  proxy = await serveProxy(
    await serveTls("aws.example", (message, response) => void answer(message, response)),
  );
  vi.stubEnv("HTTPS_PROXY", proxy.url);
  vi.stubEnv("AWS_ENDPOINT_URL", "https://aws.example");
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "testing");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "testing");
});
afterEach(() => void vi.unstubAllEnvs());

const signal = new AbortController().signal;

async function reads(uses: Promise<unknown>): Promise<unknown> {
  const result = await uses;
  // Nothing resolves the name but the proxy.
  expect(proxy.seen).not.toEqual([]);
  expect(new Set(proxy.seen)).toEqual(new Set(["CONNECT aws.example:443"]));
  return result;
}

it("Secrets Manager is asked through the proxy", async () => {
  expect(await reads(awsSecrets().get("a"))).toEqual({ clientId: "abc" });
});

it("a role is assumed through the proxy", async () => {
  const keys = { Version: 1, AccessKeyId: "testing", SecretAccessKey: "testing" };
  const config = join(temporaryDirectory(), "config");
  writeFileSync(
    config,
    `[profile worker]\nrole_arn = arn:aws:iam::123456789012:role/worker\nsource_profile = keys\n` +
      `[profile keys]\ncredential_process = echo '${JSON.stringify(keys)}'\n`,
  );
  vi.stubEnv("AWS_ACCESS_KEY_ID", undefined);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", undefined);
  vi.stubEnv("AWS_CONFIG_FILE", config);
  expect(await reads(awsSecrets({ profile: "worker" }).get("a"))).toEqual({ clientId: "abc" });
});

it("Glue, Athena and S3 are asked through the proxy", async () => {
  const clients = new AwsClients({});
  const glue = (await clients.glue()).send(new GetTableCommand({ DatabaseName: "raw", Name: "users" }));
  expect(await reads(glue)).toMatchObject({ Table: { Name: "users" } });
  const athena = (await clients.athena()).send(new GetQueryExecutionCommand({ QueryExecutionId: "q" }));
  expect(await reads(athena)).toMatchObject({ QueryExecution: { QueryExecutionId: "q" } });
  expect(await reads(new S3Objects(clients).readText("s3://bucket/key"))).toBe("an object");
  await clients.close();
});

it("files of a REST catalog are removed through the proxy", async () => {
  const access = { "s3.endpoint": "https://aws.example", "s3.path-style-access": "true" };
  expect(await reads(removeObjects([["s3://bucket/key", 5]], access))).toEqual({
    filesRemoved: 1,
    bytesFreed: 5,
  });
});

it("SNS is told through the proxy", async () => {
  const channel = snsChannel({ type: "sns", topicArn: "arn:aws:sns:eu-central-1:123456789012:alerts" });
  await reads(channel.send(messageOf(alertOf("the source is away")), { signal, fresh: false }));
});
