import type { Config } from "../../definition/config.ts";
import {
  environmentTransport,
  type OpenLineageTransport,
  urlProblems,
} from "../../definition/open-lineage.ts";
import { DefinitionError } from "../../definition/problem.ts";
import { policyProblems } from "../../definition/policy-problem.ts";

/** The variables that OpenLineage's own clients read. */
type Environment = Readonly<Record<string, string | undefined>>;

/** What is told of a target's runs, and to whom. */
export interface OpenLineageSettings {
  /** Of the jobs. */
  readonly namespace: string;
  /** By name; none: events can be printed, and nobody is told. */
  readonly transports: Readonly<Record<string, OpenLineageTransport>>;
}

/**
 * Whether somebody may have to be told; cheap, and asked at every run: only then is anything else of OpenLineage loaded.
 */
export function mayTell({ openLineage }: Config, environment: Environment): boolean {
  return openLineage?.transports !== undefined || isSet(environment["OPENLINEAGE_URL"]);
}

/**
 * The config's settings joined with the standard environment variables: `OPENLINEAGE_URL` (with `OPENLINEAGE_ENDPOINT` and
 * `OPENLINEAGE_API_KEY`) adds a transport, `OPENLINEAGE_NAMESPACE` overrides the namespace, and with `OPENLINEAGE_DISABLED`
 * nobody is told.
 *
 * @throws DefinitionError when the URL is none
 */
export function openLineageSettings(
  { name, openLineage = {} }: Config,
  target: string,
  environment: Environment,
): OpenLineageSettings {
  const given = environment["OPENLINEAGE_NAMESPACE"];
  const namespace = isSet(given) ? given : (openLineage.namespace ?? `${name}/${target}`);
  const isTold =
    (openLineage.targets?.includes(target) ?? true) &&
    !/^(true|1)$/i.test(environment["OPENLINEAGE_DISABLED"] ?? "");
  if (!isTold) return { namespace, transports: {} };
  return { namespace, transports: { ...openLineage.transports, ...fromEnvironment(environment) } };
}

function fromEnvironment(environment: Environment): OpenLineageSettings["transports"] {
  const url = environment["OPENLINEAGE_URL"];
  const endpoint = environment["OPENLINEAGE_ENDPOINT"];
  if (!isSet(url)) return {};
  const problems = urlProblems(url).map((problem) => ({ ...problem, path: [] }));
  if (problems.length > 0) throw new DefinitionError(policyProblems("OPENLINEAGE_URL", problems));
  const transport = {
    type: "http",
    url,
    ...(isSet(endpoint) ? { endpoint } : {}),
    ...(isSet(environment["OPENLINEAGE_API_KEY"]) ? { apiKey: { env: "OPENLINEAGE_API_KEY" } } : {}),
  } as const;
  return { [environmentTransport]: transport };
}

function isSet(text: string | undefined): text is string {
  return text !== undefined && text.trim() !== "";
}
