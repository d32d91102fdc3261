import type { Column, TableInput } from "@aws-sdk/client-glue";

/** What a plan may ask while it runs. */
export interface Engine {
  /** First column of the rows that Trino answers. */
  values(trinoSql: string): Promise<readonly string[]>;
  /** Names and Trino's types of what a query would answer. */
  outputTypes(trinoSql: string): Promise<readonly { readonly name: string; readonly type: string }[]>;
  /** Registers a table in Hive format, as Athena does without an engine. */
  createGlueTable(database: string, table: TableInput, ifNotExists: boolean): Promise<void>;
}

/** One statement of Trino, or work that gives one or none. */
export type Step = string | ((engine: Engine) => Promise<string | undefined>);

/** What Athena's statement is, and how Trino does it. The last step's answer is the statement's. */
export interface Plan {
  readonly type: "DML" | "DDL" | "UTILITY";
  readonly subtype: string | undefined;
  /** `rows` and `text` are written as objects, `count` is the rows that were written. */
  readonly result: "rows" | "text" | "count" | "none";
  readonly steps: readonly Step[];
}

/** What a statement depends on beside its text. */
export interface Session {
  readonly database: string | undefined;
  /** Values for `?`, written as SQL. */
  readonly parameters: readonly string[];
  /** Where results go, ending in `/`; tables of a CTAS without a location too. */
  readonly outputLocation: string;
}

/** A column of Glue. */
export type GlueColumn = Column & { readonly Name: string; readonly Type: string };
