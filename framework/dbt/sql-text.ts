/** Comments of SQL and Jinja, dollar-quoted text, quoted text, words and numbers, and any other character. */
const token =
  /--[^\n]*|\/\*[\s\S]*?\*\/|\{#[\s\S]*?#\}|(\$\w*\$)[\s\S]*?\1|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|[\p{L}\p{N}_]+|\S/gu;

/** SQL with Jinja, without comments and layout: the same before and after a reformat, another after any change of code. */
export function withoutLayout(code: string): string {
  const kept: string[] = [];
  for (const [text] of code.matchAll(token)) {
    if (!/^(?:--|\/\*|\{#)/.test(text)) kept.push(text);
  }
  return kept.join("\n");
}
