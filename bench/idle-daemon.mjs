// What a daemon with 20 daily schedules holds and uses while nothing is due, with all its processes, beside
// `dagster-daemon run` with the same ones; one after the other. Usage: node bench/idle-daemon.mjs [seconds]
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dagsterCommand, dagsterVersion, installDagster } from "./support/dagster.mjs";
import { idle } from "./support/idle.mjs";
import { printTable } from "./support/measure.mjs";
import { inTemporaryFolder, moraine, root } from "./support/places.mjs";

const seconds = Number(process.argv[2] ?? 60);
const count = 20;
// Long enough for each to have started its processes and looked at every schedule.
const warmUpSeconds = 35;

const config = `import { defineAsset, defineConfig, defineSchedule } from "moraine";
const one = defineAsset({ key: "bench/one", materialize: () => ({}) });
const two = defineAsset({ key: "bench/two", deps: { one }, materialize: () => ({}) });
const three = defineAsset({ key: "bench/three", deps: { two }, materialize: () => ({}) });
const hour = (new Date().getUTCHours() + 12) % 24;
export default defineConfig({
  name: "bench",
  assets: [one, two, three],
  schedules: Array.from({ length: ${count} }, (_, number) =>
    defineSchedule({ name: "daily-" + number, cron: number + " " + hour + " * * *", timezone: "UTC" })),
});
`;

function startMoraine(folder) {
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/moraine"));
  writeFileSync(join(folder, "moraine.config.ts"), config);
  return { command: process.execPath, args: [moraine, "daemon"], cwd: folder };
}

function startDagster(folder) {
  writeFileSync(join(folder, "dagster.yaml"), "telemetry:\n  enabled: false\n");
  const args = ["run", "-f", join(root, "bench/peer/schedules.py")];
  const { command, env } = dagsterCommand("dagster-daemon");
  return { command, args, cwd: folder, env: { ...env, DAGSTER_HOME: folder, COUNT: String(count) } };
}

installDagster();
const rows = [];
for (const [name, start] of [
  ["`moraine daemon`", startMoraine],
  ["`dagster-daemon run`", startDagster],
]) {
  const figures = await inTemporaryFolder((folder) =>
    idle(start(folder), { warmUpMs: warmUpSeconds * 1000, ms: seconds * 1000 }),
  );
  rows.push([
    name,
    figures.processes,
    figures.residentMb.toFixed(0),
    figures.proportionalMb.toFixed(0),
    figures.corePercent.toFixed(2),
    figures.startCpuSeconds.toFixed(1),
  ]);
}
printTable(
  `A daemon with ${count} daily schedules, idle for ${seconds} s, Dagster ${dagsterVersion}`,
  ["daemon", "processes", "MB resident", "MB, shared ones by their part", "% of a core", "CPU s to start"],
  rows,
);
