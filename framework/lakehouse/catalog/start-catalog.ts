import type { AddressInfo } from "node:net";
import { createAdaptorServer, type ServerType } from "@hono/node-server";
import { FailureError } from "../../event/failure.ts";
import { type Clock, systemClock } from "../../util/clock.ts";
import { CatalogStore } from "./catalog-store.ts";
import type { WriteFile } from "./metadata-file.ts";
import { catalogRoutes, type RoutesOptions } from "./routes.ts";
import type { TableCatalog } from "./table-catalog.ts";
import { newToken } from "../../util/bearer-token.ts";
import { loopback } from "../../util/loopback.ts";

/** A running Iceberg REST catalog. */
export interface Catalog {
  /** `http://127.0.0.1:<port>`, what Iceberg clients call `uri`. */
  readonly url: string;
  readonly port: number;
  readonly token: string;
  /** Ends open connections and frees the port; may be called twice. */
  close(): Promise<void>;
}

/** What {@link startCatalog} takes. */
export interface CatalogOptions {
  /** The lake's folder; made when missing. */
  readonly dir: string;
  /** @default 0, any free port */
  readonly port?: number;
  /** Clients send it as a bearer token. @default a random one */
  readonly token?: string;
  /** Closes the catalog when it aborts. */
  readonly signal?: AbortSignal;
  readonly clock?: Pick<Clock, "now">;
  /** How metadata files are written. @default durably, see {@link WriteFile} */
  readonly writeFile?: WriteFile;
}

/**
 * Serves the lake in a folder as an Iceberg REST catalog on 127.0.0.1. Several may serve one folder.
 *
 * @throws FailureError `port-taken`
 */
export async function startCatalog(options: CatalogOptions): Promise<Catalog> {
  const { signal, token = newToken() } = options;
  signal?.throwIfAborted();
  const clock = options.clock ?? systemClock;
  const { dir, writeFile } = options;
  const store = new CatalogStore({ dir, clock, ...(writeFile === undefined ? {} : { writeFile }) });
  const catalog = await serveCatalog(store, { port: options.port ?? 0, token }).catch((error: unknown) => {
    store.close();
    throw error;
  });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= catalog.close().finally(() => store.close());
    return closing;
  };
  signal?.addEventListener("abort", () => void close(), { once: true });
  return { ...catalog, close };
}

/**
 * Serves a catalog, wherever its tables are, on 127.0.0.1. It stays the caller's.
 *
 * @throws FailureError `port-taken`
 */
export async function serveCatalog(
  store: TableCatalog,
  options: RoutesOptions & { readonly port: number; readonly token: string },
): Promise<Catalog> {
  const { token, ...routing } = options;
  const server = createAdaptorServer({ fetch: catalogRoutes(store, token, routing).fetch });
  const port = await listen(server, options.port);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= stop(server));
  return { url: `http://${loopback}:${port}`, port, token, close };
}

function listen(server: ServerType, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") reject(portTaken(port, error));
      else reject(error);
    });
    server.listen(port, loopback, () => resolve((server.address() as AddressInfo).port));
  });
}

function stop(server: ServerType): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    if ("closeAllConnections" in server) server.closeAllConnections();
  });
}

function portTaken(port: number, cause: Error): FailureError {
  return new FailureError(
    {
      reason: "port-taken",
      message: `port ${port} can't be used`,
      got: cause.message,
      where: `${loopback}:${port}`,
      next: "choose another port with --port, or leave it out for a free one",
      retryable: false,
    },
    { cause },
  );
}
