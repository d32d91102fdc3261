import { describe, expect, it } from "vitest";
import { functionVersion } from "../../framework/definition/function-version.ts";

// From text, so that the compiler of the tests does not remove comments and layout first.
const version = (text: string) => functionVersion(Object.assign(() => {}, { toString: () => text }));

describe("the code version of a function", () => {
  it("stays the same when only comments and layout change", () => {
    expect(version("(x) => { /* why */ return x / 2; // half\n }")).toBe(
      version("(x) => {\n\n  return x\n / 2;\n}"),
    );
  });

  it("changes with the code", () => {
    expect(version("(x) => x / 2")).not.toBe(version("(x) => x / 3"));
  });

  it("keeps what only looks like a comment", () => {
    expect(version('() => "a // b"')).not.toBe(version('() => "a "'));
    expect(version("(x) => x.match(/\\/* y/)")).not.toBe(version("(x) => x.match(/ y/)"));
    expect(version("() => `a /* b */ ${1}`")).not.toBe(version("() => `a  ${1}`"));
  });

  it("keeps the space inside text", () => {
    expect(version('() => "a  b"')).not.toBe(version('() => "a b"'));
  });
});
