import type { AlertChannel } from "../../../definition/alerts.ts";
import type { Clock } from "../../../util/clock.ts";
import { unreachable } from "../../../util/unreachable.ts";
import type { SecretValues } from "../secret-values.ts";
import type { Channel } from "./channel.ts";

/** What channels are made with. */
export interface ChannelPlaces {
  readonly secrets: SecretValues;
  readonly clock: Clock;
  /** Where commands are started. */
  readonly projectDir: string;
}

/** Makes a channel; what it needs (the AWS SDK, an SMTP client) is loaded with it. */
export async function openChannel(config: AlertChannel, places: ChannelPlaces): Promise<Channel> {
  const { secrets, clock, projectDir } = places;
  switch (config.type) {
    case "slack":
      return (await import("./slack.ts")).slackChannel(config, secrets);
    case "webhook":
      return (await import("./webhook.ts")).webhookChannel(config, secrets, clock);
    case "sns":
      return (await import("./sns.ts")).snsChannel(config);
    case "mail":
      return (await import("./mail.ts")).mailChannel(config, secrets);
    case "command":
      return (await import("./command.ts")).commandChannel(config, secrets, projectDir);
    default:
      return unreachable(config);
  }
}
