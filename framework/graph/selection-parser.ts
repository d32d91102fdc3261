import type { DefinitionProblem } from "../definition/problem.ts";
import { SelectionSyntaxError, type Token, tokenize } from "./selection-lexer.ts";
import { operatorWords, type Selection } from "./selection-syntax.ts";

/** How deep parentheses and negations may stand in each other; keeps the stack safe from any input. */
const deepest = 100;

/** An argument as read, or what is wrong with its form. */
export type ParsedTerm =
  | { readonly ok: true; readonly selection: Selection }
  | { readonly ok: false; readonly problem: DefinitionProblem };

/**
 * Reads one argument of a command. From loose to tight: `or`, `and`, `not` and `^`, the comma, hops.
 *
 * @example parseTerm("(group:crm or tag:pii) and not state:fresh")
 */
export function parseTerm(source: string): ParsedTerm {
  try {
    return { ok: true, selection: new Parser(source).parse() };
  } catch (error) {
    if (error instanceof SelectionSyntaxError) return { ok: false, problem: error.problem };
    throw error;
  }
}

/**
 * Joins the arguments of a command: any of them, without those that are a negation. Undefined for no argument at all.
 */
export function joinTerms(terms: readonly Selection[]): Selection | undefined {
  const named = terms.filter((term) => term.type !== "not");
  const taken = terms.filter((term) => term.type === "not");
  const all = named.length === 0 ? taken : [joined("or", named), ...taken];
  return all.length === 0 ? undefined : joined("and", all);
}

function joined(type: "and" | "or", operands: readonly Selection[]): Selection {
  const [first] = operands;
  return first !== undefined && operands.length === 1 ? first : { type, operands };
}

type WordToken = Extract<Token, { readonly type: "word" }>;

