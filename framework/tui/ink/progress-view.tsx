import { Box, render, Static, Text } from "ink";
import type { RunEvent } from "../../event/event.ts";
import type { Look } from "../look.ts";
import { liveLines } from "../progress/live-lines.ts";
import type { LiveProgress, LiveProgressOptions } from "../progress/live-progress-options.ts";
import { nothingPrinted, printMore } from "../progress/printed-lines.ts";
import { emptyProgress } from "../progress/progress-state.ts";
import { reduceProgress } from "../progress/reduce-progress.ts";
import { assumeSize } from "../assume-size.ts";
import { createTicker } from "../ticker.ts";

/** What is on the screen: lines that stay, and below them the live part. */
export interface ProgressFrame {
  readonly printed: readonly string[];
  readonly live: readonly string[];
}

/** Draws a {@link ProgressFrame}; `printed` may only grow at its end. */
export function ProgressScreen({ frame }: { readonly frame: ProgressFrame }) {
  return (
    <>
      <Static items={[...frame.printed]}>
        {(line, index) => (
          <Text key={index} wrap="truncate">
            {line}
          </Text>
        )}
      </Static>
      <Box flexDirection="column">
        {frame.live.map((line, index) => (
          // oxlint-disable-next-line react/no-array-index-key -- a line is its place on the screen
          <Text key={index} wrap="truncate">
            {line}
          </Text>
        ))}
      </Box>
    </>
  );
}

/** Shortest time between two frames; a burst of events is drawn once. */
const frameMs = 50;

/** Mounts the live view; see `startLiveProgress`. */
export function mountProgress(options: LiveProgressOptions & { readonly look: Look }): LiveProgress {
  const { stdout, look } = options;
  const now = options.now ?? Date.now;
  let state = emptyProgress;
  let unread: RunEvent[] = [];
  let printed = nothingPrinted;
  let tick = 0;
  let due: NodeJS.Timeout | undefined;
  let isClosed = false;
  let shown: ProgressFrame = { printed: [], live: [] };

  const draw = (withLive: boolean) => {
    clearTimeout(due);
    due = undefined;
    state = reduceProgress(state, unread);
    unread = [];
    const isMoving = state.running.size > 0 || state.resources.size > 0;
    ticker.want(withLive && state.ended === undefined && isMoving);
    const { columns, rows } = stdout;
    printed = printMore(printed, state, look, { columns, listFresh: options.listFresh ?? false });
    const view = { columns, rows, nowMs: now(), tick };
    const live = withLive ? liveLines(state, look, view) : [];
    if (shown.printed === printed.lines && sameLines(shown.live, live)) return;
    shown = { printed: printed.lines, live };
    // Synchronous, unlike a subscription: the last frame must be drawn before the view is taken down.
    instance.rerender(<ProgressScreen frame={shown} />);
  };
  const ticker = createTicker(() => {
    tick++;
    draw(true);
  });
  const forgetSize = assumeSize(stdout);
  const onResize = () => draw(true);
  stdout.on("resize", onResize);
  const instance = render(<ProgressScreen frame={shown} />, {
    stdout,
    ...(options.stderr === undefined ? {} : { stderr: options.stderr }),
    exitOnCtrlC: false,
    // It is decided already that this is a terminal; left to itself, Ink draws nothing where `CI` is set.
    interactive: true,
  });

  return {
    onEvent(event: RunEvent) {
      if (isClosed) return;
      unread.push(event);
      due ??= setTimeout(() => draw(true), frameMs);
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      stdout.off("resize", onResize);
      forgetSize();
      draw(false);
      // Asked for first: a promise made after the end would never settle.
      const exited = instance.waitUntilExit();
      instance.unmount();
      await exited;
    },
  };
}

function sameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}
