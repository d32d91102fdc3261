import { existsSync, readFileSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseJson } from "../../framework/lakehouse/catalog/json.ts";
import { startCatalog } from "../../framework/lakehouse/catalog/start-catalog.ts";
import type { TableMetadata } from "../../framework/lakehouse/catalog/table-metadata.ts";
import { appendUpdates, type CatalogRig, catalogRig, schema } from "./catalog-client.ts";

let rig: CatalogRig;
beforeEach(async () => {
  rig = await catalogRig();
});
afterEach(() => rig.close());

const error = (code: number, type: string) => ({ status: code, body: { error: { code, type } } });
const commit = (name: string, updates: readonly object[], requirements: readonly object[] = []) =>
  rig.request("POST", `/v1/namespaces/ns/tables/${name}`, { requirements, updates });

describe("the catalog's door", () => {
  it("tells its endpoints, without views", async () => {
    const { status, body } = await rig.request("GET", "/v1/config?warehouse=lake");
    expect(status).toBe(200);
    expect(body?.["endpoints"]).toContain("POST /v1/{prefix}/transactions/commit");
    expect(JSON.stringify(body)).not.toContain("view");
    expect(await rig.request("GET", "/v1/namespaces/ns/views")).toMatchObject(
      error(404, "NotFoundException"),
    );
  });

  it.each([undefined, "Bearer wrong", "Bearer ", "Basic abc"])(
    "refuses authorization %s",
    async (authorization) => {
      const headers = authorization === undefined ? {} : { authorization };
      for (const path of [
        "/v1/config",
        "/v1/namespaces",
        "/whole-table/replace/1/v1/namespaces",
        "/nothing",
      ]) {
        const response = await fetch(`${rig.catalog.url}${path}`, { headers });
        expect(response.status).toBe(401);
        expect(await response.json()).toMatchObject({ error: { type: "NotAuthorizedException", code: 401 } });
      }
    },
  );

  it("says when its port is taken", async () => {
    await expect(startCatalog({ dir: rig.dir, port: rig.catalog.port })).rejects.toMatchObject({
      failure: { reason: "port-taken" },
    });
  });

  it("closes when its signal aborts", async () => {
    const controller = new AbortController();
    const other = await startCatalog({ dir: rig.dir, token: "t", signal: controller.signal });
    expect((await fetch(`${other.url}/v1/config`, { headers: { authorization: "Bearer t" } })).status).toBe(
      200,
    );
    controller.abort();
    await other.close();
    await expect(fetch(`${other.url}/v1/config`)).rejects.toThrow("fetch failed");
  });

  it("refuses a body that is not JSON or lacks something", async () => {
    expect(await rig.request("POST", "/v1/namespaces", "{")).toMatchObject(error(400, "BadRequestException"));
    expect(await rig.request("POST", "/v1/namespaces", {})).toMatchObject(error(400, "BadRequestException"));
    await rig.table("t");
    expect(await commit("t", [{ action: "set-weather" }])).toMatchObject(error(400, "BadRequestException"));
    expect(await commit("t", [], [{ type: "assert-weather" }])).toMatchObject(
      error(400, "BadRequestException"),
    );
  });
});

