// Assets per second of one run of assets that do nothing, each with its record on disk, beside Dagster's in-process
// executor, which runs between two of ours. Usage: node bench/no-op-assets.mjs [assets] [runs]
import { dagsterVersion, installDagster, peer } from "./support/dagster.mjs";
import { buildEngine } from "./support/engine.mjs";
import { inTurn, lastJson, median, printTable, supportScript, timedNode } from "./support/measure.mjs";
import { inTemporaryFolder } from "./support/places.mjs";

const [count, runs] = [process.argv[2] ?? "1000", Number(process.argv[3] ?? 1)];
const script = supportScript("run-process.mjs");
installDagster();
await buildEngine();

const rows = [];
for (const shape of ["chain", "wide"]) {
  const ours = () => inTemporaryFolder((folder) => lastJson(timedNode([script, shape, count, folder])));
  const theirs = () => inTemporaryFolder((folder) => peer("in_process.py", shape, count, folder));
  const { before, dagster, after } = await inTurn(runs, { before: ours, dagster: theirs, after: ours });
  const moraine = [...before, ...after];
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
  `${count} assets that do nothing, everything recorded, Dagster ${dagsterVersion}`,
  ["shape", "moraine: assets/s", "Dagster: assets/s", "times", "times, by CPU"],
  rows,
);
