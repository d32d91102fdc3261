import { cpSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { lakeProject } from "./lake-project.ts";
import type { Project } from "./moraine.ts";
import { testPythonEnvironment } from "./python-environment.ts";

const repository = resolve(import.meta.dirname, "../..");

/** A copy of the shipped pipeline with a state of its own; the Python environment is the checkout's. */
export async function shippedProject(directory?: string): Promise<Project> {
  const { dir } = await testPythonEnvironment();
  const project = await lakeProject({}, directory);
  symlinkSync(dir, join(project.directory, ".moraine", "venv"));
  for (const path of ["moraine.config.ts", "assets", "schedules", "dbt"]) {
    cpSync(join(repository, path), join(project.directory, path), { recursive: true });
  }
  return project;
}

/** Outcomes of a finished `materialize --json` or `demo --json`. */
export function outcomesOf(stdout: string): Readonly<Record<string, string>> {
  const last = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}") as { outcomes?: Record<string, string> };
  if (last.outcomes === undefined) throw new Error(`expected a finished run, got ${stdout.slice(-2000)}`);
  return last.outcomes;
}
