import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const repository = resolve(import.meta.dirname, "../..");
const compiler = join(repository, "node_modules/typescript/bin/tsc");

function compile(directory: string, ...args: readonly string[]): string {
  const command = [compiler, "--pretty", "false", ...args];
  return spawnSync(process.execPath, command, { cwd: directory, encoding: "utf8" }).stdout;
}

/** Puts moraine's published types, and what these name, where projects in this folder find them. Takes seconds. */
export function installTypes(folder: string): void {
  const modules = join(folder, "node_modules");
  const moraine = join(modules, "moraine");
  mkdirSync(moraine, { recursive: true });
  for (const name of ["@standard-schema", "@types", "zod"])
    symlinkSync(join(repository, "node_modules", name), join(modules, name));
  cpSync(join(repository, "package.json"), join(moraine, "package.json"));
  const problems = compile(repository, "-p", "tsconfig.build.json", "--outDir", join(moraine, "dist/types"));
  if (problems !== "") throw new Error(`expected moraine to compile, got ${problems}`);
}

const tsconfig = {
  compilerOptions: {
    target: "es2023",
    module: "nodenext",
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    types: ["node"],
  },
};

/** What `tsc` prints of a project, a line per error. */
export function compilerOutput(directory: string): readonly string[] {
  writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(tsconfig));
  writeFileSync(join(directory, "package.json"), '{"type":"module"}');
  return compile(directory, "-p", ".").trimEnd().split("\n").filter(Boolean);
}

/** An error, with the text of the line that it is on. */
export interface CompilerError {
  readonly file: string;
  readonly line: string;
  readonly message: string;
}

/** What `tsc` finds in a project. */
export function compilerErrors(directory: string): readonly CompilerError[] {
  return compilerOutput(directory).flatMap((text) => {
    const [, file, line, message] = /^(\S+?)\((\d+),\d+\): error TS\d+: (.*)$/.exec(text) ?? [];
    if (file === undefined || message === undefined) return [];
    const lines = readFileSync(join(directory, file), "utf8").split("\n");
    return { file, line: lines[Number(line) - 1]?.trim() ?? "", message };
  });
}
