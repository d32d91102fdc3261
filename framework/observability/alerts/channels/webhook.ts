import { createHmac } from "node:crypto";
import type { WebhookChannel } from "../../../definition/alerts.ts";
import type { Clock } from "../../../util/clock.ts";
import type { SecretValues } from "../secret-values.ts";
import type { Channel } from "./channel.ts";
import { request } from "./http.ts";
import { messageJson } from "./message-json.ts";

/** Posts the alerts as JSON, signed where there is a key. */
export function webhookChannel(config: WebhookChannel, secrets: SecretValues, clock: Clock): Channel {
  return {
    async send(message, options) {
      const body = messageJson(message);
      const seconds = Math.floor(clock.now().getTime() / 1000);
      const given = await Promise.all(
        Object.entries(config.headers ?? {}).map(
          async ([name, value]) => [name.toLowerCase(), await secrets.text(value, options)] as const,
        ),
      );
      const key = config.hmacKey === undefined ? undefined : await secrets.read(config.hmacKey, options);
      await request({
        url: await secrets.text(config.url, options),
        method: "POST",
        headers: {
          ...Object.fromEntries(given),
          "content-type": "application/json; charset=utf-8",
          "x-moraine-delivery": message.id,
          "x-moraine-timestamp": String(seconds),
          ...(key === undefined ? {} : { "x-moraine-signature": signatureOf(key, seconds, body) }),
        },
        body,
        signal: options.signal,
      });
    },
  };
}

/**
 * `sha256=` and the HMAC-SHA256, in hexadecimal digits, of the timestamp, a full stop and the body. With the timestamp in it,
 * nobody can send an old message again as a new one.
 */
export function signatureOf(key: string, seconds: number, body: string): string {
  return `sha256=${createHmac("sha256", key).update(`${seconds}.${body}`, "utf8").digest("hex")}`;
}
