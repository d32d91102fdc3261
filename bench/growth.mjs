// Time and memory at 1,000, 10,000 and 100,000: a run of that many assets that do nothing, three upstreams each; their
// statuses in a cold process; a run of that many partitions of one asset. Usage: node bench/growth.mjs [largest]
import { join } from "node:path";
import { buildEngine } from "./support/engine.mjs";
import { lastJson, printTable, supportScript, timedNode } from "./support/measure.mjs";
import { inTemporaryFolder } from "./support/places.mjs";

const largest = Number(process.argv[2] ?? 100_000);
await buildEngine();

const works = [
  ["run of assets", "run-process.mjs", "layered"],
  ["their statuses", "statuses-process.mjs", "layered"],
  ["run of partitions", "run-process.mjs", "partitions"],
];
const sizes = [1000, 10_000, 100_000].filter((size) => size <= largest);
const rows = [];
await inTemporaryFolder((root) => {
  for (const [work, script, shape] of works) {
    for (const count of sizes) {
      // Statuses are read where the run before has left its store.
      const args = [supportScript(script), shape, String(count), join(root, `${shape}-${count}`)];
      const { cpuSeconds, rssMb } = lastJson(timedNode(args));
      const microseconds = (cpuSeconds * 1e6) / count;
      rows.push([work, count, cpuSeconds.toFixed(2), microseconds.toFixed(0), rssMb.toFixed(0)]);
    }
  }
});
printTable("Growth", ["work", "how many", "CPU s", "CPU µs each", "MB resident"], rows);
