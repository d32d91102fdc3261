import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { expect, it } from "vitest";
import { send } from "../../framework/observability/alerts/deliver.ts";
import { SecretValues } from "../../framework/observability/alerts/secret-values.ts";
import { systemClock } from "../../framework/util/clock.ts";
import { HttpReceiver } from "../alerts/http-receiver.ts";
import { alertOf, messageOf } from "../alerts/message.ts";

const sns = new SNSClient({});

function publish(topicArn: string) {
  const secrets = new SecretValues({
    secrets: { name: "none", get: () => Promise.reject(new Error("no secrets here")) },
    remember: () => {},
  });
  const signal = new AbortController().signal;
  const options = { secrets, clock: systemClock, projectDir: ".", signal, redact: (text: string) => text };
  return send(options, { type: "sns", topicArn }, messageOf(alertOf("the source is away — Økonomi")));
}

it("publishes an alert to a topic, with what subscriptions filter by", async () => {
  const server = await HttpReceiver.start();
  const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: "moraine-alerts" }));
  for (const severity of ["critical", "warning"]) {
    const Attributes = { FilterPolicy: JSON.stringify({ severity: [severity], project: ["crm"] }) };
    const Endpoint = `${server.url}/${severity}`;
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: "http", Endpoint, Attributes }));
  }
  expect(await publish(TopicArn)).toBeNull();
  const published = server.received
    .map(({ path, body }) => ({ ...(JSON.parse(body) as { Type: string }), path }))
    .filter(({ Type }) => Type === "Notification");
  expect(published).toMatchObject([
    {
      path: "/critical",
      TopicArn,
      Subject: "[moraine crm local] critical: raw/users failed [unreachable]",
      Message: expect.stringContaining("the source is away — Økonomi") as string,
    },
  ]);
});

it("says that a topic is not there", async () => {
  expect(await publish("arn:aws:sns:eu-central-1:123456789012:no-such-topic")).toMatchObject({
    message: expect.stringContaining("the topic did not take the message") as string,
    where: "arn:aws:sns:eu-central-1:123456789012:no-such-topic",
    retryable: false,
  });
});
