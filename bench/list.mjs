// `list` of projects with 3 and with 1,000 assets, cold processes, beside `dagster asset list`, in turn.
// Usage: node bench/list.mjs [runs]
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dagster, dagsterVersion, installDagster } from "./support/dagster.mjs";
import { inTurn, median, printTable, timedNode } from "./support/measure.mjs";
import { inTemporaryFolder, moraine, root } from "./support/places.mjs";

const runs = Number(process.argv[2] ?? 5);
installDagster();

/** The same assets as bench/peer/definitions.py has: a chain. */
const config = (count) => `import { defineAsset, defineConfig } from "moraine";
const assets = [];
for (let number = 0; number < ${count}; number++) {
  const deps = number === 0 ? {} : { before: assets[number - 1] };
  assets.push(defineAsset({ key: \`bench/a\${number}\`, deps, codeVersion: "1", materialize: () => ({}) }));
}
export default defineConfig({ name: "bench", assets });
`;

function makeProject(folder, count) {
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  symlinkSync(root, join(folder, "node_modules/moraine"));
  writeFileSync(join(folder, "moraine.config.ts"), config(count));
}

await inTemporaryFolder(async (folder) => {
  const rows = [];
  for (const count of [3, 1000]) {
    const project = join(folder, String(count));
    makeProject(project, count);
    const ours = () => timedNode([moraine, "list", "--json"], { cwd: project });
    if (JSON.parse(ours().stdout).length !== count) throw new Error(`expected ${count} assets`);
    const definitions = join(root, "bench/peer/definitions.py");
    const home = { DAGSTER_HOME: project, SHAPE: "chain", COUNT: String(count) };
    const measured = await inTurn(runs, {
      ours,
      theirs: () => dagster(["asset", "list", "-f", definitions], home),
    });
    const times = (field) =>
      median(measured.ours.map((figure, run) => measured.theirs[run][field] / figure[field]));
    rows.push([
      count,
      ...[measured.ours, measured.theirs].map((figures) =>
        median(figures.map(({ wall }) => wall)).toFixed(2),
      ),
      times("wall").toFixed(1),
      times("cpu").toFixed(1),
    ]);
  }
  printTable(
    `Listing a project, cold process; median of ${runs}, Dagster ${dagsterVersion}`,
    ["assets", "`moraine list` s", "`dagster asset list` s", "times", "times, by CPU"],
    rows,
  );
});
