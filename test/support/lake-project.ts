import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { Project } from "./moraine.ts";
import { testPythonEnvironment } from "./python-environment.ts";

/** A temporary project whose tables are real: DuckDB's Iceberg extension comes from the checkout's Python environment. */
export async function lakeProject(
  files: Readonly<Record<string, string>>,
  directory?: string,
): Promise<Project> {
  const environment = await testPythonEnvironment();
  const project = new Project(files, directory);
  mkdirSync(join(project.directory, ".moraine"));
  symlinkSync(environment.dir, join(project.directory, ".moraine", "venv"));
  return project;
}
