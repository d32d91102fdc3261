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
    const end = isQuoted ? afterQuoted(text, at) : endOfBareCell(text, at);
    const delimiter = end === undefined ? undefined : text[end];
    if (end === undefined || delimiter === undefined) return undefined;
    cells.push(
      isQuoted ? text.slice(at + 1, end - 1).replaceAll('""', '"') : text.slice(at, end) || undefined,
    );
    at = end + 1;
    if (delimiter === "\n") return { cells, end: at };
  }
}

/** The place after the value in quotes that opens at one; undefined when its closing quote is yet to come. */
function afterQuoted(text: string, opening: number): number | undefined {
  for (let at = text.indexOf('"', opening + 1); at !== -1; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at + 1;
  }
  return undefined;
}

function endOfBareCell(text: string, from: number): number {
  for (let at = from; at < text.length; at++) if (text[at] === "," || text[at] === "\n") return at;
  return text.length;
}
