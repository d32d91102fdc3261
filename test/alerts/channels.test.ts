import { createHmac } from "node:crypto";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { SMTPServer } from "smtp-server";
import { expect, it, onTestFinished } from "vitest";
import type { AlertChannel } from "moraine";
import type { Failure } from "../../framework/event/failure.ts";
import { send } from "../../framework/observability/alerts/deliver.ts";
import { snsSubject } from "../../framework/observability/alerts/channels/sns.ts";
import { SecretValues } from "../../framework/observability/alerts/secret-values.ts";
import { createRedactor } from "../../framework/util/redact.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { temporaryDirectory } from "../support/rig.ts";
import { HttpReceiver } from "./http-receiver.ts";
import { alertOf, messageOf } from "./message.ts";

const clock = new FakeClock("2026-11-26T04:30:00.000Z");

/** Sends one message by a channel, whose secrets are the variables given. */
async function sendBy(
  channel: AlertChannel,
  environment: Readonly<Record<string, string>> = {},
  message = messageOf(alertOf("the source is away")),
): Promise<Failure | null> {
  const redactor = createRedactor();
  const secrets = new SecretValues({
    secrets: { name: "none", get: () => Promise.reject(new Error("no secrets here")) },
    environment,
    remember: (value) => redactor.add(value),
  });
  const signal = new AbortController().signal;
  const redact = (text: string) => redactor.redact(text);
  return send({ secrets, clock, projectDir: temporaryDirectory(), signal, redact }, channel, message);
}

it("posts to a Slack-compatible webhook what, since when, why, whose it is, and the command to look", async () => {
  const server = await HttpReceiver.start();
  expect(
    await sendBy({ type: "slack", url: { env: "HOOK" } }, { HOOK: `${server.url}/T1/s3cr3t` }),
  ).toBeNull();
  const [{ path, body } = { path: "", body: "{}" }] = server.received;
  expect(path).toBe("/T1/s3cr3t");
  expect((JSON.parse(body) as { text: string }).text)
    .toBe(`*[moraine crm local] critical: raw/users failed [unreachable]*
\`\`\`
CRITICAL  raw/users failed [unreachable]
  since  04:00Z, 30m
  why    the source is away
  owner  crm
  look   moraine logs 8f21c4000000 raw/users --target local
  then   docs/operations.md#asset-failed
\`\`\``);
});

