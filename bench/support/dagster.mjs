import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { jsonLines, timed } from "./measure.mjs";
import { cacheDir, root } from "./places.mjs";

/** Pinned: what the figures are about. */
export const dagsterVersion = "1.13.28";
const venv = join(cacheDir, `dagster-${dagsterVersion}`);
const env = { ...process.env, DAGSTER_DISABLE_TELEMETRY: "1", PYTHONWARNINGS: "ignore" };

/** Installs the peer when it is not there yet, which takes a minute; pip's progress goes to stderr. */
export function installDagster() {
  if (existsSync(join(venv, "installed"))) return;
  rmSync(venv, { recursive: true, force: true });
  console.error(`Installing dagster ${dagsterVersion} into ${venv}`);
  const run = (command, args) => {
    const { status, error } = spawnSync(command, args, { stdio: ["ignore", 2, 2] });
    if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${error?.message ?? status}`);
  };
  run(process.env.MORAINE_PYTHON ?? "python3", ["-m", "venv", venv]);
  run(join(venv, "bin/pip"), ["install", "--disable-pip-version-check", `dagster==${dagsterVersion}`]);
  run(join(venv, "bin/python"), ["-c", `open(${JSON.stringify(join(venv, "installed"))}, "w")`]);
}

/** Runs one of bench/peer's scripts and reads what it measured, a line each. */
export function peer(script, ...args) {
  return jsonLines(timed(join(venv, "bin/python"), [join(root, "bench/peer", script), ...args], { env }));
}

/** One of Dagster's programs, to be started with this environment. */
export function dagsterCommand(name) {
  return { command: join(venv, "bin", name), env };
}

/** Times Dagster's own command line. */
export function dagster(args, more) {
  return timed(join(venv, "bin/dagster"), args, { env: { ...env, ...more } });
}
