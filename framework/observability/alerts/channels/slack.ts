import type { SlackChannel } from "../../../definition/alerts.ts";
import type { AlertMessage } from "../../../event/alert.ts";
import type { SecretValues } from "../secret-values.ts";
import type { Channel } from "./channel.ts";
import { request } from "./http.ts";

/** Slack cuts longer texts. */
const mostCharacters = 12_000;

/** Posts the text to an incoming webhook. */
export function slackChannel(config: SlackChannel, secrets: SecretValues): Channel {
  return {
    async send(message, options) {
      await request({
        url: await secrets.read(config.url, options),
        method: "POST",
        headers: { "content-type": "application/json; charset=utf-8" },
        body: JSON.stringify({ text: slackText(message) }),
        signal: options.signal,
      });
    },
  };
}

/**
 * The subject in bold, the rest as it is. The three characters that Slack reads as markup are escaped, so that no name or
 * message can call a whole channel; see Slack's "Formatting text for app surfaces".
 */
export function slackText({ subject, text }: Pick<AlertMessage, "subject" | "text">): string {
  const escape = (raw: string) =>
    raw.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  // Three backticks would end the block.
  const body = escape(text).replaceAll("`", "'");
  const cut = body.length > mostCharacters ? `${body.slice(0, mostCharacters)}\n...` : body;
  return `*${escape(subject).replaceAll("*", "")}*\n\`\`\`\n${cut}\n\`\`\``;
}
