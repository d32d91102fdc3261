import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Runs a command to its end. Seconds; `cpu` is that of the process and of those it waited for.
 * @throws when it does not exit with 0
 */
export function timed(command, args, options = {}) {
  const cpuBefore = childCpuSeconds();
  const started = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    ...options,
  });
  const wall = (performance.now() - started) / 1000;
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} exited with ${status}: ${stderr}${stdout}`);
  return { wall, cpu: childCpuSeconds() - cpuBefore, stdout };
}

/** The same with our Node and a script of ours. */
export function timedNode(args, options) {
  return timed(process.execPath, args, options);
}

/** A file beside this one. */
export function supportScript(name) {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** What a command prints, a line of JSON each. */
export function jsonLines({ stdout }) {
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** The last of them. */
export function lastJson(printed) {
  return jsonLines(printed).at(-1);
}

/** Calls each of `works` in turn, `times` times round, so that drift of the machine's speed falls on all of them. */
export async function inTurn(times, works) {
  const results = Object.fromEntries(Object.keys(works).map((name) => [name, []]));
  for (let time = 0; time < times; time++)
    for (const [name, work] of Object.entries(works)) results[name].push(await work());
  return results;
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}

/** A table in Markdown. */
export function printTable(title, head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  console.log(["", title, "", line(head), line(head.map(() => "---")), ...rows.map(line), ""].join("\n"));
}

/** CPU that ended children have used (Linux: ticks of 10 ms in /proc/self/stat). */
function childCpuSeconds() {
  const text = readFileSync("/proc/self/stat", "utf8");
  // The command's name may hold spaces; the numbers begin behind its closing parenthesis, at the third field.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}
