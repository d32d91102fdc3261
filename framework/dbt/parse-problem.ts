import type { DefinitionProblem } from "../definition/problem.ts";

/** Lines that repeat the file's text, or where in it the trouble is. */
const pointing = /^(?:-{3,}|\d+\s*\||line \d+|in [<"]|\^|Raw Error:)/;

/**
 * Turns what dbt says of a project that it can't parse into a problem.
 *
 * @param where gives the path to show for a path, or the end of one, in the dbt project
 */
export function parseProblem(message: string, where: (path: string) => string): DefinitionProblem {
  const lines = message.split("\n").map((line) => line.trim());
  const [, path] = /\(?([\w./-]+\.(?:sql|ya?ml|py|csv|md))\b\)?/.exec(message) ?? [];
  const [, line] = /\bline (\d+)/.exec(message) ?? [];
  // dbt's first line names the sort of error and the file, the next ones say what it is.
  const [title = "", ...rest] = lines.filter((text) => text !== "");
  const said = rest.filter((text) => !pointing.test(text)).slice(0, 4);
  return {
    message: `dbt: ${[title.replace(/\s*\(\S+\)$/, ""), ...said].join(": ").replace(/:: /g, ": ")}`.slice(
      0,
      600,
    ),
    ...(path === undefined ? {} : { where: `${where(path)}${line === undefined ? "" : `:${line}`}` }),
    ...(/dbt deps/.test(message) ? { next: "install the packages: .moraine/venv/bin/dbt deps" } : {}),
  };
}
