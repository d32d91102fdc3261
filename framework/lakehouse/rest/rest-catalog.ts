import { fail, FailureError } from "../../event/failure.ts";
import type { Clock } from "../../util/clock.ts";
import { type Attributions, stamped } from "../catalog/attributions.ts";
import { CatalogError, noSuchTable } from "../catalog/catalog-error.ts";
import { displayName, type TableIdentifier } from "../catalog/location.ts";
import { toTableMetadata } from "../catalog/metadata-file.ts";
import type {
  FileAccess,
  LoadedTable,
  NewTable,
  SearchableCatalog,
  StagedTable,
  TableChange,
} from "../catalog/table-catalog.ts";
import { type Authorization, authorizationBy, type ReadSecret } from "./authorization.ts";
import { CatalogHttp, type CatalogRequest } from "./catalog-http.ts";
import { S3Access, type S3Options } from "./file-access.ts";
import { hasLanded } from "./has-landed.ts";
import { type Fetch, fetchByProxy } from "../../util/proxy.ts";

/** What a {@link RestCatalog} works with. */
export interface RestCatalogOptions {
  /** What precedes `/v1`. */
  readonly uri: string;
  /** Which of the catalog's warehouses. @default the catalog's only one */
  readonly warehouse?: string | undefined;
  /** @default no authorization, and S3's keys from the catalog or the AWS SDK */
  readonly secret?: ReadSecret | undefined;
  readonly oauth?: { readonly uri?: string; readonly scope?: string } | undefined;
  readonly s3?: S3Options | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly attributions: Attributions;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}

/**
 * A catalog elsewhere, by the Iceberg REST protocol
 * (https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml). Namespaces of one level. Requests
 * that fail in a way that may pass are repeated; a commit that was not answered, only after the table has been looked at.
 */
export class RestCatalog implements SearchableCatalog {
  private readonly options: RestCatalogOptions;
  private readonly http: CatalogHttp;
  private readonly s3: S3Access;
  private root: Promise<string> | undefined;

  constructor(options: RestCatalogOptions) {
    this.options = options;
    const { clock, random, signal } = options;
    const send = fetchByProxy();
    const authorization = authorizationFor(options, send);
    this.http = new CatalogHttp({ authorization, clock, random, send, signal });
    this.s3 = new S3Access(options.secret, options.s3 ?? {});
  }

  async namespaces(): Promise<readonly string[]> {
    const found = await this.pages("namespaces", "namespaces");
    return found.flatMap((levels) =>
      Array.isArray(levels) && levels.length === 1 ? [String(levels[0])] : [],
    );
  }

  async namespaceProperties(namespace: string): Promise<Readonly<Record<string, string>>> {
    const { properties } = (await this.read("GET", namespacePath(namespace))) as { properties?: Settings };
    return properties ?? {};
  }

  async createNamespace(namespace: string, properties: Settings = {}): Promise<void> {
    await this.send("POST", "namespaces", { namespace: [namespace], properties });
  }

  async updateNamespace(
    namespace: string,
    removals: readonly string[],
    updates: Settings,
  ): Promise<{ readonly removed: readonly string[]; readonly missing: readonly string[] }> {
    const answer = await this.send("POST", `${namespacePath(namespace)}/properties`, { removals, updates });
    const { removed = [], missing = [] } = answer as { removed?: string[]; missing?: string[] };
    return { removed, missing };
  }

  async dropNamespace(namespace: string): Promise<void> {
    await this.send("DELETE", namespacePath(namespace));
  }

  async tables(namespace: string): Promise<readonly TableIdentifier[]> {
    const found = await this.pages(`${namespacePath(namespace)}/tables`, "identifiers");
    return found.map((identifier) => ({ namespace, name: String((identifier as { name: unknown }).name) }));
  }

  async exists(identifier: TableIdentifier): Promise<boolean> {
    return (await unlessMissing(this.read("HEAD", tablePath(identifier)).then(() => true))) ?? false;
  }

  async load(identifier: TableIdentifier): Promise<LoadedTable> {
    return (await this.find(identifier)) ?? noSuchTable(displayName(identifier));
  }

  async find(identifier: TableIdentifier): Promise<LoadedTable | undefined> {
    const answer = await unlessMissing(this.read("GET", tablePath(identifier), await this.delegation()));
    return answer === undefined ? undefined : this.tableOf(answer, identifier);
  }

  async stage({ identifier, request }: NewTable): Promise<StagedTable> {
    return this.make(identifier, { ...request, "stage-create": true });
  }

  async create({ identifier, request }: NewTable): Promise<LoadedTable> {
    return this.make(identifier, { ...request, "stage-create": false });
  }

  /** Several tables need a catalog that has `transactions/commit`. */
  async commit(changes: readonly TableChange[]): Promise<readonly LoadedTable[]> {
    const [change, ...others] = changes.map((one) => this.stampedChange(one));
    if (change === undefined) return [];
    if (others.length === 0) return [await this.commitOne(change)];
    const all = [change, ...others];
    await this.send("POST", "transactions/commit", { "table-changes": all.map(commitBody) });
    return Promise.all(all.map(({ identifier }) => this.load(identifier)));
  }

  /** Commits to one table, whoever wrote what. */
  async publish(change: TableChange): Promise<void> {
    await this.commitOne(change);
  }

  async rename(from: TableIdentifier, to: TableIdentifier): Promise<void> {
    await this.send("POST", "tables/rename", { source: named(from), destination: named(to) });
  }

