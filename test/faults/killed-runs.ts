import { expect } from "vitest";
import { FaultRig, nothingLeft, randomBelow, type runScript } from "./fault-rig.ts";

/** How a project is tormented. */
export interface Torment {
  readonly assets: number;
  readonly appends: number;
  readonly kills: number;
  /** Lines after which a run is killed at the latest, so that it is killed before it is done. */
  readonly lines: number;
  readonly seed: number;
  /** See AppendingShape. */
  readonly audited?: readonly number[];
}

/**
 * Kills runs of a project, each followed by the same command, until that many were killed and the last generation is
 * done; then all must be as if nothing had happened. One kill of four waits for the moment when a table goes back.
 */
export async function expectKillsToLeaveNoTrace(
  script: Awaited<ReturnType<typeof runScript>>,
  { kills, lines, seed, ...project }: Torment,
): Promise<void> {
  const disturbed = new FaultRig(script);
  const random = randomBelow(seed);
  let generation = 1;
  let killed = 0;
  while (killed < kills) {
    const order = { ...project, generation, workers: 1 + random(4) };
    const isReconciling = random(4) === 0;
    let left = random(lines);
    const isMoment = (line: string) => (isReconciling && line.startsWith("restore ")) || (left -= 1) < 0;
    const hasEnded = await disturbed.kill(order, isMoment, random(3) === 0 ? 0 : random(40));
    if (hasEnded) generation += 1;
    else killed += 1;
  }
  const last = { ...project, generation, workers: 4 };
  await disturbed.run(last);
  const undisturbed = new FaultRig(script);
  for (let number = 1; number <= generation; number++) await undisturbed.run({ ...last, generation: number });
  expect(disturbed.leftovers()).toEqual(nothingLeft);
  expect(await disturbed.state(last)).toEqual(await undisturbed.state(last));
}
