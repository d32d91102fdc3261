import { quoteName, quoteText } from "../ddl/quoting.ts";

/** DuckDB's names for what the REST specification calls `s3.*`. */
const options: Readonly<Record<string, string>> = {
  "s3.access-key-id": "KEY_ID",
  "s3.secret-access-key": "SECRET",
  "s3.session-token": "SESSION_TOKEN",
  "s3.region": "REGION",
};

/**
 * The statement that lets DuckDB open files below a location.
 *
 * @param access the REST specification's `config` of a table
 */
export function s3SecretSql(location: string, access: Readonly<Record<string, string>>): string {
  const endpoint = access["s3.endpoint"];
  const entries = [
    ["SCOPE", location.endsWith("/") ? location : `${location}/`],
    ...Object.entries(options).flatMap(([name, option]) => {
      const value = access[name] ?? (name === "s3.region" ? access["client.region"] : undefined);
      return value === undefined ? [] : [[option, value]];
    }),
    ...(endpoint === undefined ? [] : [["ENDPOINT", endpoint.replace(/^https?:\/\//, "")]]),
    ...(endpoint?.startsWith("http:") === true ? [["USE_SSL", "false"]] : []),
    ...(access["s3.path-style-access"] === "true" ? [["URL_STYLE", "path"]] : []),
  ];
  const clauses = entries.map(([option = "", value = ""]) => `, ${option} ${quoteText(value)}`);
  return `CREATE OR REPLACE TEMPORARY SECRET ${quoteName(location)} (TYPE s3${clauses.join("")})`;
}
