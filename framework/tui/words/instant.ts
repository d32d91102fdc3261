/** An instant as people read it, in UTC and saying so: `2026-03-01 05:00:00Z`, or to the minute `2026-03-01 05:00Z`. */
export function instantText(instant: string | Date, to: "second" | "minute" = "second"): string {
  const iso = typeof instant === "string" ? new Date(instant).toISOString() : instant.toISOString();
  return `${iso.slice(0, to === "second" ? 19 : 16).replace("T", " ")}Z`;
}