it("lets no text call a Slack channel or leave its block", async () => {
  const server = await HttpReceiver.start();
  const message = messageOf(alertOf("<!channel> & <https://evil.example|here> ``` *x*"));
  await sendBy({ type: "slack", url: { env: "HOOK" } }, { HOOK: server.url }, message);
  const { text } = JSON.parse(server.received[0]?.body ?? "{}") as { text: string };
  expect(text).toContain("&lt;!channel&gt; &amp; &lt;https://evil.example|here&gt; '''");
  expect(text.match(/```/g)).toHaveLength(2);
});

it("signs a webhook's timestamp and body, so that a receiver can tell", async () => {
  const server = await HttpReceiver.start();
  const channel = {
    type: "webhook",
    url: server.url,
    hmacKey: { env: "KEY" },
    headers: { authorization: { env: "TOKEN" } },
  } as const;
  expect(await sendBy(channel, { KEY: "k3y", TOKEN: "Bearer t0k3n" })).toBeNull();
  const { headers = {}, body = "" } = server.received[0] ?? {};
  const timestamp = String(headers["x-moraine-timestamp"]);
  expect(timestamp).toBe("1795667400");
  const digest = createHmac("sha256", "k3y").update(`${timestamp}.${body}`).digest("hex");
  expect(headers["x-moraine-signature"]).toBe(`sha256=${digest}`);
  expect(headers["authorization"]).toBe("Bearer t0k3n");
  expect(JSON.parse(body)).toMatchObject({
    id: headers["x-moraine-delivery"],
    project: "crm",
    severity: "critical",
    alerts: [{ id: 17, state: "firing", rule: "asset-failed", subject: "raw/users", owners: ["crm"] }],
  });
});

it("tries again what may succeed, and follows no redirection", async () => {
  const server = await HttpReceiver.start();
  server.statuses.push(503);
  expect(await sendBy({ type: "webhook", url: server.url })).toBeNull();
  expect(server.received).toHaveLength(2);
  server.statuses.push(302);
  expect(await sendBy({ type: "webhook", url: server.url })).toMatchObject({
    got: "HTTP 302",
    retryable: false,
  });
  expect(server.received.map(({ path }) => path)).not.toContain("/elsewhere");
});

it("never says a secret, whatever goes wrong", async () => {
  const server = await HttpReceiver.start();
  server.statuses.push(403, 403, 404);
  const hook = `${server.url}/T1/s3cr3t-path`;
  const refused = await sendBy({ type: "slack", url: { env: "HOOK" } }, { HOOK: hook });
  expect(refused).toMatchObject({ reason: "credentials-refused", got: "HTTP 403" });
  const wrong = await sendBy({ type: "slack", url: { env: "HOOK" } }, { HOOK: hook });
  const noUrl = await sendBy({ type: "slack", url: { env: "HOOK" } }, { HOOK: "s3cr3t-path is no URL" });
  const away = await sendBy(
    { type: "slack", url: { env: "HOOK" } },
    { HOOK: "http://127.0.0.1:9/s3cr3t-path" },
  );
  expect([wrong?.reason, noUrl?.reason, away?.reason]).toEqual([
    "bad-response",
    "bad-response",
    "unreachable",
  ]);
  expect(JSON.stringify([refused, wrong, noUrl, away])).not.toContain("s3cr3t-path");
  expect(await sendBy({ type: "slack", url: { env: "HOOK" } })).toMatchObject({
    reason: "missing-secret",
    message: "the variable HOOK is not set",
  });
});

it("mails by SMTP with sign-in and TLS, and refuses to sign in without", async () => {
  const mails: string[] = [];
  const listen = async (options: ConstructorParameters<typeof SMTPServer>[0]) => {
    const server = new SMTPServer({
      ...options,
      logger: false,
      onAuth: ({ username, password }, _session, done) =>
        username === "moraine" && password === "p4ss-w0rd"
          ? done(null, { user: "moraine" })
          : done(new Error(`no ${password}`)),
      onData: (stream, _session, done) => {
        let text = "";
        stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        stream.on("end", () => {
          mails.push(text);
          done();
        });
      },
    });
    server.on("error", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => server.close());
    return (server.server.address() as AddressInfo).port;
  };
  const mail = {
    type: "mail",
    host: "127.0.0.1",
    from: "moraine@example.com",
    to: ["data@example.com"],
  } as const;
  const open = await listen({ authOptional: true, disabledCommands: ["STARTTLS", "AUTH"] });
  expect(await sendBy({ ...mail, port: open, tls: "none" })).toBeNull();
  expect(mails[0]).toContain("Subject: [moraine crm local] critical: raw/users failed [unreachable]");
  expect(mails[0]).toContain("moraine logs 8f21c4000000 raw/users --target local");
  expect(mails[0]).toContain("Auto-Submitted: auto-generated");
  const signIn = { user: "moraine", password: { env: "PASS" } } as const;
  expect(
    await sendBy({ ...mail, port: open, tls: "starttls", ...signIn }, { PASS: "p4ss-w0rd" }),
  ).toMatchObject({
    retryable: false,
    next: expect.stringContaining("TLS") as string,
  });
  const closed = await listen({ allowInsecureAuth: true, disabledCommands: ["STARTTLS"] });
  expect(await sendBy({ ...mail, port: closed, tls: "none", ...signIn }, { PASS: "p4ss-w0rd" })).toBeNull();
  const refused = await sendBy({ ...mail, port: closed, tls: "none", ...signIn }, { PASS: "wr0ng-p4ss" });
  expect(refused).toMatchObject({ reason: "credentials-refused" });
  expect(JSON.stringify(refused)).not.toContain("wr0ng-p4ss");
  expect(mails).toHaveLength(2);
});

it("lets no name add a header to a mail or a second line to a subject", () => {
  const message = messageOf(alertOf("x\r\nBcc: evil@example.com"), "crm\r\nBcc: evil@example.com");
  expect(message.subject.split(/[\r\n]/)).toHaveLength(1);
  expect(message.text).not.toMatch(/^Bcc:/m);
  expect(snsSubject(`${"é".repeat(200)}\n`)).toMatch(/^[\u0020-\u007E]{1,99}$/);
});

it("starts a command without a shell, gives it the alerts on stdin, and keeps secrets from its arguments", async () => {
  const dir = temporaryDirectory();
  const script = join(dir, "page");
  const out = join(dir, "out.json");
  writeFileSync(script, `#!/bin/sh\ncat > "${out}"\nprintf '%s|' "$@" > "${out}.args"\nenv > "${out}.env"\n`);
  chmodSync(script, 0o755);
  process.env["MORAINE_SECRET_SALESFORCE"] = "planted-secret";
  onTestFinished(() => void delete process.env["MORAINE_SECRET_SALESFORCE"]);
  const argv = [script, "; touch pwned", "$(touch pwned)", "a b"];
  const message = messageOf(alertOf("$(touch pwned); `touch pwned`"));
  expect(
    await sendBy({ type: "command", argv, env: { TOKEN: { env: "PAGE" } } }, { PAGE: "p4g3" }, message),
  ).toBeNull();
  expect(JSON.parse(readFileSync(out, "utf8"))).toMatchObject({ alerts: [{ subject: "raw/users" }] });
  expect(readFileSync(`${out}.args`, "utf8")).toBe("; touch pwned|$(touch pwned)|a b|");
  expect(existsSync(join(dir, "pwned")) || existsSync("pwned")).toBe(false);
  const environment = readFileSync(`${out}.env`, "utf8");
  expect(environment).toContain("TOKEN=p4g3");
  expect(environment).not.toContain("planted-secret");
});

it("says how a command failed, and that it can't be started", async () => {
  const failed = await sendBy({ type: "command", argv: ["sh", "-c", "echo no such team >&2; exit 3"] });
  expect(failed).toMatchObject({ expected: "exit code 0", got: "exit code 3: no such team" });
  const missing = await sendBy({ type: "command", argv: ["/no/such/program"] });
  expect(missing).toMatchObject({ message: "/no/such/program can't be started", retryable: false });
  const slow = await sendBy({ type: "command", argv: ["sleep", "60"], timeoutMs: 20 });
  expect(slow).toMatchObject({ reason: "timeout" });
});
