import { unreachable } from "../../framework/util/unreachable.ts";

/**
 * The shapes of docs/cli.md: `{...Run, a, b?: [number], c: null | Cause, <key>: any}`. A field alone is text, a name with a
 * capital is another shape, `...` brings its fields.
 */
export type Shape =
  | { readonly type: "any" | "text" | "number" | "boolean" | "null" }
  | { readonly type: "literal"; readonly value: string }
  | { readonly type: "name"; readonly name: string }
  | { readonly type: "array"; readonly of: Shape }
  | { readonly type: "either"; readonly shapes: readonly Shape[] }
  | {
      readonly type: "object";
      readonly fields: ReadonlyMap<string, Field>;
      /** Of all names that are not among the fields. */
      readonly rest: Shape | undefined;
      readonly spread: readonly string[];
    };

interface Field {
  readonly isOptional: boolean;
  readonly shape: Shape;
}

const token = /\s*("[^"]*"|<\w+>|\.\.\.\w+|[\w-]+|[{}[\],:?|])/y;

/** Reads one shape; the whole text must be one. */
export function parseShape(text: string): Shape {
  const tokens: string[] = [];
  token.lastIndex = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) tokens.push(match[1] ?? "");
  let at = 0;
  const take = (expected?: string): string => {
    const found = tokens[at++];
    if (found === undefined || (expected !== undefined && found !== expected))
      throw new Error(`expected ${expected ?? "more"} at ${at - 1} in ${text}, got ${found ?? "its end"}`);
    return found;
  };
  const takes = (wanted: string): boolean => tokens[at] === wanted && at++ >= 0;
  const either = (): Shape => {
    const shapes = [one()];
    while (takes("|")) shapes.push(one());
    const [only] = shapes;
    return only !== undefined && shapes.length === 1 ? only : { type: "either", shapes };
  };
  const one = (): Shape => {
    const found = take();
    if (found === "{") return object();
    if (found === "[") {
      const of = either();
      take("]");
      return { type: "array", of };
    }
    if (found.startsWith('"')) return { type: "literal", value: found.slice(1, -1) };
    if (/^[A-Z]/.test(found)) return { type: "name", name: found };
    if (found === "any" || found === "text" || found === "number" || found === "boolean" || found === "null")
      return { type: found };
    throw new Error(`expected a shape in ${text}, got ${found}`);
  };
  const object = (): Shape => {
    const fields = new Map<string, Field>();
    const spread: string[] = [];
    let rest: Shape | undefined;
    while (!takes("}")) {
      const name = take();
      const isOptional = takes("?");
      const shape = takes(":") ? either() : ({ type: "text" } as const);
      if (name.startsWith("<")) rest = shape;
      else if (name.startsWith("...")) spread.push(name.slice(3));
      else fields.set(name, { isOptional, shape });
      if (tokens[at] !== "}") take(",");
    }
    return { type: "object", fields, rest, spread };
  };
  const shape = either();
  if (at < tokens.length) throw new Error(`expected the end of ${text}, got ${tokens[at]}`);
  return shape;
}

/** Where a value is not of a shape; empty when it is. `shapes` are those that others name. */
export function mismatches(
  value: unknown,
  shape: Shape,
  shapes: ReadonlyMap<string, Shape>,
  path = "",
): readonly string[] {
  const refuse = (expected: string) => [
    `${path || "the document"}: expected ${expected}, got ${JSON.stringify(value)}`,
  ];
  switch (shape.type) {
    case "any":
      return [];
    case "null":
      return value === null ? [] : refuse("null");
    case "text":
      return typeof value === "string" ? [] : refuse("text");
    case "number":
    case "boolean":
      return typeof value === shape.type ? [] : refuse(`a ${shape.type}`);
    case "literal":
      return value === shape.value ? [] : refuse(JSON.stringify(shape.value));
    case "name": {
      const named = shapes.get(shape.name);
      return named === undefined
        ? [`${path}: no shape ${shape.name}`]
        : mismatches(value, named, shapes, path);
    }
    case "array":
      if (!Array.isArray(value)) return refuse("an array");
      return value.flatMap((each, index) => mismatches(each, shape.of, shapes, `${path}[${index}]`));
    case "either": {
      const found = shape.shapes.map((each) => mismatches(value, each, shapes, path));
      return found.some((each) => each.length === 0)
        ? []
        : (found.toSorted((a, b) => a.length - b.length)[0] ?? []);
    }
    case "object": {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return refuse("an object");
      const entries = new Map<string, unknown>(Object.entries(value));
      const fields = new Map(shape.fields);
      for (const name of shape.spread) {
        const other = shapes.get(name);
        if (other?.type !== "object") return [`${path}: no fields of ${name}`];
        for (const [field, its] of other.fields) fields.set(field, its);
      }
      const missing = [...fields].filter(([name, field]) => !field.isOptional && !entries.has(name));
      return [
        ...missing.map(([name]) => `${path}.${name}: missing`),
        ...[...entries].flatMap(([name, each]) => {
          const expected = fields.get(name)?.shape ?? shape.rest;
          return expected === undefined
            ? [`${path}.${name}: not documented`]
            : mismatches(each, expected, shapes, `${path}.${name}`);
        }),
      ];
    }
    default:
      return unreachable(shape);
  }
}
