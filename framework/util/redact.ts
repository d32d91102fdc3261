import { escapeXml } from "./xml-text.ts";

const replacement = "[redacted]";
/** Shorter values would hide ordinary text. */
const leastCharacters = 4;
/** Lines of a key; shorter ones of a text of many lines tell nothing alone. */
const leastOfLine = 20;

/** Removes known secret values from text before it is stored, logged or shown. */
export interface Redactor {
  /** Remembers values to hide; those shorter than 4 characters are ignored, they would hide ordinary text. */
  add(...secrets: readonly string[]): void;
  /**
   * The text with every known value replaced by `[redacted]`: as it is, in the forms in which a URL, a form, JSON, XML and
   * base64 hold it, and each line of a key.
   */
  redact(text: string): string;
}

/** Makes an empty {@link Redactor}. */
export function createRedactor(): Redactor {
  const known = new Set<string>();
  let longestFirst: readonly string[] = [];
  return {
    add(...secrets) {
      const before = known.size;
      for (const secret of secrets)
        if (secret.length >= leastCharacters) for (const form of formsOf(secret)) known.add(form);
      // One form may hold another, of which the rest would stay.
      if (known.size > before) longestFirst = [...known].sort((a, b) => b.length - a.length);
    },
    redact(text) {
      let result = text;
      for (const secret of longestFirst) result = result.replaceAll(secret, replacement);
      return result;
    },
  };
}

function formsOf(secret: string): readonly string[] {
  const lines = secret.split(/\r?\n/);
  return [
    secret,
    encodeURIComponent(secret),
    new URLSearchParams([["", secret]]).toString().slice(1),
    inJson(secret),
    // Of a text that holds JSON, in JSON.
    inJson(inJson(secret)),
    escapeXml(secret),
    escapeXml(secret).replaceAll('"', "&quot;").replaceAll("'", "&apos;"),
    Buffer.from(secret).toString("base64"),
    ...(lines.length === 1
      ? []
      : lines.filter((line) => line.length >= leastOfLine && !line.startsWith("--"))),
  ];
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