class Parser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #position = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokenize(source);
  }

  parse(): Selection {
    const [word, end] = this.#tokens;
    if (word?.type === "word" && end?.type === "end" && word.field === undefined) {
      return { type: "name", pattern: word.text, at: word.at };
    }
    if (word?.type === "end") {
      throw new SelectionSyntaxError(word.at, {
        message: "a selection is empty",
        next: "everything is selected by giving no selection at all",
      });
    }
    const selection = this.#or();
    if (this.#token.type !== "end") this.#refuseOperator("a comma");
    return selection;
  }

  #or(): Selection {
    const operands = [this.#and()];
    while (this.#takeWord("or")) operands.push(this.#and());
    return joined("or", operands);
  }

  #and(): Selection {
    const operands = [this.#unary()];
    while (this.#takeWord("and")) operands.push(this.#unary());
    return joined("and", operands);
  }

  #unary(): Selection {
    if (!this.#takeNegation()) return this.#both(false);
    return this.#deeper(() => ({
      type: "not",
      operand: this.#isNegation() ? this.#unary() : this.#both(true),
    }));
  }

  /** `a,b`. A sign before the list covers all of it, so a second one inside it would mislead whoever reads it. */
  #both(isNegated: boolean): Selection {
    const operands = [this.#reach()];
    while (this.#take(",") !== undefined) {
      if (isNegated && this.#isNegation()) {
        throw new SelectionSyntaxError(this.#token.at, {
          message: "what negates the first of a comma list negates the whole list",
          next: "write ^(a,^b), or a negation as an argument of its own",
        });
      }
      operands.push(this.#takeNegation() ? { type: "not", operand: this.#reach() } : this.#reach());
    }
    return joined("and", operands);
  }

  #reach(): Selection {
    const up = this.#take("up");
    if (up !== undefined && (this.#token.type === "end" || this.#token.at.start !== up.at.end)) {
      this.#refuse(`a term or a parenthesis right after ${text(up)}`);
    }
    const of = this.#atom();
    const down = this.#take("down");
    if (up === undefined && down === undefined) return of;
    return { type: "reach", of, up: up?.hops, down: down?.hops };
  }

  #atom(): Selection {
    const word = this.#take("word");
    if (word !== undefined) return this.#named(word);
    if (this.#take("(") === undefined) this.#refuse("a term");
    const inner = this.#deeper(() => this.#or());
    if (this.#take(")") === undefined) this.#refuseOperator("`)`");
    return inner;
  }

  #named(word: WordToken): Selection {
    if (word.field !== undefined) return this.#attribute(word, word.field);
    if (word.isQuoted) return { type: "name", pattern: word.text, at: word.at };
    if (operatorWords.has(word.text)) {
      this.#position -= 1;
      this.#refuse("a term", `a table of this name is written "${word.text}", in quotes`);
    }
    if (this.#token.type === "(" && this.#token.at.start === word.at.end) return this.#call(word);
    if (word.text === "changed" && this.#takeWord("since")) return this.#changedSince(word);
    return { type: "name", pattern: word.text, at: word.at };
  }

  #call(word: WordToken): Selection {
    this.#take("(");
    const close = this.#take(")") ?? this.#refuse(`\`)\`, for ${word.text}() takes nothing`);
    return { type: "call", name: word.text, at: { ...word.at, end: close.at.end } };
  }

  #changedSince(word: WordToken): Selection {
    const since = this.#take("word");
    if (since === undefined || since.field !== undefined) {
      if (since !== undefined) this.#position -= 1;
      this.#refuse("an instant or an age after `changed since`", "like 2026-11-20T09:00Z or 2d");
    }
    return { type: "changed-since", since: since.text, at: { ...word.at, end: since.at.end } };
  }

  /** An owner may be called `Data Team`: the value goes on to an operator, except where only one word can be meant. */
  #attribute(word: WordToken, field: string): Selection {
    const isOneWord = word.isQuoted || field === "state";
    const end = isOneWord ? word.at.end : this.#endOfValue(word.at.end);
    const valueStart = word.at.start + field.length + 1;
    const value = end === word.at.end ? word.text : this.#source.slice(valueStart, end).trim();
    return { type: "attribute", field, value, at: { ...word.at, end } };
  }

  /** Takes the words that can't be read as anything but more of a value. */
  #endOfValue(end: number): number {
    let last = end;
    for (let token = this.#token; isMoreOfValue(token); token = this.#token) {
      last = token.at.end;
      this.#position += 1;
    }
    return last;
  }

  #deeper<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > deepest) {
      throw new SelectionSyntaxError(this.#token.at, {
        message: `parentheses and negations stand more than ${deepest} deep in each other`,
      });
    }
    const result = read();
    this.#depth -= 1;
    return result;
  }

  get #token(): Token {
    const token = this.#tokens[this.#position] ?? this.#tokens.at(-1);
    if (token === undefined) throw new Error("Internal error: expected a last token, got none");
    return token;
  }

  #take<Type extends Token["type"]>(type: Type): (Token & { readonly type: Type }) | undefined {
    const token = this.#token;
    if (token.type !== type) return undefined;
    this.#position += 1;
    return token as Token & { readonly type: Type };
  }

  #isWord(word: string): boolean {
    const token = this.#token;
    return token.type === "word" && !token.isQuoted && token.field === undefined && token.text === word;
  }

  #takeWord(word: string): boolean {
    const isWord = this.#isWord(word);
    if (isWord) this.#position += 1;
    return isWord;
  }

  #isNegation(): boolean {
    return this.#token.type === "^" || this.#isWord("not");
  }

  #takeNegation(): boolean {
    return this.#take("^") !== undefined || this.#takeWord("not");
  }

  #refuse(expected: string, next?: string): never {
    throw new SelectionSyntaxError(this.#token.at, {
      message: `expected ${expected}, got ${text(this.#token)}`,
      ...(next === undefined ? {} : { next }),
    });
  }

  /** A term has ended, and what comes next does not join it to anything. */
  #refuseOperator(last: string): never {
    const choices = ["`and`", "`or`", "a comma", "`)`"];
    const upTo = choices.slice(0, choices.indexOf(last));
    this.#refuse(`${upTo.join(", ")} or ${last}`, adviceInsteadOf(this.#token));
  }
}

function adviceInsteadOf(token: Token): string | undefined {
  if (token.type === "(") return 'a value with parentheses stands in quotes: owner:"data (eu)"';
  if (token.type === ")") return "no parenthesis is open here";
  if (token.type !== "word") return undefined;
  return /^(?:and|or|not)$/i.test(token.text)
    ? "operators are written in small letters: and, or, and not"
    : "words side by side are not joined; arguments side by side are";
}

function isMoreOfValue(token: Token): boolean {
  const isPlain = token.type === "word" && token.field === undefined && !token.isQuoted;
  return isPlain && !/^(?:and|or)$/i.test(token.text);
}

/** A token as it was written. */
function text(token: Token): string {
  return token.type === "end" ? "the end" : `\`${token.at.source.slice(token.at.start, token.at.end)}\``;
}
