import type { PolicyProblem } from "./policy-problem.ts";
import { nameProblems, wholeNumber } from "./run-limits.ts";
import type { SecretValue } from "./alerts.ts";

/** Events as JSON, a line each, appended to a file. */
export interface FileTransport {
  readonly type: "file";
  /** Relative to the project. */
  readonly path: string;
}

/** A POST for each event. */
export interface HttpTransport {
  readonly type: "http";
  /** The server, e.g. `http://marquez:5000`. */
  readonly url: string;
  /** Follows the URL. @default "api/v1/lineage" */
  readonly endpoint?: string;
  /** Sent as `Authorization: Bearer ...`. @default none */
  readonly apiKey?: SecretValue;
  /** @default no compression */
  readonly compression?: "gzip";
  /** How long the server may take to answer, milliseconds. At the end of a run nobody waits for more than a second. @default 10_000 */
  readonly timeoutMs?: number;
}

/** Where events of OpenLineage go. */
export type OpenLineageTransport = FileTransport | HttpTransport;

/** Who is told of runs in OpenLineage's words. */
export interface OpenLineageConfig {
  /** Namespace of the jobs. @default the project's name and the target: `salesforce-users/aws` */
  readonly namespace?: string;
  /** By names of yours, under which it is kept how far each has been told. @default what OPENLINEAGE_URL says */
  readonly transports?: Readonly<Record<string, OpenLineageTransport>>;
  /** Only the runs of these targets are told. @default all */
  readonly targets?: readonly string[];
}

/** The name of the transport that `OPENLINEAGE_URL` makes. */
export const environmentTransport = "environment";

/** What is wrong with it. @param targets that the project has */
export function openLineageProblems(
  { namespace, transports = {}, targets: told = [] }: OpenLineageConfig,
  targets: readonly string[],
): readonly PolicyProblem[] {
  const problems: PolicyProblem[] = told
    .filter((target) => !targets.includes(target))
    .map((got) => ({ path: ["targets"], expected: `expected some of ${targets.join(", ")}`, got }));
  if (namespace !== undefined && (typeof namespace !== "string" || namespace.trim() === ""))
    problems.push({ path: ["namespace"], expected: "expected a text", got: namespace });
  for (const [name, transport] of Object.entries(transports)) {
    const path = ["transports", name];
    for (const { expected } of nameProblems(name)) problems.push({ path, expected, got: name });
    if (name === environmentTransport)
      problems.push({ path, expected: "expected another name, this one is OPENLINEAGE_URL's", got: name });
    const found = transportProblems(transport);
    problems.push(...found.map((problem) => ({ ...problem, path: [...path, ...problem.path] })));
  }
  return problems;
}

function transportProblems(transport: OpenLineageTransport): readonly PolicyProblem[] {
  // What the compiler has not seen may be of any type.
  const { type } = transport as { readonly type: unknown };
  if (transport.type === "file") {
    const { path } = transport;
    return typeof path === "string" && path !== ""
      ? []
      : [{ path: ["path"], expected: "expected a file's path", got: path ?? null }];
  }
  if (transport.type !== "http")
    return [{ path: ["type"], expected: "expected file or http", got: type ?? null }];
  const { url, endpoint, apiKey, compression, timeoutMs } = transport;
  return [
    ...urlProblems(url),
    ...(endpoint === undefined || typeof endpoint === "string"
      ? []
      : [{ path: ["endpoint"], expected: "expected a path", got: endpoint }]),
    ...(apiKey === undefined || isSecretValue(apiKey)
      ? []
      : // What stands there may be the key itself, and is not repeated.
        [
          {
            path: ["apiKey"],
            expected: 'expected { env: "NAME" } or { secret: "name", field: "field" }',
            got: typeof apiKey,
          },
        ]),
    ...(compression === undefined || compression === "gzip"
      ? []
      : [{ path: ["compression"], expected: "expected gzip", got: compression }]),
    ...wholeNumber("timeoutMs", timeoutMs, 1),
  ];
}

/** What is wrong with the address of a server; one that holds a password belongs into a secret, and is not repeated. */
export function urlProblems(url: unknown): readonly PolicyProblem[] {
  const expected = "expected an http or https URL without a password, like http://marquez:5000";
  if (typeof url !== "string" || !URL.canParse(url)) return [{ path: ["url"], expected, got: url ?? null }];
  const { protocol, username, password, host } = new URL(url);
  if (!/^https?:$/.test(protocol)) return [{ path: ["url"], expected, got: url }];
  return username === "" && password === ""
    ? []
    : [{ path: ["url"], expected, got: `${protocol}//...@${host}` }];
}

function isSecretValue(value: unknown): value is SecretValue {
  if (typeof value !== "object" || value === null) return false;
  const isText = (member: unknown) => typeof member === "string" && member !== "";
  const { env, secret, field } = value as Readonly<Record<string, unknown>>;
  return env === undefined ? isText(secret) && isText(field) : isText(env);
}
