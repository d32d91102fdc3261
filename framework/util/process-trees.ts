import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** A process with all that it has started, and what they hold. */
export interface ProcessTree {
  /** The process itself first; empty when it has ended. */
  readonly pids: readonly number[];
  /** Memory of their own; elsewhere than on Linux with what they share counted for each. */
  readonly bytes: number;
}

interface ListedProcess {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  bytes(): number;
}

/**
 * The trees of some processes of this machine: whose parents lead to them, or that are in their process groups. What has
 * left both, as a daemon of its own would, is not found.
 */
export function processTrees(roots: readonly number[]): ReadonlyMap<number, ProcessTree> {
  const all = process.platform === "linux" ? listProc() : listPs();
  const byParent = new Map<number, ListedProcess[]>();
  for (const each of all) byParent.set(each.parent, [...(byParent.get(each.parent) ?? []), each]);
  return new Map(
    roots.map((root) => {
      const tree = new Set(all.filter(({ pid, group }) => pid === root || group === root));
      // A set is walked with what is added meanwhile.
      for (const { pid } of tree) for (const child of byParent.get(pid) ?? []) tree.add(child);
      const found = [...tree].sort((a, b) => Number(b.pid === root) - Number(a.pid === root));
      return [
        root,
        { pids: found.map(({ pid }) => pid), bytes: found.reduce((sum, each) => sum + each.bytes(), 0) },
      ];
    }),
  );
}

/** See proc(5); what ends while it is looked at is left out. */
function listProc(): readonly ListedProcess[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const stat = readOrEmpty(`/proc/${name}/stat`);
    // The program's name before these fields is in parentheses, and may hold spaces and parentheses itself.
    const [state, parent, group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (stat === "" || state === "Z" || state === "X") return [];
    return [{ pid: Number(name), parent: Number(parent), group: Number(group), bytes: () => ownBytes(name) }];
  });
}

/** Without the program's own pages and other files', which the system may take back at any time. */
function ownBytes(pid: string): number {
  const status = readOrEmpty(`/proc/${pid}/status`);
  const kilobytes = [...status.matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm)].map(([, kb]) => Number(kb));
  return kilobytes.reduce((sum, each) => sum + each, 0) * 1024;
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function listPs(): readonly ListedProcess[] {
  const output = execFileSync("ps", ["-axo", "pid=,ppid=,pgid=,rss="], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
  });
  return output.split("\n").flatMap((line) => {
    const [pid = 0, parent = 0, group = 0, kilobytes = 0] = line.trim().split(/\s+/).map(Number);
    return pid > 0 ? [{ pid, parent, group, bytes: () => kilobytes * 1024 }] : [];
  });
}
