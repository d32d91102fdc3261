/** Why `fetch` gave no answer, in words: it says only that it failed, and its cause says why. */
export function fetchFailureText(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
