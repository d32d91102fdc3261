/** Whether a text has wildcards: `*` any text, `?` one character. */
export function isGlob(text: string): boolean {
  return /[*?]/.test(text);
}

/** Matches whole texts. */
export function globPattern(text: string): RegExp {
  const source = text
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`);
}
