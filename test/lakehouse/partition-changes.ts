import { writeJson } from "../../framework/lakehouse/catalog/json.ts";
import type { Catalog } from "../../framework/lakehouse/catalog/start-catalog.ts";

interface Field {
  readonly "source-id": number;
  readonly "field-id": number;
  readonly name: string;
  readonly transform: string;
}

const day: Field = { "source-id": 3, "field-id": 1000, name: "day_at_3", transform: "day" };
const month: Field = { "source-id": 3, "field-id": 1001, name: "at_month", transform: "month" };

/** How a table that DuckDB partitioned by the day of its third column is partitioned by another client. */
export const partitionedOtherwise: readonly (readonly [string, readonly Field[]])[] = [
  ["month replaced day in its partition spec", [month]],
  ["month was added to its partition spec", [day, month]],
  ["it ceased to be partitioned", []],
];

/** The updates that make fields the table's partition spec. */
export function partitionedBy(fields: readonly Field[]): readonly object[] {
  return [
    { action: "add-spec", spec: { "spec-id": 1, fields } },
    { action: "set-default-spec", "spec-id": -1 },
  ];
}

/** Commits to a table as another client does. */
export async function commitTo(
  { url, token }: Catalog,
  namespace: string,
  table: string,
  updates: readonly object[],
): Promise<void> {
  const response = await fetch(`${url}/v1/namespaces/${namespace}/tables/${table}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: writeJson({ requirements: [], updates }),
  });
  if (!response.ok) throw new Error(`The catalog refused the commit: ${await response.text()}`);
}
