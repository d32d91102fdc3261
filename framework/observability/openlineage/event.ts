import packageJson from "../../../package.json" with { type: "json" };

// The parts of the specification's objects that moraine fills; https://openlineage.io/spec/2-0-2/OpenLineage.json.

/** Facets by name. */
export type Facets = Readonly<Record<string, object>>;

/** A job, by the names that identify it. */
export interface JobName {
  readonly namespace: string;
  readonly name: string;
}

/** A dataset of an event. */
export interface Dataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets?: Facets;
}

/** One run event of OpenLineage 2-0-2. */
export interface OpenLineageEvent {
  readonly eventType: "START" | "COMPLETE" | "FAIL" | "ABORT";
  /** ISO 8601, UTC. */
  readonly eventTime: string;
  readonly producer: string;
  readonly schemaURL: string;
  readonly run: { readonly runId: string; readonly facets: Facets };
  readonly job: JobName & { readonly facets: Facets };
  readonly inputs: readonly (Dataset & { readonly inputFacets?: Facets })[];
  readonly outputs: readonly (Dataset & { readonly outputFacets?: Facets })[];
}

/** Who makes the events: a package URL. */
const producer = `pkg:npm/${packageJson.name}@${packageJson.version}`;

/** moraine's version. */
export const moraineVersion = packageJson.version;

const spec = "https://openlineage.io/spec";

/** What every event begins with. */
export function envelope(
  eventType: OpenLineageEvent["eventType"],
  eventTime: string,
): Pick<OpenLineageEvent, "eventType" | "eventTime" | "producer" | "schemaURL"> {
  const schemaURL = `${spec}/2-0-2/OpenLineage.json#/$defs/RunEvent`;
  return { eventType, eventTime, producer, schemaURL };
}

/** The version of each facet's schema, by the schema's name. */
const facetVersions = {
  ColumnLineageDatasetFacet: "1-2-0",
  DataQualityAssertionsDatasetFacet: "1-1-0",
  DatasetVersionDatasetFacet: "1-0-1",
  DocumentationDatasetFacet: "1-1-0",
  DocumentationJobFacet: "1-1-0",
  ErrorMessageRunFacet: "1-0-1",
  JobTypeJobFacet: "2-0-4",
  NominalTimeRunFacet: "1-0-1",
  OutputStatisticsOutputDatasetFacet: "1-0-2",
  OwnershipDatasetFacet: "1-0-1",
  OwnershipJobFacet: "1-0-1",
  ParentRunFacet: "1-2-0",
  ProcessingEngineRunFacet: "1-1-1",
  SchemaDatasetFacet: "1-2-0",
  StorageDatasetFacet: "1-0-1",
  SymlinksDatasetFacet: "1-0-1",
  TagsJobFacet: "1-0-0",
  TagsRunFacet: "1-0-0",
} as const;

/** A facet of a published schema. Members that are undefined are left out when it is written as JSON. */
export function facet(schema: keyof typeof facetVersions, members: object): object {
  const url = `${spec}/facets/${facetVersions[schema]}/${schema}.json#/$defs/${schema}`;
  return { _producer: producer, _schemaURL: url, ...members };
}

/** Facets by name without those that are undefined. */
export function facets(all: Readonly<Record<string, object | undefined>>): Facets {
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
