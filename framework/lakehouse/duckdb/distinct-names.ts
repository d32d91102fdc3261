import { caseTwins } from "../../util/same-but-case.ts";
import { noSuchNamespace, noSuchTable } from "../catalog/catalog-error.ts";
import { displayName, type TableIdentifier } from "../catalog/location.ts";
import type { TableCatalog } from "../catalog/table-catalog.ts";

/**
 * The catalog with one of each names that are the same apart from case: the lower-case one, as asset keys are. DuckDB
 * doesn't tell such names from each other, and would read whichever it has met first.
 */
export function withDistinctNames(store: TableCatalog): TableCatalog {
  const namespaces = async () => distinctNames(await store.namespaces());
  const expectNamespace = async (namespace: string): Promise<string> =>
    (await isShown(namespace, namespaces)) ? namespace : noSuchNamespace(namespace);
  const tables = async (namespace: string) => {
    const found = await store.tables(await expectNamespace(namespace));
    const names = distinctNames(found.map(({ name }) => name));
    return found.filter(({ name }) => names.includes(name));
  };
  const exists = async (identifier: TableIdentifier): Promise<boolean> => {
    const { namespace, name } = identifier;
    const names = async () => (await tables(namespace)).map((table) => table.name);
    return (await isShown(namespace, namespaces)) && (await isShown(name, names)) && store.exists(identifier);
  };
  return {
    namespaces,
    tables,
    exists,
    namespaceProperties: async (namespace) => store.namespaceProperties(await expectNamespace(namespace)),
    load: async (identifier) => {
      // Only a name with capitals can be hidden.
      const isPlain = isLowerCase(identifier.namespace) && isLowerCase(identifier.name);
      if (isPlain || (await exists(identifier))) return store.load(identifier);
      return noSuchTable(displayName(identifier));
    },
    createNamespace: (namespace, properties) => store.createNamespace(namespace, properties),
    updateNamespace: (namespace, removals, updates) => store.updateNamespace(namespace, removals, updates),
    dropNamespace: (namespace) => store.dropNamespace(namespace),
    stage: (table) => store.stage(table),
    create: (table) => store.create(table),
    commit: (changes) => store.commit(changes),
    rename: (from, to) => store.rename(from, to),
    register: (identifier, file, overwrite) => store.register(identifier, file, overwrite),
    drop: (identifier, purge) => store.drop(identifier, purge),
  };
}

/** The names without those that have a twin: of each group the lower-case one stays, or else the first. */
export function distinctNames(names: readonly string[]): readonly string[] {
  const hidden = new Set(
    caseTwins(names).flatMap((twins) => {
      const shown = twins.find(isLowerCase) ?? twins[0];
      return twins.filter((name) => name !== shown);
    }),
  );
  return names.filter((name) => !hidden.has(name));
}

/** Whether a name is not hidden; one that there is not at all is not. */
async function isShown(name: string, shown: () => Promise<readonly string[]>): Promise<boolean> {
  if (isLowerCase(name)) return true;
  const names = await shown();
  return names.includes(name) || names.every((other) => other.toLowerCase() !== name.toLowerCase());
}

function isLowerCase(name: string): boolean {
  return name === name.toLowerCase();
}
