/** An instant as tables hold it and queries print it: `YYYY-MM-DD HH:MM:SS.ffffff`, UTC. Sorts as text. */
export function lakeTime(instant: Date): string {
  return `${instant.toISOString().slice(0, 23).replace("T", " ")}000`;
}

/** Reads what {@link lakeTime} writes; below a millisecond it is cut off. */
export function fromLakeTime(text: string): Date {
  return new Date(`${text.slice(0, 23).replace(" ", "T")}Z`);
}
