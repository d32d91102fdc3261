/** A column as a file outside TypeScript declares it: a dbt YAML, a `dbthub.yml`. */
export interface DeclaredColumn {
  /** In the words of the file's engine, e.g. `varchar` or `decimal(10,2)`; undefined: the file does not say. */
  readonly type: string | undefined;
  readonly description: string | undefined;
  /** The field of the asset's connection whose values it holds as they are; absent: the file does not say. */
  readonly field?: string;
}

/** Columns by name, in the order of the file; a dbt file need not name them all. */
export type DeclaredColumns = Readonly<Record<string, DeclaredColumn>>;
