import type { AlertChannel } from "../../definition/alerts.ts";
import type { Failure } from "../../event/failure.ts";
import { composeMessage } from "../../observability/alerts/compose.ts";
import { send } from "../../observability/alerts/deliver.ts";
import { alertWords } from "../../tui/words/alert-message.ts";
import { systemClock } from "../../util/clock.ts";
import type { OpenConfig } from "../project/open-project.ts";
import { secretValuesOf } from "../project/secret-values-of.ts";

/** Sends a test message to channels, once each and at once. Nothing of it is recorded. */
export async function testChannels(
  project: OpenConfig,
  channels: Readonly<Record<string, AlertChannel>>,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly { readonly channel: string; readonly failure: Failure | null }[]> {
  const now = systemClock.now();
  const options = {
    secrets: secretValuesOf(project),
    clock: systemClock,
    projectDir: project.projectDir,
    redact: (text: string) => project.redactor.redact(text),
    signal,
  };
  return Promise.all(
    names.map(async (channel) => {
      const config = channels[channel];
      if (config === undefined) throw new Error(`Internal error: expected a channel ${channel}`);
      const identity = ["test", channel, now.toISOString()];
      const draft = {
        project: project.config.name,
        target: project.targetName,
        isTest: true,
        items: [],
        identity,
        now,
      };
      return { channel, failure: await send(options, config, composeMessage(draft, alertWords)) };
    }),
  );
}
