import { chmodSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { commandLines, found, textsBelow } from "../support/left-behind.ts";
import { printed, Project } from "../support/moraine.ts";

/** Unlike anything else, and of the characters that forms, JSON and XML write in another way. */
const planted = (name: string) => `plant-"${name}"&<it's>+ 4f!~${name}-9c1e7`;

const values = {
  password: planted("password"),
  "key line": "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCplant",
  "metrics token": "plant-metrics-token-77aa31",
  "AWS key": "plant/aws+secret/access=key/5d81",
  "AWS session": "plant-session-token-e01f9c",
  hook: "plant-hook-b7d2",
  "HMAC key": "plant-hmac-key-1c55",
};
const secret = {
  username: "etl@example.com",
  password: values.password,
  privateKey: `-----BEGIN PRIVATE KEY-----\n${values["key line"]}\n-----END PRIVATE KEY-----\n`,
};

/** Everything that a body, a check or a sensor can do wrong with a secret. */
const config = (endpoint: string) => `
import { defineAsset, defineCheck, defineConfig, defineSchedule, defineSensor } from "moraine";
const lakehouse = { type: "embedded" } as const;
const quoted = (secret) => [secret.password, secret.privateKey, JSON.stringify(secret), encodeURIComponent(secret.password),
  new URLSearchParams(secret).toString(), process.env.AWS_SECRET_ACCESS_KEY, process.env.AWS_SESSION_TOKEN,
  process.env.MORAINE_METRICS_TOKEN].join(" | ");
const good = defineAsset({
  key: "raw/good",
  refresh: { everyMs: 0 },
  async materialize({ resources, log, progress }) {
    const secret = await resources.secrets.get("crm/api");
    log("signed in with " + quoted(secret));
    progress({ message: quoted(secret) });
    return { metadata: { told: { type: "text", value: quoted(secret) } } };
  },
});
const bad = defineAsset({
  key: "raw/bad",
  retry: { maxAttempts: 2, baseDelayMs: 0 },
  async materialize({ resources }) {
    const text = quoted(await resources.secrets.get("crm/api"));
    throw Object.assign(new Error("HTTP 400: " + text, { cause: new Error(text) }), { config: { headers: text } });
  },
});
const check = defineCheck({
  asset: good, name: "tells", severity: "warn",
  async run({ resources }) {
    const text = quoted(await resources.secrets.get("crm/api"));
    return { passed: false, value: text, expected: text, samples: [{ text }] };
  },
});
const broken = defineCheck({
  asset: good, name: "breaks", severity: "warn",
  async run({ resources }) { throw new Error(quoted(await resources.secrets.get("crm/api"))); },
});
export default defineConfig({
  name: "plants",
  assets: [good, bad, check, broken],
  schedules: [
    defineSchedule({ name: "often", everyMs: 1000, selection: "raw/good" }),
    defineSensor({ name: "asks", everyMs: 1000, poll: async ({ resources, log, cursor }) => {
      const text = quoted(await resources.secrets.get("crm/api"));
      log(text);
      const line = text.split("\\n").join(" ");
      return cursor === 1 ? { skip: text } : { cursor: 1, runs: [{ selection: "raw/bad", tags: { line } }] };
    } }),
    defineSensor({ name: "gives", everyMs: 1000, poll: async ({ resources }) => {
      // A tag has no line breaks.
      return { runs: [{ selection: "raw/bad", tags: { text: "\\n" + quoted(await resources.secrets.get("crm/api")) } }] };
    } }),
    defineSensor({ name: "throws", everyMs: 1000, poll: async ({ resources }) => {
      throw new Error(quoted(await resources.secrets.get("crm/api")));
    } }),
  ],
  alerts: {
    channels: {
      slack: { type: "slack", url: { env: "HOOK" } },
      webhook: { type: "webhook", url: "http://127.0.0.1:9/", hmacKey: { env: "HMAC_KEY" }, headers: { "x-key": { env: "HMAC_KEY" } } },
      mail: {
        type: "mail", host: "127.0.0.1", port: 9, tls: "none", from: "etl@example.com", to: ["etl@example.com"],
        user: "etl", password: { secret: "crm/api", field: "password" },
      },
      command: {
        type: "command", argv: ["sh", "-c", "echo $KEY $PASSWORD $HOOK >&2; exit 1"],
        env: { KEY: { env: "HMAC_KEY" }, PASSWORD: { secret: "crm/api", field: "password" } },
      },
    },
    targets: ["file"],
  },
  logs: { file: ".moraine/logs/all.log", level: "debug" },
  openLineage: { transports: { file: { type: "file", path: ".moraine/lineage.jsonl" } } },
  targets: {
    local: { lakehouse, secrets: { type: "environment" } },
    file: { lakehouse, secrets: { type: "file", path: "secrets.json" } },
    aws: { lakehouse, secrets: { type: "aws-secrets-manager", region: "eu-west-1", endpoint: "${endpoint}" } },
  },
});
`;

/** Secrets Manager's wire protocol; it knows the secret, or quotes what it was asked and by whom. */
async function secretsManager(isKnown: () => boolean): Promise<string> {
  const server = createServer((request, response) => {
    const [status, answer] = isKnown()
      ? [200, { SecretString: JSON.stringify(secret) }]
      : [400, { __type: "AccessDeniedException", message: JSON.stringify([request.headers, process.env]) }];
    response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(answer));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it("secrets are nowhere after runs by every provider, whatever bodies, checks, sensors and channels of alerts do with them", async () => {
  let isKnown = true;
  const endpoint = await secretsManager(() => isKnown);
  const project = new Project({
    "moraine.config.ts": config(endpoint),
    "secrets.json": JSON.stringify({ "crm/api": secret }),
  });
  chmodSync(join(project.directory, "secrets.json"), 0o600);
  const env = {
    MORAINE_SECRET_CRM_API: JSON.stringify(secret),
    MORAINE_METRICS_TOKEN: values["metrics token"],
    AWS_ACCESS_KEY_ID: "AKIAPLANTED",
    AWS_SECRET_ACCESS_KEY: values["AWS key"],
    AWS_SESSION_TOKEN: values["AWS session"],
    AWS_MAX_ATTEMPTS: "1",
    HOOK: `http://127.0.0.1:9/${values.hook}`,
    HMAC_KEY: values["HMAC key"],
  };
  const texts: (readonly [string, string])[] = [];
  const look = () => texts.push(["a command line", commandLines().join("\n")]);
  const run = async (...args: readonly string[]) => {
    const child = project.start(args, env);
    child.stdout?.on("data", look);
    const { stdout, stderr, code } = await child.finished;
    texts.push([`stdout of ${args.join(" ")}`, stdout], [`stderr of ${args.join(" ")}`, stderr]);
    return code;
  };

  for (const target of ["local", "file", "aws"])
    expect(await run("materialize", "--json", "--target", target)).toBe(1);
  expect(await run("materialize", "--plain", "-v")).toBe(1);
  expect(await run("materialize", "--log-format", "json", "--target", "file")).toBe(1);
  isKnown = false;
  expect(await run("materialize", "--plain", "-v", "--target", "aws")).toBe(5);
  for (const verb of ["doctor", "check", "metrics"]) await run(verb);
  await run("check", "--json");
  expect(await run("alerts", "test", "--target", "file")).toBe(1);
  await run("alerts", "--json", "--target", "file");

  const daemon = project.start(["daemon", "--metrics-port", "0", "--log-format", "json", "--json"], env);
  let out = "";
  daemon.stdout?.on("data", (text: string) => (out += text)).on("data", look);
  await printed(daemon, '"tick-failed"');
  const [, url = ""] = /"url":"([^"]+)"/.exec(out) ?? [];
  const authorization = `Bearer ${values["metrics token"]}`;
  texts.push(["metrics", await (await fetch(`${url}/metrics`, { headers: { authorization } })).text()]);
  texts.push(["a refusal", await (await fetch(`${url}/metrics`)).text()]);
  daemon.kill("SIGTERM");
  const { stdout, stderr } = await daemon.finished;
  texts.push(["the daemon's stdout", stdout], ["the daemon's stderr", stderr]);

  const left = textsBelow(join(project.directory, ".moraine"));
  expect(left.map(([path]) => path)).toContain(join(project.directory, ".moraine/moraine.db"));
  expect(readFileSync(join(project.directory, ".moraine/logs/all.log"), "utf8")).toContain("[redacted]");
  expect(found(values, [...texts, ...left])).toEqual([]);
});
