import type { SnsChannel } from "../../../definition/alerts.ts";
import { fail } from "../../../event/failure.ts";
import { awsProblem } from "../../../util/aws-problem.ts";
import { proxyAgents } from "../../../util/proxy-agents.ts";
import type { Channel } from "./channel.ts";

/** SNS refuses longer subjects, and any that is not printable ASCII. */
const mostSubject = 99;
/** SNS takes 256 KiB of everything together. */
const mostBytes = 200_000;

/** Publishes the text to a topic, with what subscriptions may filter by as attributes. */
export function snsChannel(config: SnsChannel): Channel {
  return {
    async send(message, { signal }) {
      const { PublishCommand, SNSClient } = await import("./sns-client.ts");
      const client = new SNSClient({
        region: config.region ?? config.topicArn.split(":")[3] ?? "",
        ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
        ...(config.profile === undefined ? {} : { profile: config.profile }),
        requestHandler: { ...proxyAgents() },
        // We try again ourselves, and say why.
        maxAttempts: 1,
      });
      const attribute = (value: string) => ({ DataType: "String", StringValue: value });
      try {
        await client.send(
          new PublishCommand({
            TopicArn: config.topicArn,
            Subject: snsSubject(message.subject),
            Message: cutToBytes(message.text, mostBytes),
            MessageAttributes: {
              severity: attribute(message.severity),
              project: attribute(message.project),
              target: attribute(message.target),
              delivery: attribute(message.id),
            },
          }),
          { abortSignal: signal },
        );
      } catch (error) {
        signal.throwIfAborted();
        const { reason = "bad-response", retryable, summary, text, help } = awsProblem(error, config.profile);
        fail(
          {
            reason,
            message: `the topic did not take the message: ${summary}`,
            retryable,
            got: text,
            where: config.topicArn,
            ...help,
          },
          error,
        );
      } finally {
        client.destroy();
      }
    },
  };
}

/** A subject as SNS takes it: what it has no sign for becomes a question mark. */
export function snsSubject(subject: string): string {
  const ascii = subject.replaceAll(/[^\u0020-\u007E]/g, "?").trim();
  return ascii.length > mostSubject ? `${ascii.slice(0, mostSubject - 3)}...` : ascii;
}

function cutToBytes(text: string, most: number): string {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length <= most) return text;
  return `${bytes
    .subarray(0, most)
    .toString("utf8")
    .replace(/\uFFFD$/, "")}\n...`;
}
