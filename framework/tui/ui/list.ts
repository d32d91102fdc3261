/** The part of a list that fits, around the cursor; `start` inclusive, `end` exclusive. */
export function visibleRange(
  count: number,
  cursor: number,
  height: number,
): { readonly start: number; readonly end: number } {
  if (count <= height || height <= 0) return { start: 0, end: Math.max(0, Math.min(count, height)) };
  const start = Math.max(0, Math.min(count - height, cursor - Math.floor(height / 2)));
  return { start, end: start + height };
}

/** The index within bounds; 0 for an empty list. */
export function clampIndex(index: number, count: number): number {
  return Math.max(0, Math.min(count - 1, index));
}