describe("namespaces", () => {
  it("are made, listed, changed and dropped", async () => {
    const made = { namespace: ["ns"], properties: { owner: "ada" } };
    expect(await rig.request("POST", "/v1/namespaces", made)).toEqual({ status: 200, body: made });
    expect(await rig.request("POST", "/v1/namespaces", made)).toMatchObject(
      error(409, "AlreadyExistsException"),
    );
    expect(await rig.request("GET", "/v1/namespaces")).toEqual({
      status: 200,
      body: { namespaces: [["ns"]] },
    });
    expect(await rig.request("GET", "/v1/namespaces/ns")).toEqual({ status: 200, body: made });
    expect(await rig.request("HEAD", "/v1/namespaces/ns")).toEqual({ status: 204, body: undefined });
    const change = { removals: ["owner", "nothing"], updates: { team: "ice" } };
    expect(await rig.request("POST", "/v1/namespaces/ns/properties", change)).toEqual({
      status: 200,
      body: { updated: ["team"], removed: ["owner"], missing: ["nothing"] },
    });
    expect((await rig.request("GET", "/v1/namespaces/ns")).body?.["properties"]).toEqual({ team: "ice" });
    expect((await rig.request("DELETE", "/v1/namespaces/ns")).status).toBe(204);
    expect((await rig.request("HEAD", "/v1/namespaces/ns")).status).toBe(404);
    expect(await rig.request("GET", "/v1/namespaces/ns")).toMatchObject(
      error(404, "NoSuchNamespaceException"),
    );
    expect(await rig.request("DELETE", "/v1/namespaces/ns")).toMatchObject(
      error(404, "NoSuchNamespaceException"),
    );
  });

  it("have no two names that are the same apart from case", async () => {
    await rig.table("t");
    const post = async (path: string, body: object) => (await rig.request("POST", path, body)).status;
    expect(await rig.request("POST", "/v1/namespaces", { namespace: ["NS"] })).toMatchObject(
      error(409, "NameTakenException"),
    );
    const request = { name: "T", schema };
    expect(await post("/v1/namespaces/ns/tables", request)).toBe(409);
    expect(await post("/v1/namespaces/ns/tables", { ...request, "stage-create": true })).toBe(409);
    await rig.table("u");
    const [t, big, u] = ["t", "T", "u"].map((name) => ({ namespace: ["ns"], name }));
    expect(await post("/v1/tables/rename", { source: u, destination: big })).toBe(409);
    expect(await post("/v1/tables/rename", { source: t, destination: big })).toBe(204);
    const columns = { ...schema, fields: [...schema.fields, { ...schema.fields[0], id: 3, name: "ID" }] };
    expect(await post("/v1/namespaces/ns/tables", { name: "v", schema: columns })).toBe(409);
  });

  it("are not dropped while they hold tables", async () => {
    await rig.table("t");
    expect(await rig.request("DELETE", "/v1/namespaces/ns")).toMatchObject(
      error(409, "NamespaceNotEmptyException"),
    );
  });
});

