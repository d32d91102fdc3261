import { policyProblems } from "../../definition/policy-problem.ts";
import { readSensorResult } from "../../definition/sensor-result.ts";
import { limitsFor } from "../../scheduler/decide-ticks.ts";
import type { NewTick } from "../../store/schedules.ts";
import { thrownText } from "../../util/plain-json.ts";
import { exitCode } from "../exit-code.ts";
import { say } from "../output/print.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";

/** Polls a sensor once, and keeps cursor and runs together; the daemon starts the runs. */
export async function pollSensor(context: VerbContext, name: string): Promise<number> {
  const project = await context.openScheduled();
  const { store, projectDir, stateDir, targetName } = project;
  const sensor = project.schedules.find((each) => each.name === name);
  if (sensor?.kind !== "sensor") throw new UsageError(`no sensor ${name}`);
  const cursor = store.scheduling.schedules().get(name)?.cursor;
  const at = new Date().toISOString();
  const redact = (text: string) => project.redactor.redact(text);
  let given: unknown;
  try {
    given = await sensor.poll({
      cursor,
      projectDir,
      stateDir,
      target: targetName,
      resources: project.resources(),
      signal: context.signal,
      log: (message) => say(`${at} ${redact(message)}`),
    });
  } catch (error) {
    say(redact(`sensor ${name} threw: ${thrownText(error)}`));
    return exitCode.workFailed;
  }
  const read = readSensorResult(given);
  if ("problems" in read) {
    const [wrong] = policyProblems(`sensor ${name} gave a wrong result`, read.problems);
    say(redact(wrong?.message ?? ""));
    return exitCode.workFailed;
  }
  const { result } = read;
  const ticks = (result.runs ?? []).map((run, number): NewTick => ({
    tick: at,
    number,
    status: "queued",
    count: 1,
    notBefore: at,
    request: {
      selection: [run.selection].flat(),
      partitions: [run.partitions ?? []].flat(),
      // They stand in the store, and on the command line of the run.
      tags: JSON.parse(redact(JSON.stringify(run.tags ?? {}))) as Record<string, string>,
      ...limitsFor(sensor),
    },
  }));
  const note = result.skip === undefined ? undefined : redact(result.skip);
  const poll = { name, cursorBefore: cursor, cursor: result.cursor, note, ticks, at };
  return store.scheduling.recordPoll(poll) ? exitCode.done : exitCode.workFailed;
}
