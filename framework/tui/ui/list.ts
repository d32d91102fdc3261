/**
 * The part of a list that fits, around the cursor; `start` inclusive, `end` exclusive. It moves by half a page when the
 * cursor leaves the middle half, so that most steps change two lines and not the whole list.
 */
export function visibleRange(
  count: number,
  cursor: number,
  height: number,
): { readonly start: number; readonly end: number } {
  if (count <= height || height <= 0) return { start: 0, end: Math.max(0, Math.min(count, height)) };
  const half = Math.max(1, Math.floor(height / 2));
  const wanted = Math.floor(cursor / half) * half - Math.floor((height - half) / 2);
  const start = Math.max(0, Math.min(count - height, wanted));
  return { start, end: start + height };
}

/** The index within bounds; 0 for an empty list. */
export function clampIndex(index: number, count: number): number {
  return Math.max(0, Math.min(count - 1, index));
}
