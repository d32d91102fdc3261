/** Ends an exhaustive `switch`: the compiler refuses it while a case is missing. */
export function unreachable(value: never): never {
  throw new Error(`Internal error: expected every case to be handled, got ${JSON.stringify(value)}`);
}
