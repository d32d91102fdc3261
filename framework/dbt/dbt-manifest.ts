/** What moraine needs of dbt's manifest, as worker.py's `describe` gives it. */
export interface DbtManifest {
  readonly dbtVersion: string;
  readonly adapterType: string;
  readonly adapterVersion: string;
  readonly projectName: string;
  readonly nodes: readonly DbtNode[];
  readonly sources: readonly DbtSource[];
  readonly macros: readonly DbtMacro[];
  readonly groups: Readonly<Record<string, { readonly name?: string; readonly email?: unknown }>>;
  /** Variables that the project reads by `env_var`, with the values that it was parsed with. */
  readonly environment: Readonly<Record<string, string | null>>;
  readonly vars: Readonly<Record<string, unknown>>;
}

/** Columns that a YAML file names, and what it says of them. */
export type DbtColumns = Readonly<
  Record<string, { readonly description: string; readonly dataType: string | null }>
>;

/** A model, seed, snapshot, test or unit test; other node types have no meaning here. */
export interface DbtNode {
  readonly uniqueId: string;
  /** `model`, `seed`, `snapshot`, `test`, `unit_test`, `analysis`, `operation` ... */
  readonly resourceType: string;
  readonly name: string;
  readonly package: string;
  readonly schema: string;
  readonly alias: string;
  /** Relative to the dbt project. */
  readonly path: string;
  readonly language: string;
  readonly code: string;
  /** Of a seed: sha256 of its file. */
  readonly checksum: string | null;
  readonly config: Readonly<Record<string, unknown>>;
  readonly materialized: string | null;
  readonly description: string;
  readonly tags: readonly string[];
  readonly group: string | null;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly columns: DbtColumns;
  /** Unique ids of nodes and sources. */
  readonly dependsOn: readonly string[];
  /** Unique ids, the project's own materialization among them. */
  readonly macros: readonly string[];
  /** Of a generic test: the test's own name, e.g. `not_null`. */
  readonly testName: string | null;
  /** Of a generic test on a column. */
  readonly columnName: string | null;
  /** Of a test: its SQL, where it can be had without a connection. */
  readonly compiledCode: string | null;
}

/** A table that the dbt project reads and does not make. */
export interface DbtSource {
  readonly uniqueId: string;
  readonly schema: string;
  readonly identifier: string;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly columns: DbtColumns;
  readonly path: string;
}

/** A macro of the project, of a package, or of dbt itself. */
export interface DbtMacro {
  readonly uniqueId: string;
  readonly name: string;
  readonly code: string;
  readonly dependsOn: readonly string[];
  /** Part of dbt or of its adapter. */
  readonly isBuiltIn: boolean;
}
