import { createHash } from "node:crypto";

/** A stream of random choices that depends on its key alone, on every machine. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number in [0, below). */
  below(below: number): number;
  /** Whether something of this probability happens. */
  chance(probability: number): boolean;
  /** One of a list that must not be empty. */
  pick<T>(choices: readonly T[]): T;
}

/** Makes the stream of a key such as `seed:day`; sfc32 by Chris Doty-Humphrey, state taken from sha256 of the key. */
export function createRandom(key: string): Random {
  const digest = createHash("sha256").update(key).digest();
  let a = digest.readInt32LE(0);
  let b = digest.readInt32LE(4);
  let c = digest.readInt32LE(8);
  let counter = digest.readInt32LE(12);
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (choices) => choices[below(choices.length)] as (typeof choices)[number],
  };
}
