import { hashJson, type Json } from "../util/hash.ts";
import type { DbtMacro, DbtManifest, DbtNode } from "./dbt-manifest.ts";
import { withoutLayout } from "./sql-text.ts";

/** Settings that say nothing about the rows; changing them must not make a table again. */
const describing = new Set([
  "access",
  "description",
  "docs",
  "enabled",
  "full_refresh",
  "grants",
  "group",
  "meta",
  "persist_docs",
  "tags",
]);

/** Macros whose effect is the table's name, which is the asset's key. */
const naming = /^(?:[a-z_]+__)?generate_(?:schema|alias|database)_name$/;

/** Works out code versions for all nodes of one manifest. */
export class CodeVersions {
  readonly #manifest: DbtManifest;
  readonly #macros: ReadonlyMap<string, DbtMacro>;
  readonly #ownMacrosByName: ReadonlyMap<string, DbtMacro>;
  readonly #overrides: readonly string[];

  constructor(manifest: DbtManifest) {
    this.#manifest = manifest;
    this.#macros = new Map(manifest.macros.map((macro) => [macro.uniqueId, macro]));
    const own = manifest.macros.filter((macro) => !macro.isBuiltIn);
    this.#ownMacrosByName = new Map(own.map((macro) => [macro.name, macro]));
    const builtIn = new Set(manifest.macros.filter((macro) => macro.isBuiltIn).map((macro) => macro.name));
    // dbt's own macros call these by name, so no list of dependencies holds them: they count for every node.
    this.#overrides = own
      .filter(({ name }) => !naming.test(name))
      .filter(({ name }) => builtIn.has(name) || builtIn.has(`default__${name.replace(/^[a-z_]+?__/, "")}`))
      .filter(({ name }) => !name.startsWith("materialization_") && !name.startsWith("test_"))
      .map(({ uniqueId }) => uniqueId);
  }

  /**
   * Digest of what decides a node's rows: its code and settings, that of the ephemeral models it contains, the project's
   * macros that these call, the variables that any of it reads, and the versions of dbt and the adapter. Comments,
   * layout, descriptions, tags and tests are no part of it.
   *
   * @param folded the ephemeral models that are part of the node's SQL
   */
  of(node: DbtNode, folded: readonly DbtNode[]): string {
    const nodes = [node, ...folded];
    const macros = this.#closure([...nodes.flatMap((part) => this.#calledBy(part)), ...this.#overrides]);
    const code = [...nodes.map((part) => part.code), ...macros.map((macro) => macro.code)].join("\n");
    const { dbtVersion, adapterType, adapterVersion } = this.#manifest;
    return hashJson({
      dbt: dbtVersion,
      adapter: `${adapterType} ${adapterVersion}`,
      nodes: nodes.map(partOf).sort((a, b) => (a.uniqueId < b.uniqueId ? -1 : 1)),
      macros: Object.fromEntries(macros.map((macro) => [macro.uniqueId, withoutLayout(macro.code)])),
      vars: this.#read(code, "var", this.#manifest.vars),
      environment: this.#read(code, "env_var", this.#manifest.environment),
    });
  }

  /** Macros that a node's code names, and those that its settings name for its materialization to call. */
  #calledBy(node: DbtNode): readonly string[] {
    const named = Object.entries(node.config).flatMap(([name, value]) =>
      typeof value === "string" && !describing.has(name)
        ? (this.#ownMacrosByName.get(value)?.uniqueId ?? [])
        : [],
    );
    return [...node.macros, ...named];
  }

  /** The project's macros among these and those that they call, ordered by id. */
  #closure(roots: readonly string[]): readonly DbtMacro[] {
    const seen = new Set<string>();
    const open = [...roots];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      open.push(...(this.#macros.get(id)?.dependsOn ?? []));
    }
    return [...seen]
      .sort()
      .flatMap((id) => this.#macros.get(id) ?? [])
      .filter((macro) => !macro.isBuiltIn && !naming.test(macro.name));
  }

  /** The values that code reads by `call('name')`; all of them when it works out a name. */
  #read(code: string, call: "var" | "env_var", values: Readonly<Record<string, unknown>>): Json {
    const calls = [...code.matchAll(new RegExp(`\\b${call}\\s*\\(\\s*(?:(['"])(.*?)\\1)?`, "g"))];
    if (calls.some(([, , name]) => name === undefined)) return values as Json;
    const names = new Set(calls.map(([, , name = ""]) => name));
    return Object.fromEntries(
      [...names].map((name) => [
        name,
        [values, ...Object.values(values)].flatMap((scope) => member(scope, name)),
      ]),
    );
  }
}

/** A variable may stand at the top or under a package's name. */
function member(scope: unknown, name: string): readonly Json[] {
  if (typeof scope !== "object" || scope === null || Array.isArray(scope) || !(name in scope)) return [];
  return [(scope as Record<string, Json>)[name] ?? null];
}

function partOf(node: DbtNode) {
  const contract = node.config["contract"] as { readonly enforced?: boolean } | undefined;
  return {
    uniqueId: node.uniqueId,
    // Layout is meaning in Python.
    code: node.language === "sql" ? withoutLayout(node.code) : node.code,
    checksum: node.checksum,
    config: Object.fromEntries(
      Object.entries(node.config).filter(([name]) => !describing.has(name)),
    ) as Readonly<Record<string, Json>>,
    columns:
      contract?.enforced === true
        ? Object.entries(node.columns).map(([name, { dataType }]) => [name, dataType])
        : [],
  };
}
