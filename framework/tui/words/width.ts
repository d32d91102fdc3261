import stringWidth from "string-width";

// oxlint-disable-next-line no-control-regex -- a printable ASCII text is as wide as it is long
const plainAscii = /^[\u0020-\u007E]*$/;

/** Cells that a text takes; colours take none. */
export function textWidth(text: string): number {
  return plainAscii.test(text) ? text.length : stringWidth(text);
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The longest beginning of a text without colours that fits into `width` cells. */
function head(text: string, width: number): string {
  if (plainAscii.test(text)) return text.slice(0, Math.max(0, width));
  let taken = "";
  let cells = 0;
  for (const { segment } of segmenter.segment(text)) {
    cells += textWidth(segment);
    if (cells > width) break;
    taken += segment;
  }
  return taken;
}

function tail(text: string, width: number): string {
  if (plainAscii.test(text)) return width <= 0 ? "" : text.slice(-width);
  const segments = [...segmenter.segment(text)].map((entry) => entry.segment).toReversed();
  let taken = "";
  let cells = 0;
  for (const segment of segments) {
    cells += textWidth(segment);
    if (cells > width) break;
    taken = segment + taken;
  }
  return taken;
}

/** Cuts the end off a text without colours that is wider than `width`, and says so with an ellipsis. */
export function truncateEnd(text: string, width: number, ellipsis = "…"): string {
  if (textWidth(text) <= width) return text;
  return width <= textWidth(ellipsis)
    ? head(text, width)
    : head(text, width - textWidth(ellipsis)).trimEnd() + ellipsis;
}

/**
 * Cuts a key in the middle: `salesforce/raw/sf_user` becomes `salesf…/sf_user`. The last part stays whole as long as
 * it fits, because it is what tells keys apart.
 */
export function truncateMiddle(text: string, width: number, ellipsis = "…"): string {
  if (textWidth(text) <= width) return text;
  const room = width - textWidth(ellipsis);
  if (room <= 1) return head(text, width);
  const slash = text.lastIndexOf("/");
  const last = slash < 0 ? "" : text.slice(slash);
  if (last !== "" && textWidth(last) < room) return head(text, room - textWidth(last)) + ellipsis + last;
  const end = Math.ceil(room / 2);
  return head(text, room - end) + ellipsis + tail(text, end);
}

/** A text without its last character, as a person counts characters. */
export function withoutLast(text: string): string {
  const last = [...segmenter.segment(text)].at(-1);
  return last === undefined ? "" : text.slice(0, last.index);
}

/** Fills up with spaces on the right; never cuts. */
export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - textWidth(text)));
}

/** Fills up with spaces on the left; never cuts. */
export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - textWidth(text))) + text;
}

/** Exactly `width` cells: cut at the end or filled up. For text without colours. */
export function fit(text: string, width: number, ellipsis = "…"): string {
  return padEnd(truncateEnd(text, width, ellipsis), width);
}

/** Breaks text at spaces into lines of at most `width` cells; a longer word is broken where it must be. */
export function wrapText(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && textWidth(line) + 1 + textWidth(word) <= width) {
      line += ` ${word}`;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word;
    while (textWidth(line) > width) {
      const part = head(line, width);
      if (part === "") break;
      lines.push(part);
      line = line.slice(part.length);
    }
  }
  if (line !== "" || lines.length === 0) lines.push(line);
  return lines;
}
