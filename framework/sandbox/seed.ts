import { requireWhole } from "./control-error.ts";
import { nextNumber, readNow, readSetting, userIndexes, writeNow, writeSetting } from "./database.ts";
import type { Cell, SandboxDatabase } from "./database.ts";
import { makeColleague, userIdOf } from "./people.ts";
import type { Person } from "./people.ts";
import { createRandom } from "./random.ts";

const mostUsers = 1_000_000;

/** The seed of an org that nobody chose one for. */
const defaultSeed = 42;

/** What fills an org. */
export interface SeedOptions {
  /** 0 to 1,000,000. @default 2000 */
  readonly users?: number;
  /** The same seed gives the same people, ids and stamps. @default 42 */
  readonly seed?: number;
  /** Where the clock is set, seconds. @default 2026-01-05T18:00:00Z, or where it stands once the org was filled */
  readonly now?: number;
}

/** Inserts people by one prepared statement; the columns are those of a {@link Person}. */
export function personInserter(db: SandboxDatabase): (person: Person) => void {
  let insert: ((person: Person) => void) | undefined;
  return (person) => {
    if (insert === undefined) {
      const columns = Object.keys(person);
      const statement = db.prepare(
        `INSERT INTO "User" (${columns.map((name) => `"${name}"`).join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
      );
      insert = (next) => statement.run(...(Object.values(next) as Cell[]));
    }
    insert(person);
  };
}

/** Refuses numbers that no org is seeded with. @throws ControlError */
export function expectSeed({ users = 0, seed = 0 }: Pick<SeedOptions, "users" | "seed">): void {
  requireWhole("users", users, 0, mostUsers);
  requireWhole("seed", seed, 0, Number.MAX_SAFE_INTEGER);
}

/**
 * Empties the org and fills it with people, in one transaction and bounded memory. Row 18 of every 200 has the division
 * `N/A`, row 72 none and row 134 the empty string, so that even a small org has the awkward ones.
 */
export function seedUsers(
  db: SandboxDatabase,
  options: SeedOptions = {},
): { readonly users: number; readonly seed: number } {
  const { users = 2000, seed = defaultSeed } = options;
  expectSeed({ users, seed });
  const now = options.now ?? readNow(db);
  const random = createRandom(`seed:${seed}`);
  const firstNumber = 1000 + random.below(1_000_000);
  db.transaction(() => {
    db.exec(`${userIndexes.drop} DELETE FROM "User"; DELETE FROM result_set; DELETE FROM job;`);
    const insert = personInserter(db);
    for (let index = 0; index < users; index += 1) {
      const managerId = index === 0 ? null : userIdOf(firstNumber + random.below(Math.ceil(index / 8)));
      const person = makeColleague(random, { number: firstNumber + index, now, managerId });
      if (index % 200 === 17) person.Division = "N/A";
      if (index % 200 === 71) person.Division = null;
      if (index % 200 === 133) person.Division = "";
      insert(person);
    }
    db.exec(userIndexes.create);
    writeSetting(db, "seed", seed);
    writeSetting(db, "user-number", firstNumber + users - 1);
    writeNow(db, now);
  }).immediate();
  return { users, seed };
}

/** Whether the org was ever filled. */
export function isSeeded(db: SandboxDatabase): boolean {
  return readSetting(db, "seed") !== undefined;
}

/** The running number of the next person to be hired. */
export function nextUserNumber(db: SandboxDatabase): number {
  return nextNumber(db, "user-number");
}