describe("tables", () => {
  it("are made, listed, loaded, renamed and dropped", async () => {
    const metadata = await rig.table("t");
    expect(metadata).toMatchObject({
      "format-version": 2,
      location: join(rig.dir, "ns", "t"),
      "last-column-id": 2,
    });
    expect(await rig.request("POST", "/v1/namespaces/ns/tables", { name: "t", schema })).toMatchObject(
      error(409, "AlreadyExistsException"),
    );
    expect(await rig.request("POST", "/v1/namespaces/no/tables", { name: "t", schema })).toMatchObject(
      error(404, "NoSuchNamespaceException"),
    );
    expect((await rig.request("HEAD", "/v1/namespaces/ns/tables/t")).status).toBe(204);
    const rename = {
      source: { namespace: ["ns"], name: "t" },
      destination: { namespace: ["ns"], name: "u" },
    };
    expect((await rig.request("POST", "/v1/tables/rename", rename)).status).toBe(204);
    expect(await rig.request("POST", "/v1/tables/rename", rename)).toMatchObject(
      error(404, "NoSuchTableException"),
    );
    expect((await rig.request("GET", "/v1/namespaces/ns/tables")).body).toEqual({
      identifiers: [{ namespace: ["ns"], name: "u" }],
    });
    expect((await rig.request("GET", "/v1/namespaces/ns/tables/u")).body?.["metadata"]).toEqual(metadata);
    expect((await rig.request("HEAD", "/v1/namespaces/ns/tables/t")).status).toBe(404);
    expect(await rig.request("GET", "/v1/namespaces/ns/tables/t")).toMatchObject(
      error(404, "NoSuchTableException"),
    );
    expect((await rig.request("POST", "/v1/namespaces/ns/tables/u/metrics", {})).status).toBe(204);
    expect((await rig.request("DELETE", "/v1/namespaces/ns/tables/u")).status).toBe(204);
    expect(await rig.request("DELETE", "/v1/namespaces/ns/tables/u")).toMatchObject(
      error(404, "NoSuchTableException"),
    );
  });

  it("get their ids from the catalog, whatever the client's are", async () => {
    await rig.request("POST", "/v1/namespaces", { namespace: ["ns"] });
    const field = (id: number, name: string, type: unknown) => ({ id, name, required: false, type });
    const list = { type: "list", "element-id": 40, element: "int", "element-required": false };
    const map = {
      type: "map",
      "key-id": 50,
      key: "string",
      "value-id": 51,
      "value-required": false,
      value: "int",
    };
    const { body } = await rig.request("POST", "/v1/namespaces/ns/tables", {
      name: "t",
      schema: {
        type: "struct",
        "identifier-field-ids": [12],
        fields: [
          field(10, "s", { type: "struct", fields: [field(30, "l", list), field(31, "m", map)] }),
          { ...field(12, "id", "string"), required: true },
        ],
      },
      "partition-spec": { fields: [{ "source-id": 12, "field-id": 7, name: "id", transform: "identity" }] },
      "write-order": {
        "order-id": 3,
        fields: [{ "source-id": 12, transform: "identity", direction: "asc", "null-order": "nulls-first" }],
      },
    });
    const metadata = body?.["metadata"] as TableMetadata;
    expect(metadata["last-column-id"]).toBe(7);
    expect(metadata.schemas[0]).toMatchObject({
      "identifier-field-ids": [2],
      fields: [
        {
          id: 1,
          type: {
            fields: [
              { id: 3, type: { "element-id": 5 } },
              { id: 4, type: { "key-id": 6, "value-id": 7 } },
            ],
          },
        },
        { id: 2, name: "id" },
      ],
    });
    expect(metadata["partition-specs"][0]?.fields).toMatchObject([{ "source-id": 2, "field-id": 1000 }]);
    expect(metadata["sort-orders"]).toMatchObject([{ "order-id": 1, fields: [{ "source-id": 2 }] }]);
  });

  it("are served as they are on disk", async () => {
    await rig.table("t");
    await commit("t", appendUpdates(1, undefined, 1));
    const { body } = await rig.request("GET", "/v1/namespaces/ns/tables/t");
    const onDisk: unknown = parseJson(readFileSync(String(body?.["metadata-location"]), "utf8"));
    expect(body?.["metadata"]).toEqual(onDisk);
  });

  it("dropped without purge keep their files and can be registered again", async () => {
    await rig.table("t");
    const loaded = await rig.request("GET", "/v1/namespaces/ns/tables/t");
    await rig.request("DELETE", "/v1/namespaces/ns/tables/t?purgeRequested=false");
    const register = { name: "back", "metadata-location": loaded.body?.["metadata-location"] };
    expect(await rig.request("POST", "/v1/namespaces/ns/register", register)).toMatchObject({ status: 200 });
    expect((await rig.request("GET", "/v1/namespaces/ns/tables/back")).body).toEqual(loaded.body);
  });

  it("dropped with purge lose their files, unless another table uses them", async () => {
    await rig.table("t");
    const loaded = await rig.request("GET", "/v1/namespaces/ns/tables/t");
    const register = { name: "same", "metadata-location": loaded.body?.["metadata-location"] };
    await rig.request("POST", "/v1/namespaces/ns/register", register);
    await rig.request("DELETE", "/v1/namespaces/ns/tables/t?purgeRequested=true");
    expect(existsSync(join(rig.dir, "ns", "t"))).toBe(true);
    await rig.request("DELETE", "/v1/namespaces/ns/tables/same?purgeRequested=true");
    expect(existsSync(join(rig.dir, "ns", "t"))).toBe(false);
  });

  it("never share a folder with a table that had the name before", async () => {
    const first = await rig.table("t");
    await rig.request("POST", "/v1/tables/rename", {
      source: { namespace: ["ns"], name: "t" },
      destination: { namespace: ["ns"], name: "old" },
    });
    const second = await rig.table("t");
    expect(second["location"]).not.toBe(first["location"]);
  });

  it("staged become real with the first commit, and only once", async () => {
    await rig.request("POST", "/v1/namespaces", { namespace: ["ns"] });
    const request = { name: "t", schema, "stage-create": true };
    const staged = await rig.request("POST", "/v1/namespaces/ns/tables", request);
    const metadata = staged.body?.["metadata"] as Record<string, unknown>;
    expect(existsSync(join(String(metadata["location"]), "metadata"))).toBe(true);
    expect((await rig.request("HEAD", "/v1/namespaces/ns/tables/t")).status).toBe(404);
    const updates = [
      { action: "assign-uuid", uuid: metadata["table-uuid"] },
      { action: "upgrade-format-version", "format-version": 2 },
      { action: "add-schema", schema, "last-column-id": 2 },
      { action: "set-current-schema", "schema-id": -1 },
      { action: "add-spec", spec: { "spec-id": 0, fields: [] } },
      { action: "set-default-spec", "spec-id": -1 },
      { action: "add-sort-order", "sort-order": { "order-id": 0, fields: [] } },
      { action: "set-default-sort-order", "sort-order-id": -1 },
      { action: "set-location", location: metadata["location"] },
      { action: "set-properties", updates: { a: "b" } },
      ...appendUpdates(1, undefined, 1),
    ];
    expect(await commit("t", updates)).toMatchObject(error(404, "NoSuchTableException"));
    expect(await commit("t", updates, [{ type: "assert-create" }])).toMatchObject({
      status: 200,
      body: {
        metadata: { "table-uuid": metadata["table-uuid"], "current-snapshot-id": 1, properties: { a: "b" } },
      },
    });
    expect(await commit("t", updates, [{ type: "assert-create" }])).toMatchObject(
      error(409, "CommitFailedException"),
    );
  });

  it.each(["..", ".", "a/b", "a\\b", "", "a b", "é", "-rf", "x".repeat(201), "a\u0000b"])(
    "refuses the name %j",
    async (name) => {
      await rig.request("POST", "/v1/namespaces", { namespace: ["ns"] });
      expect(await rig.request("POST", "/v1/namespaces", { namespace: [name] })).toMatchObject(
        error(400, "BadRequestException"),
      );
      expect(await rig.request("POST", "/v1/namespaces/ns/tables", { name, schema })).toMatchObject(
        error(400, "BadRequestException"),
      );
    },
  );

  it.each(["/etc/passwd.d", "../../out", "s3://bucket/t", "file:///etc", "relative"])(
    "refuse the location %s",
    async (location) => {
      const metadata = await rig.table("t");
      const outside = location.startsWith("..")
        ? join(String(metadata["location"]), "../../..", "out")
        : location;
      expect(
        await rig.request("POST", "/v1/namespaces/ns/tables", { name: "u", schema, location: outside }),
      ).toMatchObject(error(400, "BadRequestException"));
      expect(await commit("t", [{ action: "set-location", location: outside }])).toMatchObject(
        error(400, "BadRequestException"),
      );
      expect(
        await rig.request("POST", "/v1/namespaces/ns/register", { name: "u", "metadata-location": outside }),
      ).toMatchObject(error(400, "BadRequestException"));
    },
  );
});

