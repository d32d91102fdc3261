// Wall and CPU time of the shipped pipeline in a new project: the first run (Python environment made), runs after a day
// with changes, runs in which nothing changed. The floor beside them is Python importing dbt, which a run that needs dbt
// cannot go below. Usage: node bench/pipeline.mjs [users] [runs]
import { cpSync } from "node:fs";
import { join } from "node:path";
import { median, printTable, timed, timedNode } from "./support/measure.mjs";
import { inTemporaryFolder, moraine, root } from "./support/places.mjs";

const users = process.argv[2] ?? "2000";
const runs = Number(process.argv[3] ?? 5);

await inTemporaryFolder((project) => {
  for (const path of ["moraine.config.ts", "assets", "schedules", "dbt"])
    cpSync(join(root, path), join(project, path), { recursive: true });
  const run = (...args) => timedNode([moraine, ...args, "--plain"], { cwd: project });
  const figures = {
    "first run": [run("demo", "--users", users)],
    "a day with changes": [],
    "nothing changed": [],
    "python: import dbt": [],
  };
  const python = join(project, ".moraine/venv/bin/python");
  for (let time = 0; time < runs; time++) {
    figures["a day with changes"].push(run("demo"));
    figures["nothing changed"].push(run("materialize"));
    figures["python: import dbt"].push(timed(python, ["-c", "import dbt.cli.main, dbt.adapters.duckdb"]));
  }
  printTable(
    `The shipped pipeline, ${users} users; median of ${runs}`,
    ["run", "wall s", "CPU s"],
    Object.entries(figures).map(([name, times]) => [
      name,
      median(times.map(({ wall }) => wall)).toFixed(2),
      median(times.map(({ cpu }) => cpu)).toFixed(2),
    ]),
  );
});
