/** A command to the sandbox that asks for something impossible; the message says what was expected. */
export class ControlError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ControlError";
  }
}

/** Refuses a number that is not whole or lies outside `from` to `to`. @throws ControlError */
export function requireWhole(name: string, value: number, from: number, to: number): void {
  if (Number.isInteger(value) && value >= from && value <= to) return;
  throw new ControlError(`${name}: expected a whole number from ${from} to ${to}, got ${value}`);
}