describe("commits", () => {
  it.each([
    { type: "assert-create" },
    { type: "assert-table-uuid", uuid: "9c12d441-03fe-4693-9a96-a0705ddf69c1" },
    { type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": 7 },
    { type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": null },
    { type: "assert-ref-snapshot-id", ref: "main" },
    { type: "assert-last-assigned-field-id", "last-assigned-field-id": 1 },
    { type: "assert-current-schema-id", "current-schema-id": 1 },
    { type: "assert-last-assigned-partition-id", "last-assigned-partition-id": 1000 },
    { type: "assert-default-spec-id", "default-spec-id": 1 },
    { type: "assert-default-sort-order-id", "default-sort-order-id": 1 },
  ])("fail when a requirement does: $type", async (requirement) => {
    await rig.table("t");
    await commit("t", appendUpdates(1, undefined, 1));
    const set = [{ action: "set-properties", updates: { a: "b" } }];
    expect(await commit("t", set, [requirement])).toMatchObject(error(409, "CommitFailedException"));
    const { body } = await rig.request("GET", "/v1/namespaces/ns/tables/t");
    expect(body).toMatchObject({ metadata: { properties: {} } });
  });

  it("pass when every requirement does", async () => {
    const { "table-uuid": uuid } = await rig.table("t");
    await commit("t", appendUpdates(1, undefined, 1));
    const requirements = [
      { type: "assert-table-uuid", uuid },
      { type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": 1 },
      { type: "assert-ref-snapshot-id", ref: "branch", "snapshot-id": null },
      { type: "assert-last-assigned-field-id", "last-assigned-field-id": 2 },
      { type: "assert-current-schema-id", "current-schema-id": 0 },
      { type: "assert-last-assigned-partition-id", "last-assigned-partition-id": 999 },
      { type: "assert-default-spec-id", "default-spec-id": 0 },
      { type: "assert-default-sort-order-id", "default-sort-order-id": 0 },
    ];
    expect((await commit("t", [], requirements)).status).toBe(200);
  });

  it("keep ids beyond 2^53 exact, from request to disk and back", async () => {
    await rig.table("t");
    const [a, b] = [9_007_199_254_740_993n, 9_223_372_036_854_775_807n];
    await commit("t", [...appendUpdates(a, undefined, 1), ...appendUpdates(b, a, 2)]);
    const requirement = { type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": b };
    const { body } = await commit("t", [{ action: "set-properties", updates: { x: "y" } }], [requirement]);
    expect(body).toMatchObject({
      metadata: { "current-snapshot-id": b, snapshots: [{ "snapshot-id": a }, { "parent-snapshot-id": a }] },
    });
    const text = await readFile(String(body?.["metadata-location"]), "utf8");
    expect(text).toContain(`"snapshot-id":${a}`);
    expect(text).toContain(`"current-snapshot-id":${b}`);
    const almost = { ...requirement, "snapshot-id": b - 1n };
    expect(await commit("t", [], [almost])).toMatchObject(error(409, "CommitFailedException"));
  });

  it("keep the snapshot log and the metadata log", async () => {
    await rig.table("t");
    await commit("t", appendUpdates(1, undefined, 1));
    const { body } = await commit("t", appendUpdates(2, 1, 2));
    expect(body).toMatchObject({
      metadata: {
        "snapshot-log": [
          { "snapshot-id": 1, "timestamp-ms": 1_700_000_000_001 },
          { "snapshot-id": 2, "timestamp-ms": 1_700_000_000_002 },
        ],
        "last-sequence-number": 2,
      },
    });
    const log = (body as { metadata: { "metadata-log": { "metadata-file": string }[] } }).metadata[
      "metadata-log"
    ];
    expect(log.map((entry) => existsSync(entry["metadata-file"]))).toEqual([true, true]);
    expect(String(body?.["metadata-location"])).toMatch(/\/00002-[0-9a-f-]+\.metadata\.json$/);
  });

  it("to several tables happen together or not at all", async () => {
    await rig.table("t");
    await rig.table("u");
    const change = (name: string, requirements: readonly object[]) => ({
      identifier: { namespace: ["ns"], name },
      requirements,
      updates: appendUpdates(5, undefined, 1),
    });
    const fails = [{ type: "assert-current-schema-id", "current-schema-id": 9 }];
    const before = await readdir(join(rig.dir, "ns", "t", "metadata"));
    expect(
      await rig.request("POST", "/v1/transactions/commit", {
        "table-changes": [change("t", []), change("u", fails)],
      }),
    ).toMatchObject(error(409, "CommitFailedException"));
    expect(await readdir(join(rig.dir, "ns", "t", "metadata"))).toEqual(before);
    const both = { "table-changes": [change("t", []), change("u", [])] };
    expect((await rig.request("POST", "/v1/transactions/commit", both)).status).toBe(204);
    for (const name of ["t", "u"]) {
      const { body } = await rig.request("GET", `/v1/namespaces/ns/tables/${name}`);
      expect(body).toMatchObject({ metadata: { "current-snapshot-id": 5 } });
    }
  });

  it("to two servers of one folder see each other", async () => {
    await rig.table("t");
    const other = await startCatalog({ dir: rig.dir, token: "other" });
    const response = await fetch(`${other.url}/v1/namespaces/ns/tables/t`, {
      method: "POST",
      headers: { authorization: "Bearer other" },
      body: JSON.stringify({ requirements: [], updates: appendUpdates(3, undefined, 1) }),
    });
    expect(response.status).toBe(200);
    await other.close();
    const stale = [{ type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": null }];
    expect(await commit("t", appendUpdates(4, undefined, 2), stale)).toMatchObject(
      error(409, "CommitFailedException"),
    );
    const { body } = await rig.request("GET", "/v1/namespaces/ns/tables/t");
    expect(body).toMatchObject({ metadata: { "current-snapshot-id": 3 } });
  });

  it("leave the pointer where it was when the disk is full", async () => {
    await rig.table("t");
    const shared = await startCatalog({
      dir: rig.dir,
      token: "full",
      writeFile: () => {
        throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      },
    });
    const response = await fetch(`${shared.url}/v1/namespaces/ns/tables/t`, {
      method: "POST",
      headers: { authorization: "Bearer full" },
      body: JSON.stringify({ requirements: [], updates: appendUpdates(3, undefined, 1) }),
    });
    expect(response.status).toBe(507);
    await shared.close();
    const { body } = await rig.request("GET", "/v1/namespaces/ns/tables/t");
    expect(body?.["metadata"]).not.toHaveProperty("current-snapshot-id");
  });

  it.each(["", "{", '{"format-version":2}', "null"])("name a damaged metadata file: %j", async (text) => {
    await rig.table("t");
    const folder = join(rig.dir, "ns", "t", "metadata");
    const [file = ""] = await readdir(folder);
    await writeFile(join(folder, file), text);
    const again = await startCatalog({ dir: rig.dir, token: "again" });
    const response = await fetch(`${again.url}/v1/namespaces/ns/tables/t`, {
      headers: { authorization: "Bearer again" },
    });
    expect(response.status).toBe(500);
    expect(await response.text()).toContain(join(folder, file));
    await again.close();
  });
});
