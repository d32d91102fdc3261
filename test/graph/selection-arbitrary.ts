import fc from "fast-check";
import type { Selection } from "../../framework/graph/selection-syntax.ts";

/** Any selection with the given leaves, at most three forms deep. */
export function selections(leaf: fc.Arbitrary<Selection>): fc.Arbitrary<Selection> {
  const hops = fc.option(fc.oneof(fc.nat(3), fc.constant(Infinity)), { nil: undefined });
  return fc.letrec<{ any: Selection }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      leaf,
      fc.record({ type: fc.constant("not" as const), operand: tie("any") }),
      fc.record({
        type: fc.constantFrom("and" as const, "or" as const),
        operands: fc.array(tie("any"), { minLength: 2, maxLength: 3 }),
      }),
      fc
        .record({ type: fc.constant("reach" as const), of: tie("any"), up: hops, down: hops })
        .filter(({ up, down }) => up !== undefined || down !== undefined),
    ),
  })).any;
}
