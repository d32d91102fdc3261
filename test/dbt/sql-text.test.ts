import fc from "fast-check";
import { expect, test } from "vitest";
import { withoutLayout } from "../../framework/dbt/sql-text.ts";

const piece = fc.constantFrom(
  "select",
  "a",
  "1",
  "'it''s -- no comment'",
  '"Odd  Name"',
  "{{ ref('x') }}",
  "$$ a  b $$",
  ",",
  "(",
  ")",
  "=",
);
const gap = fc.constantFrom(
  " ",
  "\n",
  "\t ",
  " -- don't\n",
  " /* it's */ ",
  " {# {{ ref('y') }} #} ",
  "\n\n",
);

test("comments and layout make no difference", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(piece, gap, gap)), (pieces) => {
      const one = pieces.map(([text, left]) => text + left).join("");
      const other = pieces.map(([text, , right]) => text + right).join("");
      expect(withoutLayout(one)).toBe(withoutLayout(other));
    }),
  );
});

test("other code makes a difference", () => {
  fc.assert(
    fc.property(fc.array(piece), fc.array(piece), (one, other) => {
      fc.pre(one.join(" ") !== other.join(" "));
      expect(withoutLayout(one.join(" "))).not.toBe(withoutLayout(other.join(" ")));
    }),
  );
});

test("spaces and comment signs inside quotes are code", () => {
  expect(withoutLayout("select 'a  b'")).not.toBe(withoutLayout("select 'a b'"));
  expect(withoutLayout("select '--x'")).not.toBe(withoutLayout("select '--y'"));
  expect(withoutLayout("select ab")).not.toBe(withoutLayout("select a b"));
});
