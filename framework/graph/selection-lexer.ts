import type { DefinitionProblem } from "../definition/problem.ts";
import { pointAt } from "./selection-problem.ts";
import type { Place } from "./selection-syntax.ts";

/** One token of an argument. `up` and `down` touch what they belong to; the last token is `end`. */
export type Token =
  | {
      readonly type: "word";
      /** Of `field:text`. */
      readonly field: string | undefined;
      readonly text: string;
      /** In quotes it is never an operator. */
      readonly isQuoted: boolean;
      readonly at: Place;
    }
  /** `+` or `2+` before a term, `+` or `+2` after one. */
  | { readonly type: "up" | "down"; readonly hops: number; readonly at: Place }
  | { readonly type: "(" | ")" | "," | "^" | "end"; readonly at: Place };

/** What ends the reading of one argument; only the parser's entry catches it. */
export class SelectionSyntaxError extends Error {
  readonly problem: DefinitionProblem;

  constructor(at: Place, problem: Omit<DefinitionProblem, "where">) {
    super(problem.message);
    this.name = "SelectionSyntaxError";
    this.problem = at.source.trim() === "" ? problem : { ...problem, where: pointAt(at) };
  }
}

/**
 * Cuts an argument into tokens. Blanks, commas and parentheses end a word; `"..."` keeps them, with `\"` and `\\` inside.
 *
 * @throws SelectionSyntaxError when a quote is not closed
 */
export function tokenize(source: string): readonly Token[] {
  const lexer = new Lexer(source);
  const tokens: Token[] = [];
  for (;;) {
    const token = lexer.next(tokens.at(-1));
    tokens.push(token);
    if (token.type === "end") return tokens;
  }
}

class Lexer {
  readonly #source: string;
  #offset = 0;

  constructor(source: string) {
    this.#source = source;
  }

  next(previous: Token | undefined): Token {
    const down = this.#endsTerm(previous) ? this.#match(/\+(\d*)/y) : undefined;
    if (down !== undefined) return this.#hops("down", down);
    this.#match(/\s+/y);
    const start = this.#offset;
    if (start === this.#source.length) return { type: "end", at: this.#from(start) };
    const sign = this.#match(/[(),^]/y)?.[0];
    if (sign === "(" || sign === ")" || sign === "," || sign === "^") {
      return { type: sign, at: this.#from(start) };
    }
    const up = this.#match(/(\d*)\+/y);
    return up === undefined ? this.#word() : this.#hops("up", up);
  }

  /** Whether a `+` at this very place belongs to what stands before it. */
  #endsTerm(previous: Token | undefined): boolean {
    return (
      (previous?.type === ")" || previous?.type === "word") &&
      previous.at.end === this.#offset &&
      this.#source[this.#offset] === "+"
    );
  }

  #word(): Token {
    const start = this.#offset;
    const field = this.#match(/([a-z]+):/y)?.[1];
    if (this.#source[this.#offset] === '"') {
      return { type: "word", field, text: this.#quoted(start), isQuoted: true, at: this.#from(start) };
    }
    const run = this.#match(/[^\s(),]*/y)?.[0] ?? "";
    // Hops are the last `+1` of a word: an owner may be called `r+d`.
    const text = run.replace(/\+\d*$/, "");
    this.#offset -= run.length - text.length;
    return { type: "word", field, text, isQuoted: false, at: this.#from(start) };
  }

  #quoted(start: number): string {
    const body = this.#match(/"((?:[^"\\]|\\.)*)"/sy)?.[1];
    if (body === undefined) {
      this.#offset = this.#source.length;
      throw new SelectionSyntaxError(this.#from(start), { message: 'a quote " is not closed' });
    }
    return body.replaceAll(/\\(.)/gs, "$1");
  }

  #hops(type: "up" | "down", match: RegExpExecArray): Token {
    const hops = match[1] === "" ? Infinity : Number(match[1]);
    return {
      type,
      hops: Number.isSafeInteger(hops) ? hops : Infinity,
      at: this.#from(this.#offset - match[0].length),
    };
  }

  /** Takes what the sticky pattern finds here. */
  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#offset;
    const match = pattern.exec(this.#source) ?? undefined;
    this.#offset += match?.[0].length ?? 0;
    return match;
  }

  #from(start: number): Place {
    return { source: this.#source, start, end: this.#offset };
  }
}
