import { fail } from "../event/failure.ts";
import { callSite } from "../util/call-site.ts";
import { hashJson } from "../util/hash.ts";
import { describeValue } from "../util/plain-json.ts";
import type { Asset, AssetOptions, NoDeps } from "./asset.ts";
import { defineAsset } from "./define-asset.ts";
import { functionVersion } from "./function-version.ts";
import type { Observation, ObserveContext } from "./observation.ts";
import { observeFiles } from "./observe-files.ts";

/** What {@link defineSource} takes. */
export interface SourceOptions<R = unknown> extends Pick<
  AssetOptions<never, unknown, R>,
  | "automation"
  | "checks"
  | "codeVersion"
  | "description"
  | "freshness"
  | "group"
  | "key"
  | "owners"
  | "partitions"
  | "pool"
  | "priority"
  | "retry"
  | "rows"
  | "tags"
  | "timeoutMs"
> {
  /** @default "source" */
  readonly kind?: string;
  /**
   * Finds out which version of the data is there. It writes nothing.
   * @default with `files` their content, else the newest snapshot of the lake table of this key
   */
  readonly observe?: (context: ObserveContext) => Observation | Promise<Observation>;
  /** Files whose content is the data: paths or globs, relative to the project's folder. */
  readonly files?: string | readonly string[];
  /** An observation younger than this counts. @default 0: each run and each plan looks anew */
  readonly everyMs?: number;
}

/**
 * Declares data that others make: files, a table in the lake, whatever `observe` can tell a version of. A run that selects
 * it looks at it and records the version, as a materialization in which nothing was written; what reads it is stale when
 * the version is another. Problems are kept on the value, as {@link defineAsset} does.
 */
export function defineSource<R = unknown>(options: SourceOptions<R>): Asset<R> {
  const { observe, files, everyMs = 0, kind = "source", ...rest } = options;
  const patterns = files === undefined ? undefined : [files].flat();
  const look = observe ?? (patterns === undefined ? observeTable : observeFiles(patterns));
  const source = defineAsset<NoDeps, unknown, R>({
    ...rest,
    kind,
    refresh: { everyMs },
    codeVersion:
      options.codeVersion ??
      (observe === undefined ? hashJson({ files: patterns ?? null }) : functionVersion(observe)),
    // Whatever is written there meanwhile is not the observation's.
    failedWrite: "keep",
    async materialize({ lastMaterialization, ...context }) {
      const seen = (await look({ ...context, lastObservation: lastMaterialization })) as unknown;
      return isObservation(seen) ? seen : failWithout(context.key, seen);
    },
  });
  const wrong =
    observe !== undefined && files !== undefined
      ? ["observe and files are two answers to one question; give one of them"]
      : patterns?.length === 0
        ? ["files names none"]
        : [];
  const problems = wrong.map((message) => ({ message: `${options.key}: ${message}` }));
  return Object.freeze({
    ...source,
    problems: [...source.problems, ...problems],
    where: callSite(defineSource),
  });
}

async function observeTable({ key, lakehouse }: ObserveContext): Promise<Observation> {
  const dataVersion = await lakehouse.dataVersion(key);
  if (dataVersion !== undefined) return { dataVersion };
  return fail({
    reason: "asset-error",
    message: `${key} is not in the lake`,
    retryable: false,
    expected: `a table ${lakehouse.tableName(key)} with content, made by others`,
    next: "make it, or say by `observe` or `files` where the data is",
  });
}

function isObservation(seen: unknown): seen is Observation {
  return (
    typeof seen === "object" &&
    seen !== null &&
    "dataVersion" in seen &&
    typeof seen.dataVersion === "string" &&
    seen.dataVersion !== ""
  );
}

function failWithout(key: string, seen: unknown): never {
  return fail({
    reason: "asset-error",
    message: `observing ${key} gave no data version`,
    retryable: false,
    expected: '{ dataVersion: "a text" }',
    got: describeValue(seen),
  });
}
