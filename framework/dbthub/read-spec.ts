import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { DefinitionProblem } from "../definition/problem.ts";
import type { TableDefinition } from "../definition/table.ts";
import { checkSpec } from "./check-spec.ts";
import { specProblems } from "./spec-problems.ts";
import { shownPath } from "../util/shown-path.ts";
import { type Spec, specSchema } from "./spec.ts";
import { parseYaml } from "./yaml-source.ts";

/** A file's spec, or everything that is wrong with it. */
export type ReadSpec =
  | { readonly spec: Spec; readonly problems: readonly []; readonly where: string }
  | { readonly spec: undefined; readonly problems: readonly DefinitionProblem[]; readonly where: string };

/** Reads a `dbthub.yml`. Never throws: what is wrong comes back as problems, all together. */
export function readSpec(file: string | URL, table: TableDefinition): ReadSpec {
  const path = file instanceof URL ? fileURLToPath(file) : file;
  const where = shownPath(path);
  const refuse = (...problems: readonly DefinitionProblem[]) => ({ spec: undefined, problems, where });
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    return refuse({
      message: `can't be read (${(error as NodeJS.ErrnoException).code ?? "unknown error"})`,
      where,
    });
  }
  const source = parseYaml(text, where);
  if (source.errors.length > 0) return refuse(...source.errors);
  // Parsed once in a process: compiling the schema would cost more than it saves.
  const parsed = specSchema.safeParse(source.value, { jitless: true });
  if (!parsed.success) return refuse(...specProblems(parsed.error.issues, source));
  const problems = checkSpec(parsed.data, table, source);
  return problems.length > 0 ? refuse(...problems) : { spec: parsed.data, problems: [], where };
}
