import { Hono, type Context } from "hono";
import { FailureError } from "../../event/failure.ts";
import { badRequest, noSuchNamespace, noSuchTable } from "./catalog-error.ts";
import { createTableUpdates } from "./create-table.ts";
import { errorAnswer } from "./error-answer.ts";
import { parseJson, writeJson } from "./json.ts";
import { displayName, type TableIdentifier } from "./location.ts";
import { requests } from "./protocol.ts";
import { isToken } from "../../util/bearer-token.ts";
import type { LoadedTable, TableCatalog } from "./table-catalog.ts";
import type { TableMetadata } from "./table-metadata.ts";
import { wholeTableView } from "./whole-table-view.ts";

/** What the catalog tells clients it can do; views are absent on purpose. */
const endpoints = [
  "GET /v1/{prefix}/namespaces",
  "POST /v1/{prefix}/namespaces",
  "GET /v1/{prefix}/namespaces/{namespace}",
  "HEAD /v1/{prefix}/namespaces/{namespace}",
  "DELETE /v1/{prefix}/namespaces/{namespace}",
  "POST /v1/{prefix}/namespaces/{namespace}/properties",
  "GET /v1/{prefix}/namespaces/{namespace}/tables",
  "POST /v1/{prefix}/namespaces/{namespace}/tables",
  "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}",
  "HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}",
  "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}",
  "DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}",
  "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics",
  "POST /v1/{prefix}/namespaces/{namespace}/register",
  "POST /v1/{prefix}/tables/rename",
  "POST /v1/{prefix}/transactions/commit",
];

/** A table's metadata as some clients need it. */
export type MetadataView = (metadata: TableMetadata) => TableMetadata;

/** What {@link catalogRoutes} takes beside the catalog. */
export interface RoutesOptions {
  /** How clients get a table's metadata. @default as it is on disk */
  readonly view?: MetadataView | undefined;
  /** Other views of it, each under `/view/<name>`. @default none */
  readonly views?: Readonly<Record<string, MetadataView>> | undefined;
  /** Hears of what went wrong in more words than the protocol has. */
  readonly onFailure?: ((error: FailureError) => void) | undefined;
}

/** The Iceberg REST catalog protocol over a {@link TableCatalog}; every request needs the bearer token. */
export function catalogRoutes(store: TableCatalog, token: string, options: RoutesOptions): Hono {
  const app = emptyApp(options.onFailure);
  app.use(async (context, next) => {
    if (isToken(context.req.header("authorization"), token)) return next();
    return json(
      errorBody(401, "NotAuthorizedException", "Not authorized: expected the lake's bearer token"),
      401,
    );
  });
  app.route("/", protocolRoutes(store, options));
  app.all("/whole-table/:operation/:base/*", (context) => {
    const { operation, base } = context.req.param();
    if (operation !== "replace" && operation !== "overwrite") badRequest(`Unknown operation: ${operation}`);
    const view = wholeTableView(store, operation, base === "none" ? undefined : BigInt(base));
    return protocolRoutes(view, options).fetch(withoutSegments(context.req.raw, 3));
  });
  for (const [name, view] of Object.entries(options.views ?? {})) {
    const routes = protocolRoutes(store, { ...options, view });
    app.all(`/view/${name}/*`, (context) => routes.fetch(withoutSegments(context.req.raw, 2)));
  }
  return app;
}

function protocolRoutes(
  store: TableCatalog,
  { onFailure, view = (metadata) => metadata }: RoutesOptions,
): Hono {
  const app = emptyApp(onFailure);
  app.get("/v1/config", () => json({ defaults: {}, overrides: {}, endpoints }));
  namespaceRoutes(app, store);
  tableRoutes(app, store, view);
  commitRoutes(app, store, view);
  return app;
}

function emptyApp(onFailure: RoutesOptions["onFailure"]): Hono {
  const app = new Hono();
  app.onError((error) => {
    if (error instanceof FailureError) onFailure?.(error);
    const { status, body } = errorAnswer(error);
    return json(body, status);
  });
  app.notFound((context) =>
    json(
      errorBody(404, "NotFoundException", `No such endpoint: ${context.req.method} ${context.req.path}`),
      404,
    ),
  );
  return app;
}

