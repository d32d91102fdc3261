import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { Project } from "./moraine.ts";
import { testExtensions } from "./extensions.ts";

/** A temporary project whose tables are real: DuckDB's Iceberg extension is the checkout's. */
export async function lakeProject(
  files: Readonly<Record<string, string>>,
  directory?: string,
): Promise<Project> {
  const extensions = await testExtensions();
  const project = new Project(files, directory);
  mkdirSync(join(project.directory, ".moraine"));
  symlinkSync(extensions, join(project.directory, ".moraine", "extensions"));
  return project;
}
