import { unreachable } from "../util/unreachable.ts";
import { operatorWords, type Reach, type Selection } from "./selection-syntax.ts";

/** How tight each form binds; what binds no tighter than its surroundings stands in parentheses. */
const tightness = {
  or: 0,
  and: 1,
  not: 2,
  reach: 3,
  "changed-since": 3,
  name: 4,
  attribute: 4,
  call: 4,
} as const satisfies Record<Selection["type"], number>;

/** Writes a selection as one argument that reads back as the same selection, with no more parentheses than it needs. */
export function printSelection(selection: Selection): string {
  switch (selection.type) {
    case "name":
      return isPlainName(selection.pattern) ? selection.pattern : quote(selection.pattern);
    case "attribute":
      return `${selection.field}:${isPlain(selection.value) ? selection.value : quote(selection.value)}`;
    case "call":
      return `${selection.name}()`;
    case "changed-since":
      return `changed since ${isPlain(selection.since) ? selection.since : quote(selection.since)}`;
    case "reach":
      return printReach(selection);
    case "not":
      return `not ${within(selection.operand, tightness.not)}`;
    case "and":
    case "or":
      return selection.operands
        .map((operand) => within(operand, tightness[selection.type] + 1))
        .join(` ${selection.type} `);
    default:
      return unreachable(selection);
  }
}

function printReach({ of, up, down }: Reach): string {
  const before = up === undefined ? "" : `${hops(up)}+`;
  const after = down === undefined ? "" : `+${hops(down)}`;
  return `${before}${within(of, tightness.name)}${after}`;
}

function hops(count: number): string {
  return count === Infinity ? "" : String(count);
}

function within(selection: Selection, least: number): string {
  const text = printSelection(selection);
  return tightness[selection.type] < least ? `(${text})` : text;
}

/** A name that starts with a digit is quoted: `2+1` would read as two hops above `1`. */
function isPlainName(text: string): boolean {
  return isPlain(text) && /^[a-z*?]/i.test(text) && !operatorWords.has(text) && text !== "changed";
}

function isPlain(text: string): boolean {
  return /^[\w*?./@-]+$/.test(text);
}

function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}
