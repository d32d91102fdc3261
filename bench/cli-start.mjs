// CPU and wall time of cold processes: `node -e 0` as the floor, then `moraine --version` and `moraine list`, in turn,
// so that drift of the machine's speed falls on all of them. Usage: node bench/cli-start.mjs [runs]
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const root = new URL("../", import.meta.url).pathname;
const runs = Number(process.argv[2] ?? 15);
const commands = {
  "node -e 0": ["-e", "0"],
  "moraine --version": ["dist/moraine.js", "--version"],
  "moraine --help": ["dist/moraine.js", "--help"],
  "moraine list --json": ["dist/moraine.js", "list", "--json"],
};

const measured = Object.fromEntries(Object.keys(commands).map((name) => [name, { wall: [], cpu: [] }]));
for (let run = 0; run <= runs; run++) {
  for (const [name, args] of Object.entries(commands)) {
    const before = childCpuMs();
    const started = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
    const wall = performance.now() - started;
    if (status !== 0) throw new Error(`${name} exited with ${status}: ${stderr}`);
    if (run === 0) continue;
    measured[name].wall.push(wall);
    measured[name].cpu.push(childCpuMs() - before);
  }
}

const floor = median(measured["node -e 0"].wall);
console.log("| command | wall ms (median) | CPU ms (median) | times `node -e 0` |\n|---|---|---|---|");
for (const [name, { wall, cpu }] of Object.entries(measured)) {
  console.log(
    `| \`${name}\` | ${median(wall).toFixed(0)} | ${median(cpu).toFixed(0)} | ${(median(wall) / floor).toFixed(1)} |`,
  );
}

/** CPU that ended children have used, milliseconds (Linux: ticks of 10 ms in /proc/self/stat). */
function childCpuMs() {
  const text = readFileSync("/proc/self/stat", "utf8");
  // The command's name may hold spaces; the numbers begin behind its closing parenthesis, at the third field.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
