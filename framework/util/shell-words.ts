/** Arguments as a person could type them again: those that a shell would take apart are quoted. */
export function shellWords(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w/:+,.@^=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(" ");
}
