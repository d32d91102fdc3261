import type { MailChannel } from "../../../definition/alerts.ts";
import { fail } from "../../../event/failure.ts";
import type { SecretValues } from "../secret-values.ts";
import type { Channel } from "./channel.ts";

/** Sends the text by SMTP. Never in clear text where the config does not say `none`. */
export function mailChannel(config: MailChannel, secrets: SecretValues): Channel {
  const { host, tls = "starttls", from, to, user, password } = config;
  const port = config.port ?? (tls === "implicit" ? 465 : 587);
  return {
    async send(message, options) {
      const { createTransport } = await import("nodemailer");
      const timeoutMs = config.timeoutMs ?? 10_000;
      const transport = createTransport({
        host,
        port,
        secure: tls === "implicit",
        requireTLS: tls === "starttls",
        ignoreTLS: tls === "none",
        connectionTimeout: timeoutMs,
        greetingTimeout: timeoutMs,
        socketTimeout: timeoutMs,
        // A message is text of ours: nothing in it is read from a file or fetched.
        disableFileAccess: true,
        disableUrlAccess: true,
        ...(user === undefined || password === undefined
          ? {}
          : {
              auth: { user: await secrets.text(user, options), pass: await secrets.read(password, options) },
            }),
      });
      const end = () => transport.close();
      options.signal.addEventListener("abort", end, { once: true });
      try {
        await transport.sendMail({
          from,
          to: [...to],
          subject: message.subject,
          text: message.text,
          messageId: `<${message.id}@moraine.invalid>`,
          headers: {
            "Auto-Submitted": "auto-generated",
            "X-Moraine-Delivery": message.id,
            ...(message.severity === "critical" ? { Importance: "high" } : {}),
          },
        });
      } catch (error) {
        options.signal.throwIfAborted();
        refuse(error, `${host}:${port}`);
      } finally {
        options.signal.removeEventListener("abort", end);
        transport.close();
      }
    },
  };
}

function refuse(error: unknown, where: string): never {
  const { code, responseCode, message } = error as {
    readonly code?: string;
    readonly responseCode?: number;
    readonly message: string;
  };
  const got = message.split("\n")[0] ?? "";
  if (code === "EAUTH") {
    fail(
      {
        reason: "credentials-refused",
        message: "the mail server refused user or password",
        // Once more with the secret read anew.
        retryable: true,
        got,
        where,
        next: "renew the secret, then moraine alerts test",
      },
      error,
    );
  }
  // 4yz of SMTP means "try again", 5yz "never".
  const isRefused = responseCode !== undefined && responseCode >= 500;
  const isTls = code === "ETLS" || /certificate|STARTTLS/i.test(message);
  fail(
    {
      reason: isRefused || isTls ? "bad-response" : "unreachable",
      message: isRefused ? "the mail server refused the message" : "the mail can't be delivered",
      retryable: !isRefused && !isTls,
      got,
      where,
      ...(isTls
        ? { next: "see that the server offers TLS with a certificate that this machine trusts" }
        : {}),
    },
    error,
  );
}
