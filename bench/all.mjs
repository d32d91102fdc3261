// Every measurement, one after the other. Nothing else should be running meanwhile.
import { availableParallelism, cpus, totalmem } from "node:os";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
console.log(
  `${availableParallelism()} cores (${cpus()[0]?.model}), ${gigabytes} GB, ${process.platform}, Node ${process.version}`,
);
for (const name of [
  "cli-start",
  "pipeline",
  "list",
  "large-graph",
  "growth",
  "no-op-assets",
  "idle-daemon",
]) {
  const script = fileURLToPath(new URL(`${name}.mjs`, import.meta.url));
  const { status } = spawnSync(process.execPath, [script], { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