function namespaceRoutes(app: Hono, store: TableCatalog): void {
  app.get("/v1/namespaces", async (context) => {
    // There is one level of namespaces, so none has children.
    const parent = context.req.query("parent");
    const names = await store.namespaces();
    if (parent !== undefined && parent !== "") {
      if (!names.includes(parent)) noSuchNamespace(parent);
      return json({ namespaces: [] });
    }
    return json({ namespaces: names.map((name) => [name]) });
  });
  app.post("/v1/namespaces", async (context) => {
    const request = requests.createNamespace.parse(await readBody(context));
    const namespace = request.namespace.join(".");
    await store.createNamespace(namespace, request.properties);
    return json({ namespace: [namespace], properties: request.properties });
  });
  app.get("/v1/namespaces/:namespace", async (context) => {
    const namespace = context.req.param("namespace");
    const properties = await store.namespaceProperties(namespace);
    // Hono answers HEAD from the GET handler, without the body; the specification wants 204.
    return context.req.method === "HEAD" ? noContent() : json({ namespace: [namespace], properties });
  });
  app.delete("/v1/namespaces/:namespace", async (context) => {
    await store.dropNamespace(context.req.param("namespace"));
    return noContent();
  });
  app.post("/v1/namespaces/:namespace/properties", async (context) => {
    const { removals, updates } = requests.updateNamespace.parse(await readBody(context));
    const both = removals.find((name) => name in updates);
    if (both !== undefined) badRequest(`Property ${both} is both removed and updated`);
    const namespace = context.req.param("namespace");
    const { removed, missing } = await store.updateNamespace(namespace, removals, updates);
    return json({ updated: Object.keys(updates), removed, missing });
  });
}

function tableRoutes(app: Hono, store: TableCatalog, view: MetadataView): void {
  app.get("/v1/namespaces/:namespace/tables", async (context) => {
    const tables = await store.tables(context.req.param("namespace"));
    return json({ identifiers: tables.map(({ namespace, name }) => ({ namespace: [namespace], name })) });
  });
  app.post("/v1/namespaces/:namespace/tables", async (context) => {
    const request = requests.createTable.parse(await readBody(context));
    const table = {
      identifier: { namespace: context.req.param("namespace"), name: request.name },
      request,
      updates: createTableUpdates(request),
    };
    if (!request["stage-create"]) return loaded(await store.create(table), view);
    const { metadata, access } = await store.stage(table);
    return json({ metadata, config: {}, ...access });
  });
  app.get("/v1/namespaces/:namespace/tables/:table", async (context) => {
    const table = identifier(context);
    if (context.req.method !== "HEAD") return loaded(await store.load(table), view);
    if (!(await store.exists(table))) noSuchTable(displayName(table));
    return noContent();
  });
  app.delete("/v1/namespaces/:namespace/tables/:table", async (context) => {
    await store.drop(identifier(context), context.req.query("purgeRequested")?.toLowerCase() === "true");
    return noContent();
  });
  app.post("/v1/namespaces/:namespace/tables/:table/metrics", async (context) => {
    if (!(await store.exists(identifier(context)))) noSuchTable(displayName(identifier(context)));
    return noContent();
  });
  app.post("/v1/namespaces/:namespace/register", async (context) => {
    const request = requests.registerTable.parse(await readBody(context));
    const table = { namespace: context.req.param("namespace"), name: request.name };
    return loaded(await store.register(table, request["metadata-location"], request.overwrite), view);
  });
  app.post("/v1/tables/rename", async (context) => {
    const { source, destination } = requests.renameTable.parse(await readBody(context));
    await store.rename(source, destination);
    return noContent();
  });
}

function commitRoutes(app: Hono, store: TableCatalog, view: MetadataView): void {
  app.post("/v1/namespaces/:namespace/tables/:table", async (context) => {
    const change = requests.commitTable.parse(await readBody(context));
    const renewsSchemas = isDuckdb(context);
    const [table] = await store.commit([{ identifier: identifier(context), ...change, renewsSchemas }]);
    if (table === undefined) throw new Error("Internal error: expected one committed table, got none");
    return json(located(table, view));
  });
  app.post("/v1/transactions/commit", async (context) => {
    const request = requests.commitTransaction.parse(await readBody(context));
    const renewsSchemas = isDuckdb(context);
    await store.commit(request["table-changes"].map((change) => ({ ...change, renewsSchemas })));
    return noContent();
  });
}

function identifier(context: Context<object, "/:namespace/:table">): TableIdentifier {
  return { namespace: context.req.param("namespace"), name: context.req.param("table") };
}

/** The request without the first segments of its path. */
function withoutSegments(request: Request, count: number): Request {
  const url = new URL(request.url);
  url.pathname = url.pathname
    .split("/")
    .slice(count + 1)
    .join("/");
  return new Request(url, request);
}

function isDuckdb(context: Context): boolean {
  return context.req.header("user-agent")?.startsWith("duckdb/") ?? false;
}

async function readBody(context: Context): Promise<unknown> {
  const text = await context.req.text();
  try {
    return parseJson(text);
  } catch {
    return badRequest("The request body is not JSON");
  }
}

function loaded(table: LoadedTable, view: MetadataView): Response {
  return json({ ...located(table, view), config: {}, ...table.access });
}

function located({ metadataFile, metadata }: LoadedTable, view: MetadataView): object {
  return { "metadata-location": metadataFile, metadata: view(metadata) };
}

function errorBody(code: number, type: string, message: string): unknown {
  return { error: { message, type, code } };
}

/** Hono's own `json` would lose 64-bit integers. */
function json(value: unknown, status = 200): Response {
  return new Response(writeJson(value), { status, headers: { "content-type": "application/json" } });
}

function noContent(): Response {
  return new Response(null, { status: 204 });
}
