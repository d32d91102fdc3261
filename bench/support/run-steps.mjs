// Seconds of the steps of a run of the shipped pipeline, told from its events and from the statements at Athena.
import { jsonLines } from "./measure.mjs";

const [log, staging, dimension] = ["sf_raw/sf_user", "sf_staging/stg_sf_user", "sf_curated/dim_sf_user_scd"];

/** @param measured by target, what `materialize --json` printed; `control` of the gateway that the statements went through */
export async function stepsOf(measured, control) {
  const executions = await control.executions();
  const steps = {};
  for (const [target, { value }] of Object.entries(measured))
    steps[target] = stepsOfRun(
      jsonLines({ stdout: value }).map((event) => ({ ...event, at: Date.parse(event.at) })),
      target === "aws" ? executions : [],
    );
  return steps;
}

function stepsOfRun(events, executions) {
  const find = (type, key, message) =>
    events.find(
      (event) => event.type === type && event.key === key && event.message === (message ?? event.message),
    )?.at;
  const seconds = (from, to) => (to - from) / 1000;
  const progress = (message) => find("asset-progress", log, message);
  const assetOf = (key) => seconds(find("asset-started", key), find("asset-finished", key));
  const checksOf = (key) => {
    const ends = events.filter((event) => event.type === "check-finished" && event.key === key);
    return seconds(find("check-started", key), ends.at(-1).at);
  };
  const [normalizing, landed] = [progress("normalizing"), progress("landed")];
  // A short step may pass between two reports.
  const landing = progress("landing") ?? normalizing;
  const loading = executions.filter(
    ({ query, submittedAt }) =>
      submittedAt >= landing && submittedAt < landed && !query.startsWith("SELECT 1 AS found"),
  );
  const statements = loading.map(({ submittedAt, completedAt }) => seconds(submittedAt, completedAt));
  return {
    "extract: window, proof, known users, sweep": seconds(find("asset-started", log), normalizing),
    normalize: seconds(normalizing, landing),
    "land in the log": seconds(landing, landed),
    "of that, count of new keys and MERGE": statements.reduce((sum, each) => sum + each, 0),
    "checks of the log": seconds(landed, find("asset-finished", log)),
    "staging, with checks": assetOf(staging),
    "its checks": checksOf(staging),
    "dimension, with checks": assetOf(dimension),
    "its checks, some at once": checksOf(dimension),
    "whole run": seconds(events[0].at, events.at(-1).at),
  };
}
