import { displayName, type TableIdentifier } from "./location.ts";
import type { Update } from "./updates.ts";

/** What a snapshot's summary gains. */
export type Stamp = Readonly<Record<string, string>>;

/** Who is writing to which table through this process's catalog. */
export class Attributions {
  private readonly held = new Map<string, Set<Stamp>>();

  /** Stamps what is committed to the table until the returned function is called. */
  hold(table: TableIdentifier, stamp: Stamp): () => void {
    const name = displayName(table);
    const holders = this.held.get(name) ?? new Set();
    this.held.set(name, holders.add(stamp));
    return () => {
      holders.delete(stamp);
      if (holders.size === 0 && this.held.get(name) === holders) this.held.delete(name);
    };
  }

  /** What all who write to the table have in common: with several of them, nobody can tell whose a commit is. */
  stamp(table: TableIdentifier): Stamp {
    const [first = {}, ...others] = this.held.get(displayName(table)) ?? [];
    const shared = Object.entries(first).filter(([name, value]) =>
      others.every((other) => other[name] === value),
    );
    return Object.fromEntries(shared);
  }
}

/** The updates with the stamp in the summary of each new snapshot. */
export function stamped(updates: readonly Update[], stamp: Stamp): readonly Update[] {
  return updates.map((update) => {
    if (update.action !== "add-snapshot") return update;
    const { snapshot } = update;
    return { ...update, snapshot: { ...snapshot, summary: { ...snapshot.summary, ...stamp } } };
  });
}
