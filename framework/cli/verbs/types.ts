import { existsSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { countOf } from "../../tui/words/numbers.ts";
import { writeAtomically } from "../../util/write-atomically.ts";
import { exitCode } from "../exit-code.ts";
import { print, printJson, say } from "../output/print.ts";
import type { VerbContext } from "../run-verb.ts";
import { rememberedColumns, renderTypes, typesHeader } from "../types/render-types.ts";
import { readRowShapes, type RowShape } from "../types/row-shapes.ts";
import { UsageError } from "../usage-error.ts";

interface TypesOptions {
  readonly check?: boolean;
  readonly out?: string;
}

/** `moraine types`: writes row types, or with `--check` only says whether those on disk are what would be written. */
export async function types(
  context: VerbContext,
  _: readonly string[],
  options: TypesOptions,
): Promise<number> {
  const project = await context.openProject();
  const file =
    options.out === undefined ? join(project.projectDir, "moraine.types.ts") : resolve(options.out);
  const before = readOwn(file);
  const assets = project.graph.keys.map((key) => project.graph.asset(key));
  const { shapes, notes } = await readRowShapes(assets, project.lakehouse, rememberedColumns(before ?? ""));
  const text = renderTypes(shapes);
  const isCurrent = text === before;
  if (!isCurrent && options.check !== true) writeAtomically(file, text);
  const status = isCurrent ? "current" : options.check === true ? "outdated" : "written";
  const shown = relative(".", file);
  if (context.options.json === true) printJson({ file: shown, status, assets: shapes.map(inJson), notes });
  else {
    for (const note of notes) say(`note: ${note}`);
    const typed = shapes.filter(({ columns }) => columns.length > 0).length;
    const found = `${shown}: rows of ${countOf(typed, "asset")}${typed < shapes.length ? `, ${shapes.length - typed} of unknown columns` : ""}`;
    if (status !== "outdated") print(status === "current" ? `${found}; nothing has changed` : found);
  }
  if (status !== "outdated") return exitCode.done;
  sayOutdated(shown, { before, text, command: commandOf(options) });
  return exitCode.notCurrent;
}

function commandOf({ out }: TypesOptions): string {
  return out === undefined ? "moraine types" : `moraine types --out ${out}`;
}

/** The file's text; undefined while there is none. */
function readOwn(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8").replaceAll("\r\n", "\n");
  if (text.startsWith(typesHeader) || text.trim() === "") return text;
  throw new UsageError(
    `${relative(".", file)} was not written by moraine types and is left alone`,
    "name another file with --out, or remove this one",
  );
}

function inJson({ key, columns }: RowShape) {
  return {
    key,
    columns: columns.map(({ name, type, required, origin, description }) => ({
      name,
      type: type ?? null,
      required,
      origin: origin ?? null,
      description: description ?? null,
    })),
  };
}

/** Lines of a difference that are shown. */
const shownLines = 10;

function sayOutdated(
  file: string,
  {
    before,
    text,
    command,
  }: { readonly before: string | undefined; readonly text: string; readonly command: string },
): void {
  if (before === undefined) say(`there is no ${file} yet`);
  else {
    const lines = differingLines(before, text);
    say(
      `${file} is not what the project declares (${countOf(lines.length, "line")})`,
      ...lines.slice(0, shownLines),
      ...(lines.length > shownLines ? [`  and ${lines.length - shownLines} more`] : []),
    );
  }
  say(`  next      ${command}`);
}

/** Lines of which one text has more than the other, in the order of the texts. */
function differingLines(before: string, after: string): readonly string[] {
  const [old, now] = [before.split("\n"), after.split("\n")];
  return [
    ...surplus(old, now).map((line) => `  - ${line.trim()}`),
    ...surplus(now, old).map((line) => `  + ${line.trim()}`),
  ];
}

function surplus(lines: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}
