import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinTerms, parseTerm } from "../../framework/graph/selection-parser.ts";
import { printSelection } from "../../framework/graph/selection-print.ts";
import type { Place, Selection } from "../../framework/graph/selection-syntax.ts";
import { selections } from "./selection-arbitrary.ts";

/** Places say where something was written, not what. */
const anyPlace = fc.constant(expect.anything() as Place);

describe("a printed selection", () => {
  const anyText = fc.oneof(
    fc.string({ unit: "binary", maxLength: 8 }),
    fc.string({ unit: fc.constantFrom(...Array.from('a1+^,()"\\ :*?/-\t')), maxLength: 8 }),
    fc.constantFrom("and", "or", "not", "changed", "since", "Data Team", "2+1", "a+", "raw/users", "me@x.no"),
  );
  const leaf: fc.Arbitrary<Selection> = fc.oneof(
    fc.record({ type: fc.constant("name" as const), pattern: anyText, at: anyPlace }),
    fc.record({
      type: fc.constant("attribute" as const),
      field: fc.constantFrom("group", "state", "colour"),
      value: anyText,
      at: anyPlace,
    }),
    fc.record({
      type: fc.constant("call" as const),
      name: fc.constantFrom("roots", "sinks", "leaves"),
      at: anyPlace,
    }),
    fc.record({ type: fc.constant("changed-since" as const), since: anyText, at: anyPlace }),
  );

  it("reads back as the same selection", () => {
    fc.assert(
      fc.property(selections(leaf), (selection) => {
        expect(parseTerm(printSelection(selection))).toEqual({ ok: true, selection });
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ["a,b,^c", "a and b and not c"],
    ["(a) or ((b and c))", "a or b and c"],
    ["not(a or b)+", "not (a or b)+"],
    ["+(changed since 2d)+3", "+(changed since 2d)+3"],
    ["owner:Data Team", 'owner:"Data Team"'],
    ["(+a)+", "(+a)+"],
  ])("of %j is %j", (term, text) => {
    const parsed = parseTerm(term);
    expect(parsed.ok && printSelection(parsed.selection)).toBe(text);
  });

  it("is what any text is read as, unless it is refused with a message", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc.array(anyText).map((parts) => parts.join("")),
        ),
        (text) => {
          const parsed = parseTerm(text);
          if (!parsed.ok) return parsed.problem.message !== "";
          const again = parseTerm(printSelection(parsed.selection));
          return again.ok && printSelection(again.selection) === printSelection(parsed.selection);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

it("arguments join as their text says", () => {
  const [a, b, c] = ["a", "^b", "not c"].map((term) => parseTerm(term));
  if (a?.ok !== true || b?.ok !== true || c?.ok !== true) throw new Error("expected three selections");
  const printed = (...terms: Selection[]) => {
    const joined = joinTerms(terms);
    return joined === undefined ? undefined : printSelection(joined);
  };
  expect(printed()).toBeUndefined();
  expect(printed(b.selection, a.selection, a.selection)).toBe("(a or a) and not b");
  expect(printed(b.selection, c.selection)).toBe("not b and not c");
});
