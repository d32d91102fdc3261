// A run that is shown live or in plain lines: `node progress.mjs live|plain`. Goes on to its end on SIGUSR2.
import { createLook } from "../../../framework/tui/look.ts";
import { createPlainReporter } from "../../../framework/tui/plain-reporter.ts";
import { startLiveProgress } from "../../../framework/tui/live-progress.ts";
import { summarizeRun } from "../../../framework/tui/summary.ts";
import { failingRun } from "../events.ts";

const events = failingRun();
const reporter =
  process.argv[2] === "live"
    ? await startLiveProgress({ stdout: process.stdout, ascii: false, color: true, motion: true })
    : createPlainReporter({ write: (text) => process.stdout.write(text) });
for (const event of events.slice(0, 5)) reporter.onEvent(event);

// Not `once`: Ink's own listener would then be the only one left, and would end the process.
process.on("SIGUSR2", () => {
  void finish();
});
const alive = setInterval(() => {}, 1000);
if (process.argv[2] === "plain") await finish();

async function finish(): Promise<void> {
  clearInterval(alive);
  for (const event of events.slice(5)) reporter.onEvent(event);
  await Promise.resolve(reporter.close());
  const look = createLook({ ascii: false, color: process.argv[2] === "live", motion: false });
  process.stdout.write(`${summarizeRun(events, { look }).join("\n")}\n`);
}