  async register(identifier: TableIdentifier, metadataFile: string, overwrite = false): Promise<LoadedTable> {
    const body = { name: identifier.name, "metadata-location": metadataFile, overwrite };
    const answer = await this.send("POST", `${namespacePath(identifier.namespace)}/register`, body);
    return this.tableOf(answer, identifier);
  }

  async drop(identifier: TableIdentifier, purge: boolean): Promise<void> {
    await this.send("DELETE", `${tablePath(identifier)}?purgeRequested=${purge}`);
  }

  private stampedChange(change: TableChange): TableChange {
    const stamp = this.options.attributions.stamp(change.identifier);
    return { ...change, updates: stamped(change.updates, stamp) };
  }

  private async commitOne(change: TableChange): Promise<LoadedTable> {
    const { identifier } = change;
    let isUncertain = false;
    const landed = async (): Promise<LoadedTable | undefined> => {
      const table = await this.find(identifier);
      return table !== undefined && hasLanded(change.updates, table.metadata) ? table : undefined;
    };
    return this.http.persistently(async () => {
      const done = isUncertain ? await landed() : undefined;
      if (done !== undefined) return done;
      try {
        return await this.tableOf(
          await this.send("POST", tablePath(identifier), commitBody(change)),
          identifier,
        );
      } catch (error) {
        if (error instanceof FailureError && error.failure.reason === "unreachable") isUncertain = true;
        // Refused perhaps for the sake of our own commit: its answer was lost, to us or to DuckDB, which repeats it.
        const own = error instanceof CatalogError && error.status === 409 ? await landed() : undefined;
        if (own === undefined) throw error;
        return own;
      }
    });
  }

  private async make(identifier: TableIdentifier, request: object): Promise<LoadedTable> {
    const path = `${namespacePath(identifier.namespace)}/tables`;
    return this.tableOf(await this.send("POST", path, request, await this.delegation()), identifier);
  }

  private async tableOf(answer: unknown, identifier: TableIdentifier): Promise<LoadedTable> {
    const { metadata: document, ...rest } = answer as FileAccess & {
      readonly metadata?: unknown;
      readonly "metadata-location"?: string | null;
    };
    const metadata = toTableMetadata(document);
    if (metadata === undefined) {
      return fail({
        reason: "bad-response",
        message: `the catalog's answer holds no metadata of ${displayName(identifier)}`,
        expected: "Iceberg table metadata of format 2 or 3",
        where: this.options.uri,
        retryable: false,
      });
    }
    const access = await this.s3.of(metadata.location, rest);
    return { metadataFile: rest["metadata-location"] ?? "", metadata, access };
  }

  /** Asks the catalog for credentials to the table's files, unless we have our own. */
  private async delegation(): Promise<Settings> {
    return (await this.s3.wantsVended()) ? { "x-iceberg-access-delegation": "vended-credentials" } : {};
  }

  private async pages(path: string, member: string): Promise<readonly unknown[]> {
    const found: unknown[] = [];
    let token: string | undefined;
    do {
      const query = token === undefined ? "" : `?pageToken=${encodeURIComponent(token)}`;
      const answer = (await this.read("GET", `${path}${query}`)) as Readonly<Record<string, unknown>>;
      const list = answer[member];
      if (Array.isArray(list)) found.push(...(list as readonly unknown[]));
      const next = answer["next-page-token"];
      token = typeof next === "string" && next !== "" ? next : undefined;
    } while (token !== undefined);
    return found;
  }

  private async read(method: "GET" | "HEAD", path: string, headers: Settings = {}): Promise<unknown> {
    return this.http.read({ method, url: await this.url(path), headers });
  }

  private async send(
    method: CatalogRequest["method"],
    path: string,
    body?: unknown,
    headers: Settings = {},
  ): Promise<unknown> {
    return this.http.send({ method, url: await this.url(path), body, headers });
  }

  private async url(path: string): Promise<string> {
    this.root ??= this.configure().catch((error: unknown) => {
      // The next caller tries again.
      this.root = undefined;
      throw error;
    });
    return `${await this.root}/${path}`;
  }

  /** Asks the catalog where the warehouse's own paths begin. */
  private async configure(): Promise<string> {
    const base = baseOf(this.options.uri);
    const { warehouse } = this.options;
    const query = warehouse === undefined ? "" : `?warehouse=${encodeURIComponent(warehouse)}`;
    const answer = (await this.http.read({ method: "GET", url: `${base}/v1/config${query}` })) as {
      readonly defaults?: Settings;
      readonly overrides?: Settings;
    };
    const { prefix, uri = base } = { ...answer.defaults, ...answer.overrides };
    return `${baseOf(uri)}/v1${prefix === undefined ? "" : `/${prefix}`}`;
  }
}

type Settings = Readonly<Record<string, string>>;

function authorizationFor({ uri, oauth, secret, clock }: RestCatalogOptions, send: Fetch): Authorization {
  const tokenUrl = oauth?.uri ?? `${baseOf(uri)}/v1/oauth/tokens`;
  return authorizationBy({ secret, tokenUrl, scope: oauth?.scope, clock, send });
}

function baseOf(uri: string): string {
  return uri.replace(/\/+$/, "");
}

function namespacePath(namespace: string): string {
  return `namespaces/${encodeURIComponent(namespace)}`;
}

function tablePath({ namespace, name }: TableIdentifier): string {
  return `${namespacePath(namespace)}/tables/${encodeURIComponent(name)}`;
}

function named({ namespace, name }: TableIdentifier): object {
  return { namespace: [namespace], name };
}

function commitBody({ identifier, requirements, updates }: TableChange): object {
  return { identifier: named(identifier), requirements, updates };
}

/** Undefined for what does not exist. */
async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CatalogError && error.status === 404) return undefined;
    throw error;
  }
}
