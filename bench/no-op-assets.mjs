// Assets per second of runs of assets that do nothing, each with its record on disk, beside Dagster's in-process
// executor, which runs between two of ours. Of several runs in one process, each with a new store, the median counts.
// Usage: node bench/no-op-assets.mjs [assets] [runs]
import { dagsterVersion, installDagster, peer } from "./support/dagster.mjs";
import { buildEngine } from "./support/engine.mjs";
import { jsonLines, median, printTable, supportScript, timedNode } from "./support/measure.mjs";
import { inTemporaryFolder } from "./support/places.mjs";

const [count, runs] = [process.argv[2] ?? "1000", process.argv[3] ?? "3"];
const script = supportScript("run-process.mjs");
installDagster();
await buildEngine();

const rows = [];
for (const shape of ["chain", "wide"]) {
  const ours = () =>
    inTemporaryFolder((folder) => jsonLines(timedNode([script, shape, count, folder, runs])));
  const theirs = () => inTemporaryFolder((folder) => peer("in_process.py", shape, count, folder, runs));
  const before = await ours();
  const dagster = await theirs();
  const moraine = [...before, ...(await ours())];
  const of = (figures, field) => median(figures.map((figure) => figure[field]));
  const times = (field) => (of(dagster, field) / of(moraine, field)).toFixed(0);
  rows.push([
    shape,
    (Number(count) / of(moraine, "seconds")).toFixed(0),
    (Number(count) / of(dagster, "seconds")).toFixed(1),
    times("seconds"),
    times("cpuSeconds"),
  ]);
}
printTable(
  `${count} assets that do nothing, everything recorded, Dagster ${dagsterVersion}, median of ${runs} runs`,
  ["shape", "moraine: assets/s", "Dagster: assets/s", "times", "times, by CPU"],
  rows,
);
