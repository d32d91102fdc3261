// Runs of assets that do nothing, in this process, everything recorded in a new store on disk each. Prints JSON lines.
// Usage: node bench/support/run-process.mjs SHAPE COUNT FOLDER [RUNS], where SHAPE is one of shapes.mjs or `partitions`
import { join } from "node:path";
import { importEngine } from "./engine.mjs";
import { openRun } from "./open-run.mjs";
import { noOpAssets, partitionedAsset, shapes } from "./shapes.mjs";

const [shape, count, folder, runs = 1] = process.argv.slice(2);
const engine = await importEngine();
const assets =
  shape === "partitions"
    ? [partitionedAsset(engine, Number(count))]
    : noOpAssets(engine.defineAsset, shapes[shape](Number(count)));
for (let number = 0; number < Number(runs); number++) {
  const run = openRun(engine, { folder: number === 0 ? folder : join(folder, String(number)), assets });
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  const { status } = await run.materialize();
  // Closing copies the write-ahead log into the file, which belongs to the price of what was recorded.
  run.store.close();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  if (status !== "succeeded") throw new Error(`expected success, got ${status}`);
  const rssMb = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6, rssMb }));
}
