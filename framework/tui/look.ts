import { createPaint, type Paint } from "./words/paint.ts";
import { type Signs, signsFor } from "./words/signs.ts";

/** How things are drawn: which characters, which colours, whether anything spins. */
export interface Look {
  readonly signs: Signs;
  readonly paint: Paint;
  /** False: the spinner stands still. */
  readonly motion: boolean;
}

/** Makes a {@link Look}. */
export function createLook(options: {
  readonly ascii: boolean;
  readonly color: boolean;
  readonly motion: boolean;
}): Look {
  return { signs: signsFor(options.ascii), paint: createPaint(options.color), motion: options.motion };
}

/** The sign of something that works, at a tick of the 8 Hz clock. */
export function spinnerSign(look: Look, tick: number): string {
  const { signs } = look;
  const frame = look.motion ? signs.spinner[Math.floor(tick / 2) % signs.spinner.length] : undefined;
  return look.paint.as("running", frame ?? signs.sign.running);
}
