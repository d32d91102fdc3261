import { readdirSync, readFileSync } from "node:fs";

/** Linux counts CPU time in ticks of 10 ms. */
const ticksPerSecond = 100;

/**
 * CPU time and memory of this process and of all that it started, by role: read from /proc a few times a second, so that
 * the last moment of a process that ends is not seen.
 */
export class ProcessTree {
  #roles;
  #roleOf = new Map();
  #ticks = new Map();
  #cpu = new Map();
  #peakKb = new Map();
  #timer;

  /** @param roles `[role, text]`: a process whose command line holds the text has the role, else that of its parent */
  constructor(roles) {
    this.#roles = roles;
    this.#roleOf.set(process.pid, "bench");
    this.#timer = setInterval(() => this.#look(), 200);
    this.#timer.unref();
  }

  /** Does the work. @returns its value; `wall` and, by role, `cpu` in seconds, and `peakMb`, the most that one process had */
  async measure(work) {
    this.#look();
    const before = new Map(this.#cpu);
    this.#peakKb.clear();
    const started = performance.now();
    const value = await work();
    const wall = (performance.now() - started) / 1000;
    this.#look();
    const seconds = [...this.#cpu].map(([role, ticks]) => [
      role,
      (ticks - (before.get(role) ?? 0)) / ticksPerSecond,
    ]);
    const peaks = [...this.#peakKb].map(([role, kb]) => [role, kb / 1024]);
    return { value, wall, cpu: Object.fromEntries(seconds), peakMb: Object.fromEntries(peaks) };
  }

  #look() {
    const parents = new Map();
    for (const name of readdirSync("/proc")) {
      const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : "";
      // The command's name may hold spaces; the numbers begin behind its closing parenthesis, at the third field.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (stat !== "")
        parents.set(Number(name), {
          parent: Number(fields[1]),
          ticks: Number(fields[11]) + Number(fields[12]),
        });
    }
    for (const [pid, { ticks }] of parents) {
      const role = this.#role(pid, parents);
      if (role === undefined) continue;
      const more = ticks - (this.#ticks.get(pid) ?? 0);
      this.#ticks.set(pid, ticks);
      this.#cpu.set(role, (this.#cpu.get(role) ?? 0) + more);
      const peak = Number(/VmHWM:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
      this.#peakKb.set(role, Math.max(this.#peakKb.get(role) ?? 0, peak));
    }
  }

  #role(pid, parents) {
    if (this.#roleOf.has(pid)) return this.#roleOf.get(pid);
    const parent = parents.get(pid)?.parent;
    const inherited = parent === undefined ? undefined : this.#role(parent, parents);
    if (inherited === undefined) return undefined;
    const command = read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
    const role = this.#roles.find(([, text]) => command.includes(text))?.[0] ?? inherited;
    // What has not become its own program yet is looked at again.
    if (role !== "bench") this.#roleOf.set(pid, role);
    return role;
  }
}

/** Empty for a process that has ended. */
function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
