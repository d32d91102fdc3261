// Wall and CPU time of the shipped pipeline in a new project: the first run (Python environment made), runs after a day
// with changes, runs in which nothing changed. The floor beside them is Python importing dbt, which a run that needs dbt
// cannot go below. Usage: node bench/pipeline.mjs [users] [runs]
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("../", import.meta.url).pathname;
const users = process.argv[2] ?? "2000";
const runs = Number(process.argv[3] ?? 5);
const project = mkdtempSync(join(tmpdir(), "moraine-bench-"));
for (const path of ["moraine.config.ts", "assets", "dbt"])
  cpSync(join(root, path), join(project, path), { recursive: true });

try {
  const first = [moraine("demo", "--users", users)];
  const [changed, unchanged, importing] = [[], [], []];
  for (let run = 0; run < runs; run++) {
    changed.push(moraine("demo"));
    unchanged.push(moraine("materialize"));
    importing.push(
      timed(join(project, ".moraine/venv/bin/python"), ["-c", "import dbt.cli.main, dbt.adapters.duckdb"]),
    );
  }
  const rows = {
    "first run": first,
    "a day with changes": changed,
    "nothing changed": unchanged,
    "python: import dbt": importing,
  };
  console.log(`${users} users, median of ${runs}\n\n| run | wall s | CPU s |\n|---|---|---|`);
  for (const [name, figures] of Object.entries(rows)) {
    console.log(
      `| ${name} | ${median(figures.map(({ wall }) => wall))} | ${median(figures.map(({ cpu }) => cpu))} |`,
    );
  }
} finally {
  rmSync(project, { recursive: true, force: true });
}

function moraine(...args) {
  return timed(process.execPath, [join(root, "dist/moraine.js"), ...args, "--plain"]);
}

function timed(command, args) {
  const cpuBefore = childCpuSeconds();
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: project, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} exited with ${status}: ${stderr}${stdout}`);
  return { wall: (performance.now() - started) / 1000, cpu: childCpuSeconds() - cpuBefore };
}

/** CPU that ended children have used (Linux: ticks of 10 ms in /proc/self/stat, fields 16 and 17). */
function childCpuSeconds() {
  const text = readFileSync("/proc/self/stat", "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

function median(values) {
  return (values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN).toFixed(1);
}
