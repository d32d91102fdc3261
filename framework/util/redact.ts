const replacement = "[redacted]";

/** Removes known secret values from text before it is stored, logged or shown. */
export interface Redactor {
  /** Remembers values to hide; those shorter than 4 characters are ignored, they would hide ordinary text. */
  add(...secrets: readonly string[]): void;
  /** The text with every known value (plain, URL-encoded or JSON-escaped) replaced by `[redacted]`. */
  redact(text: string): string;
}

/** Makes an empty {@link Redactor}. */
export function createRedactor(): Redactor {
  const known = new Set<string>();
  return {
    add(...secrets) {
      for (const secret of secrets) {
        if (secret.length < 4) continue;
        known.add(secret);
        known.add(encodeURIComponent(secret));
        known.add(JSON.stringify(secret).slice(1, -1));
      }
    },
    redact(text) {
      let result = text;
      for (const secret of known) result = result.replaceAll(secret, replacement);
      return result;
    },
  };
}
