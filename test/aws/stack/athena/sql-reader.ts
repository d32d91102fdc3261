/** A query that Athena would refuse or fail, with the name that its reason starts with. */
export class QueryError extends Error {
  readonly errorName: string;
  /** Whether the statement is at fault, and not the service. */
  readonly isUserError: boolean;

  constructor(errorName: string, message: string, isUserError = true) {
    super(message);
    this.errorName = errorName;
    this.isUserError = isUserError;
  }
}

type TokenKind =
  | "space"
  | "comment"
  | "string"
  | "double-quoted"
  | "backticked"
  | "word"
  | "number"
  | "symbol";

/** A piece of a statement, and where it stands in it. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
}

const pattern =
  /(?<space>\s+)|(?<comment>--[^\n]*|\/\*[\s\S]*?\*\/)|(?<string>'(?:[^']|'')*')|(?<doubleQuoted>"(?:[^"]|"")*")|(?<backticked>`(?:[^`]|``)*`)|(?<word>[A-Za-z_][\w$]*)|(?<number>\d[\w.]*)|(?<symbol>=>|->|<>|!=|<=|>=|\|\||[\s\S])/gy;

/** All tokens of a statement; written one after the other they are the statement again. */
export function tokensOf(sql: string): readonly Token[] {
  return [...sql.matchAll(pattern)].map((match) => {
    const [name = "symbol"] = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined) ?? [];
    const kind = (name === "doubleQuoted" ? "double-quoted" : name) as TokenKind;
    return { kind, text: match[0], start: match.index };
  });
}

/** Trino's spelling of an identifier. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The SQL literal of a text. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The name that an identifier stands for, or the text that a string literal stands for. */
export function valueOf({ kind, text }: Token): string {
  if (kind === "string") return text.slice(1, -1).replaceAll("''", "'");
  if (kind === "backticked") return text.slice(1, -1).replaceAll("``", "`");
  if (kind === "double-quoted") return text.slice(1, -1).replaceAll('""', '"');
  return kind === "word" ? text.toLowerCase() : text;
}

/** Reads a statement token by token, without spaces and comments, so that nothing inside a literal is taken for SQL. */
export class SqlReader {
  readonly #sql: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(sql: string, tokens?: readonly Token[]) {
    this.#sql = sql;
    const own = tokens ?? tokensOf(sql).filter((token) => token.kind !== "space" && token.kind !== "comment");
    this.#tokens = own.slice(0, 1 + own.findLastIndex((token) => token.text !== ";"));
  }

  /** Whether a semicolon stands between two statements. */
  get holdsSeveralStatements(): boolean {
    return this.#tokens.some((token) => token.text === ";");
  }

  peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  next(): Token {
    const token = this.peek();
    if (token === undefined) throw new QueryError("SYNTAX_ERROR", "unexpected end of statement");
    this.#at += 1;
    return token;
  }

  is(...words: readonly string[]): boolean {
    return words.every((word, index) => {
      const token = this.#tokens[this.#at + index];
      return (token?.kind === "word" || token?.kind === "symbol") && token.text.toLowerCase() === word;
    });
  }

  take(...words: readonly string[]): boolean {
    const isThere = this.is(...words);
    if (isThere) this.#at += words.length;
    return isThere;
  }

  need(...words: readonly string[]): void {
    if (!this.take(...words)) this.refuse(`'${words.join(" ").toUpperCase()}'`);
  }

  end(): void {
    if (this.peek() !== undefined) this.refuse("<EOF>");
  }

  refuse(expected: string): never {
    const got = this.peek()?.text ?? "<EOF>";
    throw new QueryError("SYNTAX_ERROR", `mismatched input '${got}'. Expecting: ${expected}`);
  }

  /** A name in a statement of Hive's side: bare or in backticks, in double quotes never. */
  identifier(): string {
    const token = this.next();
    if (token.kind === "double-quoted")
      throw new QueryError("FAILED: ParseException", `cannot recognize input near '${token.text}'`);
    if (token.kind !== "word" && token.kind !== "backticked")
      throw new QueryError("SYNTAX_ERROR", `mismatched input '${token.text}'. Expecting: <identifier>`);
    return valueOf(token);
  }

  /** A name of one to three parts. */
  name(): readonly string[] {
    const parts = [this.identifier()];
    while (this.take(".")) parts.push(this.identifier());
    return parts;
  }

  /** The parts of a list in parentheses, each a reader of its own. */
  list(): readonly SqlReader[] {
    this.need("(");
    const parts: Token[][] = [[]];
    for (let depth = 1; ;) {
      const token = this.next();
      if ("([<".includes(token.text)) depth += 1;
      if (")]>".includes(token.text)) depth -= 1;
      if (depth === 0) break;
      if (depth === 1 && token.text === ",") parts.push([]);
      else parts.at(-1)?.push(token);
    }
    return parts.filter((part) => part.length > 0).map((part) => new SqlReader(this.#sql, part));
  }

  /** `'name' = value` pairs in parentheses; the values as they are written, and string literals as their text. */
  properties(): ReadonlyMap<string, string> {
    return new Map(
      this.list().map((property) => {
        const name = valueOf(property.next()).toLowerCase();
        property.need("=");
        const only = property.peek();
        const text = property.rest();
        return [name, only?.kind === "string" && only.text === text ? valueOf(only) : text];
      }),
    );
  }

  /** What has not been read, as it is written. */
  rest(): string {
    const [first, last] = [this.peek(), this.#tokens.at(-1)];
    this.#at = this.#tokens.length;
    return first === undefined || last === undefined
      ? ""
      : this.#sql.slice(first.start, last.start + last.text.length);
  }
}
