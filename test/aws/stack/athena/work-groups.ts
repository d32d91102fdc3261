import { invalidRequest } from "./api-error.ts";

/** A work group's configuration, as the API has it. */
export interface WorkGroupConfiguration {
  readonly EnforceWorkGroupConfiguration?: boolean;
  readonly ResultConfiguration?: { readonly OutputLocation?: string };
  /** The service takes none under 10,000,000; here a test may, to reach it with small tables. */
  readonly BytesScannedCutoffPerQuery?: number;
}

const engineVersion = {
  SelectedEngineVersion: "AUTO",
  EffectiveEngineVersion: "Athena engine version 3",
};

/** A set of rules for queries. */
export class WorkGroup {
  readonly name: string;
  readonly #configuration: WorkGroupConfiguration;

  constructor(name: string, configuration: WorkGroupConfiguration) {
    this.name = name;
    this.#configuration = configuration;
  }

  get scanCutoffBytes(): number | undefined {
    return this.#configuration.BytesScannedCutoffPerQuery;
  }

  /** Where results go, ending in `/`. A work group that enforces its rules has the last word. */
  outputLocation(asked: string | undefined): string {
    const own = this.#configuration.ResultConfiguration?.OutputLocation;
    const location =
      this.#configuration.EnforceWorkGroupConfiguration === true ? (own ?? asked) : (asked ?? own);
    if (location === undefined)
      throw invalidRequest(
        "No output location provided. An output location is required either through the Workgroup result " +
          "configuration setting or as an API input.",
      );
    return location.endsWith("/") ? location : `${location}/`;
  }

  describe(): object {
    return {
      Name: this.name,
      State: "ENABLED",
      CreationTime: 1_700_000_000,
      Configuration: {
        EnforceWorkGroupConfiguration: false,
        PublishCloudWatchMetricsEnabled: false,
        RequesterPaysEnabled: false,
        ...this.#configuration,
        EngineVersion: engineVersion,
      },
    };
  }
}

/** All work groups; `primary` is there from the start. */
export class WorkGroups {
  readonly #groups = new Map<string, WorkGroup>();

  create(name: string, configuration: WorkGroupConfiguration): void {
    if (this.#groups.has(name)) throw invalidRequest("WorkGroup is already created");
    this.#groups.set(name, new WorkGroup(name, configuration));
  }

  delete(name: string): void {
    this.#groups.delete(name);
  }

  get(name: string): WorkGroup {
    const group = this.#groups.get(name);
    if (group === undefined) throw invalidRequest(`WorkGroup ${name} is not found.`);
    return group;
  }

  list(): readonly WorkGroup[] {
    return [...this.#groups.values()];
  }
}
