/**
 * Reads the file that Athena keeps a query's answer in: a line per row, a value in double quotes with those inside it
 * doubled, and nothing at all for NULL. Not by a library: those can't tell NULL from the empty text, or take ten times as long.
 *
 * @param chunks the text, cut anywhere
 */
export async function* readResultFile(
  chunks: AsyncIterable<string>,
): AsyncGenerator<readonly (string | undefined)[]> {
  let text = "";
  for await (const chunk of chunks) {
    text += chunk;
    let from = 0;
    for (let line = readLine(text, from); line !== undefined; line = readLine(text, from)) {
      yield line.cells;
      from = line.end;
    }
    text = text.slice(from);
  }
  const last = text === "" ? undefined : readLine(`${text}\n`, 0);
  if (last !== undefined) yield last.cells;
}

interface Line {
  readonly cells: readonly (string | undefined)[];
  /** Where the next one begins. */
  readonly end: number;
}

/** The line that begins at a place; undefined when the text ends before it does. */
function readLine(text: string, from: number): Line | undefined {
  const cells: (string | undefined)[] = [];
  for (let at = from; ;) {
    const isQuoted = text[at] === '"';
    const end = isQuoted ? closingQuote(text, at) + 1 : endOfBareCell(text, at);
    const delimiter = text[end];
    if (end < at || delimiter === undefined) return undefined;
    cells.push(
      isQuoted ? text.slice(at + 1, end - 1).replaceAll('""', '"') : text.slice(at, end) || undefined,
    );
    at = end + 1;
    if (delimiter === "\n") return { cells, end: at };
  }
}

/** The quote that closes the value opened at a place; -1 when it, or what follows it, is yet to come. */
function closingQuote(text: string, opening: number): number {
  for (let at = text.indexOf('"', opening + 1); at !== -1; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  return -1;
}

function endOfBareCell(text: string, from: number): number {
  for (let at = from; at < text.length; at++) if (text[at] === "," || text[at] === "\n") return at;
  return text.length;
}
