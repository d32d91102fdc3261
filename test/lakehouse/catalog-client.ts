import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseJson, writeJson } from "../../framework/lakehouse/catalog/json.ts";
import {
  type Catalog,
  type CatalogOptions,
  startCatalog,
} from "../../framework/lakehouse/catalog/start-catalog.ts";

/** An answer of the catalog; `body` undefined when it has none. */
export interface Answer {
  readonly status: number;
  // The tests reach into answers freely; a wrong path fails them.
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

/** A catalog on a folder of its own and a client for it. */
export interface CatalogRig {
  readonly dir: string;
  readonly catalog: Catalog;
  request(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Makes namespace `ns` and in it a table with columns `id` and `n`; gives its metadata. */
  table(name: string): Promise<Readonly<Record<string, unknown>>>;
  close(): Promise<void>;
}

export const schema = {
  type: "struct",
  "schema-id": 0,
  fields: [
    { id: 1, name: "id", required: true, type: "string" },
    { id: 2, name: "n", required: false, type: "int" },
  ],
};

/** An `add-snapshot` update and the one that makes it current. */
export function appendUpdates(
  id: number | bigint,
  parent: number | bigint | undefined,
  sequence: number,
): readonly object[] {
  const snapshot = {
    "snapshot-id": id,
    ...(parent === undefined ? {} : { "parent-snapshot-id": parent }),
    "sequence-number": sequence,
    "timestamp-ms": 1_700_000_000_000 + sequence,
    "manifest-list": `/nowhere/${id}.avro`,
    "schema-id": 0,
    summary: { operation: "append" },
  };
  return [
    { action: "add-snapshot", snapshot },
    { action: "set-snapshot-ref", "ref-name": "main", type: "branch", "snapshot-id": id },
  ];
}

export async function catalogRig(options: Partial<CatalogOptions> = {}): Promise<CatalogRig> {
  const folder = await mkdtemp(join(tmpdir(), "moraine-catalog-"));
  const dir = join(folder, "lake");
  const catalog = await startCatalog({ dir, ...options });
  const request: CatalogRig["request"] = async (method, path, body) => {
    const response = await fetch(`${catalog.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${catalog.token}` },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : writeJson(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === "" ? undefined : (parseJson(text) as Readonly<Record<string, unknown>>),
    };
  };
  return {
    dir,
    catalog,
    request,
    table: async (name) => {
      await request("POST", "/v1/namespaces", { namespace: ["ns"] });
      const { body } = await request("POST", "/v1/namespaces/ns/tables", { name, schema });
      return body?.["metadata"] as Readonly<Record<string, unknown>>;
    },
    close: async () => {
      await catalog.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
