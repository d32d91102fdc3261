import type { Asset } from "../../definition/asset.ts";
import type { Failure } from "../../event/failure.ts";
import type { RunRecord } from "../../store/store.ts";
import { facet, type Facets, facets, type JobName, moraineVersion } from "./event.ts";
import { staticUuid } from "./static-uuid.ts";

/** Whose jobs they are. */
export interface Jobs {
  /** The project's name, which is that of the job of its runs. */
  readonly project: string;
  readonly namespace: string;
}

/** The job of whole runs. */
export function runJob({ namespace, project }: Jobs): JobName {
  return { namespace, name: project };
}

/** The id of a whole run. */
export function runUuid(run: RunRecord): string {
  return staticUuid(run.startedAt, [run.target, run.id]);
}

/** A span of time that a run is about. */
export interface NominalTime {
  readonly start: string;
  /** Exclusive; undefined: nobody says. */
  readonly end: string | undefined;
}

/** Facets that the job of a run or of an asset has. */
export function jobFacets(
  jobType: "DAG" | "TASK" | "MODEL" | "TEST",
  asset?: Pick<Asset, "owners" | "description" | "tags">,
): Facets {
  const { owners = [], description, tags = [] } = asset ?? {};
  return facets({
    jobType: facet("JobTypeJobFacet", { processingType: "BATCH", integration: "MORAINE", jobType }),
    ownership:
      owners.length === 0
        ? undefined
        : facet("OwnershipJobFacet", { owners: owners.map((name) => ({ name })) }),
    documentation: description === undefined ? undefined : facet("DocumentationJobFacet", { description }),
    tags:
      tags.length === 0
        ? undefined
        : facet("TagsJobFacet", { tags: tags.map((key) => ({ key, value: "true", source: "USER" })) }),
  });
}

/** Facets that every run of ours has: what runs it, when it is about, and moraine's own names for it. */
export function commonRunFacets(
  run: RunRecord,
  own: Readonly<Record<string, string>>,
  nominal = nominalTimeOf(run),
): Readonly<Record<string, object | undefined>> {
  const tags = [
    ...Object.entries(run.tags).map(([key, value]) => ({ key, value, source: "USER" })),
    ...Object.entries({ run: run.id, target: run.target, trigger: run.trigger, ...own }).map(
      ([key, value]) => ({ key: `moraine.${key}`, value, source: "MORAINE" }),
    ),
  ];
  return {
    processing_engine: facet("ProcessingEngineRunFacet", {
      name: "moraine",
      version: moraineVersion,
      openlineageAdapterVersion: moraineVersion,
    }),
    nominalTime:
      nominal === undefined
        ? undefined
        : facet("NominalTimeRunFacet", { nominalStartTime: nominal.start, nominalEndTime: nominal.end }),
    tags: facet("TagsRunFacet", { tags }),
  };
}

/** The tick that a schedule's run was started for. */
export function nominalTimeOf({
  trigger,
  tags,
}: Pick<RunRecord, "trigger" | "tags">): NominalTime | undefined {
  const { tick } = tags;
  const isTick = trigger === "schedule" && tick !== undefined && !Number.isNaN(Date.parse(tick));
  return isTick ? { start: tick, end: undefined } : undefined;
}

/** The run that a run is part of, which is the root as well. */
export function parentFacet(job: JobName, runId: string): object {
  const parent = { run: { runId }, job };
  return facet("ParentRunFacet", { ...parent, root: parent });
}

/** Why something failed. */
export function errorFacet({ reason, message, expected, got, next, detail }: Failure): object {
  const lines = [
    `[${reason}] ${message}`,
    ...Object.entries({ expected, got, next }).flatMap(([name, text]) =>
      text === undefined ? [] : [`${name}: ${text}`],
    ),
  ];
  return errorMessage(lines.join("\n"), detail);
}

/** The same of a text. */
export function errorMessage(message: string, stackTrace?: string): object {
  return facet("ErrorMessageRunFacet", { message, programmingLanguage: "TypeScript", stackTrace });
}
