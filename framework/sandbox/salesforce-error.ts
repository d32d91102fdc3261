/** An answer that Salesforce gives instead of data: status, code and its own wording. */
export class SalesforceError extends Error {
  readonly status: number;
  readonly errorCode: string;

  constructor(status: number, errorCode: string, message: string) {
    super(message);
    this.name = "SalesforceError";
    this.status = status;
    this.errorCode = errorCode;
  }

  /** The body of REST and Bulk 2.0 errors: always a list. */
  get body(): readonly { readonly message: string; readonly errorCode: string }[] {
    return [{ message: this.message, errorCode: this.errorCode }];
  }
}

/** The answer to an address that leads nowhere. */
export function notFound(): SalesforceError {
  return new SalesforceError(404, "NOT_FOUND", "The requested resource does not exist");
}

/** The answer to a session that is unknown, revoked or older than two hours. */
export function invalidSession(): SalesforceError {
  return new SalesforceError(401, "INVALID_SESSION_ID", "Session expired or invalid");
}

/** The query that cannot be read, in Salesforce's code. */
export function malformed(message: string): SalesforceError {
  return new SalesforceError(400, "MALFORMED_QUERY", message);
}

/**
 * An error that points into the query as Salesforce does: the text around the place, a caret below it, row and column.
 * The caret stands under the first occurrence of `token`.
 */
export function errorAt(query: string, token: string, errorCode: string, message: string): SalesforceError {
  const escaped = token.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const index = new RegExp(String.raw`(?<![\w.])${escaped}(?!\w)`, "i").exec(query)?.index ?? 0;
  const lineStart = query.lastIndexOf("\n", index) + 1;
  const row = query.slice(0, index).split("\n").length;
  const column = index - lineStart + 1;
  const [line = ""] = query.slice(lineStart).split("\n");
  const from = Math.max(0, column - 31);
  const excerpt = line.slice(from, column + token.length + 30);
  const caret = `${" ".repeat(column - 1 - from)}^`;
  return new SalesforceError(
    400,
    errorCode,
    `\n${excerpt}\n${caret}\nERROR at Row:${row}:Column:${column}\n${message}`,
  );
}
