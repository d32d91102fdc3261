import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseShape, type Shape } from "./json-shape.ts";

/** The shapes of docs/cli.md: those of verbs by what is typed, the others by their names. */
export function documentedShapes(): ReadonlyMap<string, Shape> {
  const page = readFileSync(join(import.meta.dirname, "../../docs/cli.md"), "utf8");
  const [, json = ""] = page.split("\n## JSON\n");
  const [, block = ""] = json.split("```");
  // A definition goes on in the lines that are indented.
  const definitions = block.trim().split(/\n+(?! )/);
  return new Map(
    definitions.map((definition) => {
      const [, name = "", text = ""] = /^(.+?)(?: *= *| {2,})([^]*)$/.exec(definition) ?? [];
      return [name, parseShape(text)] as const;
    }),
  );
}

/** One of them. @throws when the page has none of this name */
export function shapeNamed(shapes: ReadonlyMap<string, Shape>, name: string): Shape {
  const documented = shapes.get(name);
  if (documented === undefined) throw new Error(`docs/cli.md has no shape ${name}`);
  return documented;
}
