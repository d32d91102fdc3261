import { padEnd, padStart, textWidth, truncateEnd, truncateMiddle } from "./width.ts";

/** One column of a text table. */
export interface ColumnSpec {
  readonly title: string;
  /** @default "left" */
  readonly align?: "left" | "right";
  /** How a cell that is too wide is cut. @default "end" */
  readonly cut?: "end" | "middle";
  /** Never narrower than this, in cells. @default 4 */
  readonly min?: number;
  /** The widest columns give up room first, those with `fixed` never. @default false */
  readonly fixed?: boolean;
  /** Colours a cell that has been cut and padded already. */
  readonly paint?: (cell: string, row: number) => string;
}

/**
 * A table as lines, as wide as its content and at most `width`: first the widest columns are cut, then columns drop
 * from the right. Cells are text without colours. Titles are left out when all are empty.
 */
export function tableLines(
  columns: readonly ColumnSpec[],
  rows: readonly (readonly string[])[],
  options: { readonly width?: number; readonly gap?: number; readonly ellipsis?: string } = {},
): readonly string[] {
  const gap = options.gap ?? 2;
  const widths = fitWidths(columns, rows, options.width ?? Infinity, gap);
  const line = (cells: readonly string[], row: number) =>
    widths
      .map((width, index) => {
        const spec = columns[index];
        const cell = cutCell(cells[index] ?? "", width, spec, options.ellipsis);
        const last = index === widths.length - 1;
        const padded = spec?.align === "right" ? padStart(cell, width) : last ? cell : padEnd(cell, width);
        return row >= 0 && spec?.paint !== undefined ? spec.paint(padded, row) : padded;
      })
      .join(" ".repeat(gap))
      .trimEnd();
  const body = rows.map((cells, row) => line(cells, row));
  return columns.every((column) => column.title === "")
    ? body
    : [
        line(
          columns.map((column) => column.title),
          -1,
        ),
        ...body,
      ];
}

function cutCell(text: string, width: number, spec: ColumnSpec | undefined, ellipsis?: string): string {
  return spec?.cut === "middle" ? truncateMiddle(text, width, ellipsis) : truncateEnd(text, width, ellipsis);
}

function fitWidths(
  columns: readonly ColumnSpec[],
  rows: readonly (readonly string[])[],
  room: number,
  gap: number,
): readonly number[] {
  const widths = columns.map((column, index) =>
    rows.reduce((widest, row) => Math.max(widest, textWidth(row[index] ?? "")), textWidth(column.title)),
  );
  for (;;) {
    const over = widths.reduce((sum, width) => sum + width, gap * (widths.length - 1)) - room;
    if (over <= 0 || widths.length === 0) return widths;
    const widest = widths.reduce<number>((best, width, index) => {
      const spec = columns[index];
      if (spec?.fixed === true || width <= (spec?.min ?? 4)) return best;
      return best < 0 || width > (widths[best] ?? 0) ? index : best;
    }, -1);
    if (widest >= 0) {
      const width = widths[widest] ?? 0;
      widths[widest] = Math.max(columns[widest]?.min ?? 4, width - Math.max(1, Math.floor(over / 4)));
    } else if (widths.length > 1) {
      widths.pop();
    } else {
      return [Math.max(1, room)];
    }
  }
}
