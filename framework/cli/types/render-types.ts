import { type BaseType, baseTypeOf } from "../../definition/base-type.ts";
import type { LakeColumn } from "../../lakehouse/lakehouse.ts";
import type { ColumnShape, RememberedColumns, RowShape } from "./row-shapes.ts";

/** First line of every file that `moraine types` writes: it overwrites no other. */
export const typesHeader =
  "// Written by `moraine types`. Do not edit: run it again when what it was made from has changed.";

/** The types of values by {@link BaseType}, as `ColumnValue` has them. */
const valueTypes: Readonly<Record<BaseType, string>> = {
  boolean: "boolean",
  int: "number",
  long: "number | `${bigint}`",
  float: 'number | "NaN" | "Infinity" | "-Infinity"',
  double: 'number | "NaN" | "Infinity" | "-Infinity"',
  decimal: "string",
  date: "string",
  timestamp: "string",
  string: "string",
  binary: "string",
};

/**
 * The file: an interface per asset whose columns are known, and all of them by key in `AssetRows` of moraine. The same
 * shapes give the same text.
 */
export function renderTypes(shapes: readonly RowShape[]): string {
  const names = interfaceNames(shapes);
  const entries = shapes.map(({ key }) => `    ${JSON.stringify(key)}: ${names.get(key) ?? "unknown"};\n`);
  const interfaces = shapes.flatMap((shape) => {
    const name = names.get(shape.key);
    return name === undefined ? [] : [renderInterface(shape, name)];
  });
  return [
    `${typesHeader}\n`,
    // Without an export the file would declare the module instead of adding to it.
    ...(interfaces.length === 0 ? ["export {};\n"] : interfaces),
    `declare module "moraine" {\n  interface AssetRows {\n${entries.join("")}  }\n}\n`,
  ].join("\n");
}

function renderInterface({ key, description, columns }: RowShape, name: string): string {
  const about = [`Rows of \`${key}\`.`, sentence(description)].filter((part) => part !== "").join(" ");
  return [`/** ${about} */`, `export interface ${name} {`, ...columns.flatMap(renderColumn), "}\n"].join(
    "\n",
  );
}

function renderColumn(column: ColumnShape): readonly string[] {
  const { name, type, required, origin } = column;
  const base = type === undefined ? undefined : baseTypeOf(type);
  const value = base === undefined ? "unknown" : `${valueTypes[base]}${required ? "" : " | null"}`;
  const kind =
    type === undefined
      ? "type not declared"
      : `\`${sentence(type).replaceAll("`", "'")}\`${required ? ", required" : ""}${origin === "lake" ? " (lake)" : ""}`;
  const about = [kind, sentence(column.description)].filter((part) => part !== "").join(". ");
  return [`  /** ${about} */`, `  readonly ${memberName(name)}: ${value};`];
}

/** One line that can't end a comment. */
function sentence(text = ""): string {
  return text.trim().replaceAll(/\s+/g, " ").replaceAll("*/", "* /");
}

function memberName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

/** `SfRawSfUser` for `sf_raw/sf_user`; numbered in the order of keys where two would be the same. */
function interfaceNames(shapes: readonly RowShape[]): ReadonlyMap<string, string> {
  const taken = new Map<string, number>();
  const withColumns = shapes.filter(({ columns }) => columns.length > 0);
  return new Map(
    withColumns.map(({ key }) => {
      const name = key.split(/[/_]/).map(capitalize).join("");
      const count = (taken.get(name) ?? 0) + 1;
      taken.set(name, count);
      return [key, count === 1 ? name : `${name}_${count}`];
    }),
  );
}

function capitalize(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}

const block = /^\/\*\* Rows of `([^`]+)`\.[^\n]*\*\/\nexport interface \w+ \{\n((?: {2}[^\n]*\n)*)\}$/gm;
const lakeMember =
  /^ {2}\/\*\* `([^`]+)`(, required)? \(lake\)[. ][^\n]*\*\/\n {2}readonly ([\w$]+|"(?:[^"\\]|\\.)*"): /gm;

/** The columns that a file says it has from the lake, by key. */
export function rememberedColumns(text: string): RememberedColumns {
  return new Map([...text.matchAll(block)].map(([, key = "", body = ""]) => [key, lakeColumns(body)]));
}

function lakeColumns(body: string): readonly LakeColumn[] {
  return [...body.matchAll(lakeMember)].map(([, type = "", required, name = ""]) => ({
    name: name.startsWith('"') ? (JSON.parse(name) as string) : name,
    type,
    required: required !== undefined,
  }));
}
