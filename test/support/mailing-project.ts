import { lakeProject } from "./lake-project.ts";
import type { Project } from "./moraine.ts";

/** The project of docs/checks.md: users with their addresses, of whom a mailing must not miss one. */
export const mailingConfig = `
import { readFileSync } from "node:fs";
import { defineAsset, defineCheck, defineConfig, defineTable } from "moraine";

const table = defineTable({ key: "raw/users", columns: { id: "long", email: "string", country: "string" } });

const users = defineAsset({
  key: "raw/users",
  table,
  refresh: { everyMs: 0 },
  freshness: { maxAgeMs: 3_600_000 },
  materialize: async ({ lakehouse, reportCheck, signal }) => {
    const rows = JSON.parse(readFileSync(new URL("./users.json", import.meta.url), "utf8"));
    const text = (value) => (value === null ? "NULL" : "'" + value + "'");
    const values = rows.map(([id, email, country]) => "(" + [id, text(email), text(country)] + ")");
    const sql = lakehouse.tableName(table.key);
    await lakehouse.query("DELETE FROM " + sql, { readOnly: false, signal });
    await lakehouse.query("INSERT INTO " + sql + " VALUES " + values, { readOnly: false, signal });
    reportCheck("all_read", { passed: true, value: rows.length, expected: rows.length });
  },
});
const mailing = defineAsset({ key: "mart/mailing", deps: { users }, materialize: () => {} });
const countries = defineAsset({ key: "mart/countries", deps: { users }, materialize: () => {} });

const hasEmail = defineCheck({
  asset: users,
  name: "has_email",
  description: "every user can be written to",
  blocking: { downstream: [mailing] },
  rowsSql: (sql) => \`SELECT * FROM \${sql} WHERE email IS NULL ORDER BY id\`,
  run: async ({ lakehouse, sql, signal }) => {
    const { rows } = await lakehouse.query(\`SELECT count(*) AS n FROM \${sql} WHERE email IS NULL\`, { signal });
    for await (const { n } of rows) return { passed: n === 0, value: n, expected: 0 };
    return { passed: false };
  },
});

const knownCountry = defineCheck({
  asset: users,
  name: "known_country",
  severity: "warn",
  run: async ({ lakehouse, sql, signal }) => {
    const unknown = \`SELECT id, country FROM \${sql} WHERE country NOT IN ('NO', 'SE') ORDER BY id\`;
    const { rows } = await lakehouse.query(unknown, { signal });
    const samples = [];
    let value = 0;
    for await (const row of rows) if (++value <= 2) samples.push(row);
    return { passed: value === 0, value, expected: 0, samples };
  },
});

const allRead = defineCheck({ asset: users, name: "all_read" });

export default defineConfig({ name: "crm", assets: [users, mailing, countries, hasEmail, knownCountry, allRead] });
`;

/** One user: id, address and country. */
export type User = readonly [id: number, email: string | null, country: string];

/** Ada, who is all right. */
export const ada: User = [1, "ada@example.com", "NO"];

/** The project with these users. */
export function mailingProject(users: readonly User[], directory?: string): Promise<Project> {
  return lakeProject({ "moraine.config.ts": mailingConfig, "users.json": JSON.stringify(users) }, directory);
}
