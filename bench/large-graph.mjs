// Definitions, order and every status of a large graph that was materialized before: a cold process, whole. Beside it
// Dagster building and sorting the same graph, without any status. Usage: node bench/large-graph.mjs [assets] [runs]
import { dagsterVersion, installDagster, peer } from "./support/dagster.mjs";
import { buildEngine } from "./support/engine.mjs";
import { inTurn, lastJson, median, printTable, supportScript, timedNode } from "./support/measure.mjs";
import { inTemporaryFolder } from "./support/places.mjs";

const [count, runs] = [process.argv[2] ?? "10000", Number(process.argv[3] ?? 1)];
installDagster();
await buildEngine();

await inTemporaryFolder(async (folder) => {
  timedNode([supportScript("run-process.mjs"), "layered", count, folder]);
  const ours = () => lastJson(timedNode([supportScript("statuses-process.mjs"), "layered", count, folder]));
  const theirs = () => peer("graph.py", count).at(-1);
  const { before, dagster, after } = await inTurn(runs, { before: ours, dagster: theirs, after: ours });
  const moraine = [...before, ...after];
  const of = (figures, field, digits) => median(figures.map((figure) => figure[field])).toFixed(digits);
  printTable(
    `${count} assets, ${moraine[0].edges} edges, Dagster ${dagsterVersion}`,
    ["work", "CPU s", "MB resident"],
    [
      ["moraine: load, order, all statuses", of(moraine, "cpuSeconds", 2), of(moraine, "rssMb", 0)],
      ["Dagster: build", of(dagster, "buildCpuSeconds", 1), of(dagster, "rssMb", 0)],
      ["Dagster: sort", of(dagster, "sortCpuSeconds", 1), ""],
    ],
  );
});
