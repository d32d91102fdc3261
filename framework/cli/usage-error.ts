/** The command line was used wrongly; printed without a stack, exit code 2. */
export class UsageError extends Error {
  /** What to type instead. */
  readonly next: string | undefined;

  constructor(message: string, next?: string) {
    super(message);
    this.name = "UsageError";
    this.next = next;
  }
}
