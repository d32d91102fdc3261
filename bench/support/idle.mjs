import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

/** Linux counts CPU time in ticks of 10 ms. */
const ticksPerSecond = 100;

/**
 * Starts a program, lets it come to rest, and looks at it and all that it has started for a while; then ends it.
 *
 * @returns at the end of the while: how many processes, MB resident and MB with shared pages divided among those that
 * share them; CPU of the while in percent of a core, and before it in seconds
 */
export async function idle({ command, args, cwd, env = process.env }, { warmUpMs, ms }) {
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  try {
    const early = await Promise.race([ended, wait(warmUpMs)]);
    if (early !== undefined) throw new Error(`${command} ended with ${early}`);
    const before = treeOf(child.pid);
    const started = performance.now();
    await wait(ms);
    const seconds = (performance.now() - started) / 1000;
    const after = treeOf(child.pid);
    return {
      processes: after.length,
      residentMb: sum(after, "residentMb"),
      proportionalMb: sum(after, "proportionalMb"),
      corePercent: (100 * (sum(after, "cpuSeconds") - sum(before, "cpuSeconds"))) / seconds,
      startCpuSeconds: sum(before, "cpuSeconds"),
    };
  } finally {
    child.kill("SIGINT");
    await Promise.race([ended, wait(30_000)]);
    child.kill("SIGKILL");
  }
}

function sum(processes, field) {
  return processes.reduce((total, each) => total + each[field], 0);
}

/** A process and its descendants; the time of those that ended is their parents'. */
function treeOf(root) {
  const all = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? statOf(Number(name)) : []));
  const tree = all.filter(({ pid }) => pid === root);
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid));
  return tree.map((each) => ({ ...each, ...memoryOf(each.pid) }));
}

function statOf(pid) {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === "") return [];
  // The command's name may hold spaces; the numbers begin behind its closing parenthesis, at the third field.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((total, field) => total + Number(field), 0);
  return [{ pid, parent: Number(fields[1]), cpuSeconds: ticks / ticksPerSecond }];
}

function memoryOf(pid) {
  const rollup = read(`/proc/${pid}/smaps_rollup`);
  const megabytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(rollup)?.[1] ?? 0) / 1024;
  return { residentMb: megabytes("Rss"), proportionalMb: megabytes("Pss") };
}

/** Empty for a process that has ended. */
function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
