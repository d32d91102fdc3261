// An AWS account and a Salesforce org on localhost, for measurements.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { runnerImport } from "vite";
import { moraine, root } from "./places.mjs";

/** A module of the tests, which are TypeScript. */
async function importTyped(path) {
  return (await runnerImport(`${root}${path}`)).module;
}

/** Starts the stack of `npm run test:athena`, with the buckets that the shipped target names, and points this process at it. */
export async function startAccount() {
  const { startAthenaStack, AthenaControl } = await importTyped("test/aws/stack/athena-stack.ts");
  const { region, useAwsEnvironment } = await importTyped("test/aws/stack/environment.ts");
  const stack = await startAthenaStack();
  useAwsEnvironment(stack.env);
  const s3 = new S3Client({ forcePathStyle: true });
  for (const Bucket of ["moraine-lake", "moraine-results"])
    await s3.send(
      new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: region } }),
    );
  s3.destroy();
  return { control: new AthenaControl(), close: stack.close };
}

/** Python with dbt, as the product makes it, in this checkout. @returns its folder */
export async function pythonEnvironment() {
  const { testPythonEnvironment } = await importTyped("test/support/python-environment.ts");
  return (await testPythonEnvironment()).dir;
}

/** DuckDB's extensions, as the product fetches them, in this checkout. @returns their folder */
export async function extensions() {
  const { testExtensions } = await importTyped("test/support/extensions.ts");
  return testExtensions();
}

/** Serves an org that the built command line fills, and puts its credentials into Secrets Manager. */
export async function startOrg(project, users) {
  const args = ["sandbox", "serve", "--port", "0", "--users", String(users), "--json"];
  const child = spawn(process.execPath, [moraine, ...args], {
    cwd: project,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { url } = JSON.parse((await lines.next()).value);
  const credentials = await (await fetch(`${url}/sandbox/credentials`)).text();
  const secrets = new SecretsManagerClient();
  await secrets.send(new CreateSecretCommand({ Name: "moraine/salesforce", SecretString: credentials }));
  secrets.destroy();
  return {
    url,
    advance: async () => {
      const answer = await fetch(`${url}/sandbox/advance`, { method: "POST", body: '{"days":1}' });
      if (!answer.ok) throw new Error(`expected a day to pass, got ${answer.status}: ${await answer.text()}`);
      return answer.json();
    },
    close: async () => {
      child.kill();
      await ended;
    },
  };
}
