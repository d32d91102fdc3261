import { type Look, spinnerSign } from "../look.ts";
import type { SignName } from "../words/signs.ts";
import { padEnd, padStart, truncateEnd, truncateMiddle } from "../words/width.ts";

/** One cell of a line: text that is cut and filled to its width, then coloured. */
export interface Cell {
  readonly text: string;
  readonly width: number;
  /** @default "left" */
  readonly align?: "left" | "right";
  /** @default "end" */
  readonly cut?: "end" | "middle";
  readonly paint?: (text: string) => string;
}

/** A line of cells, two spaces apart; cells that do not fit into `width` any more drop from the right. */
export function cellLine(cells: readonly Cell[], width: number, look: Look, gap = 2): string {
  let line = "";
  let used = 0;
  for (const cell of cells) {
    const before = used === 0 ? 0 : gap;
    const room = Math.min(cell.width, width - used - before);
    // A cell that would show less than a few characters says nothing.
    if (room < Math.min(cell.width, 4)) break;
    const { ellipsis } = look.signs;
    const text =
      cell.cut === "middle"
        ? truncateMiddle(cell.text, room, ellipsis)
        : truncateEnd(cell.text, room, ellipsis);
    const filled = cell.align === "right" ? padStart(text, room) : padEnd(text, room);
    line += " ".repeat(before) + (cell.paint === undefined ? filled : cell.paint(filled));
    used += before + room;
  }
  return line;
}

/** Words from left, words from right, and the space between; the left ones give way. */
export function splitLine(left: string, right: string, width: number, look: Look): string {
  const cut = truncateEnd(left, Math.max(0, width - right.length - 1), look.signs.ellipsis);
  return padEnd(cut, Math.max(0, width - right.length)) + right;
}

/** A sign in its colour; what runs spins. */
export function sign({ look, tick }: { readonly look: Look; readonly tick: number }, name: SignName): string {
  return name === "running" ? spinnerSign(look, tick) : look.paint.as(name, look.signs.sign[name]);
}
