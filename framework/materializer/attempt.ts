import type { AssetKey } from "../definition/asset-key.ts";
import type { MaterializeResult } from "../definition/context.ts";
import type { Cause, Metadata, Outcome } from "../event/event.ts";
import type { Failure } from "../event/failure.ts";
import { rowCountOf } from "../lakehouse/lakehouse.ts";
import { hashJson } from "../util/hash.ts";
import { blockedBy } from "./boundary.ts";
import type { RunSession } from "./run-session.ts";

/**
 * One try at one asset, from `started` to its recorded outcome. The order of its writes is what makes a killed
 * process harmless: `started` first, then the table's own commit, then everything else in one transaction.
 */
export class Attempt {
  readonly key: AssetKey;
  readonly number: number;
  readonly #session: RunSession;
  readonly #causes: readonly Cause[];
  readonly #startedAt: string;
  /** Versions as they were before the body could read them. */
  #upstreams: readonly { readonly key: AssetKey; readonly dataVersion: string | undefined }[];

  constructor(session: RunSession, key: AssetKey, number: number, causes: readonly Cause[]) {
    this.#session = session;
    this.key = key;
    this.number = number;
    this.#causes = causes;
    this.#upstreams = this.#currentUpstreams();
    const event = session.stamp({
      type: "asset-started",
      key,
      attempt: number,
      maxAttempts: this.maxAttempts,
      causes,
    });
    this.#startedAt = event.at;
    session.request.store.startAttempt(
      { runId: session.runId, key, attempt: number, startedAt: event.at },
      event,
    );
    session.show(event);
  }

  get maxAttempts(): number {
    return this.#session.graph.asset(this.key).retry.maxAttempts;
  }

  dataVersionRead(upstream: AssetKey): string | undefined {
    return this.#upstreams.find((read) => read.key === upstream)?.dataVersion;
  }

  /** Notes the upstream versions again, for an upstream that was still being recorded when this attempt began. */
  readUpstreamsAgain(): void {
    this.#upstreams = this.#currentUpstreams();
  }

  /** Records a finished write. `failedChecks` are blocking ones; with any, the outcome is `failed`. */
  async succeed(result: MaterializeResult, failedChecks: readonly string[]): Promise<Outcome> {
    const { request, lake, runId } = this.#session;
    await lake.refresh([this.key]);
    const snapshotId = lake.dataVersion(this.key);
    const codeVersion = this.#session.graph.asset(this.key).codeVersion();
    const dataVersion = result.dataVersion ?? snapshotId ?? this.#derivedVersion(codeVersion);
    const failure = failedChecks.length === 0 ? undefined : blockedBy(this.key, failedChecks);
    const outcome = failure === undefined ? "materialized" : "failed";
    const metadata = await this.#metadata(result);
    const event = this.#finished(outcome, {
      dataVersion,
      metadata,
      ...(failure === undefined ? {} : { failure }),
    });
    request.store.finishMaterialization({
      runId,
      key: this.key,
      attempt: this.number,
      startedAt: this.#startedAt,
      finishedAt: event.at,
      codeVersion,
      dataVersion,
      snapshotId,
      metadata,
      upstreams: this.#upstreams,
      cursor: result.cursor,
      failure,
      event,
    });
    this.#session.produced(this.key, dataVersion);
    this.#session.show(event);
    return outcome;
  }

  /** Records that the attempt failed and another one follows in `delayMs`. */
  retry(failure: Failure, delayMs: number): void {
    const event = this.#session.stamp({
      type: "asset-retrying",
      key: this.key,
      attempt: this.number,
      maxAttempts: this.maxAttempts,
      delayMs,
      failure,
    });
    this.#end("failed", failure, event);
  }

  fail(failure: Failure): Outcome {
    this.#end("failed", failure, this.#finished("failed", { failure }));
    return "failed";
  }

  cancel(): Outcome {
    this.#end("cancelled", undefined, this.#finished("cancelled", {}));
    return "cancelled";
  }

  /** Ended without having been worked on: something before it failed inside the same batch. */
  skip(because: AssetKey): Outcome {
    this.#end("skipped", undefined, this.#finished("skipped", { because }));
    return "skipped";
  }

  /** What the body said; `rows` is the table's row count by its snapshot, unless the body knows better. */
  async #metadata({ metadata = {} }: MaterializeResult): Promise<Metadata> {
    if (!this.#session.lake.exists(this.key) || "rows" in metadata) return metadata;
    const rows = rowCountOf(await this.#session.request.lakehouse.currentSnapshot(this.key));
    return rows === undefined ? metadata : { rows: { type: "rows", value: rows }, ...metadata };
  }

  #currentUpstreams() {
    return this.#session.graph
      .upstreams(this.key)
      .map((key) => ({ key, dataVersion: this.#session.observations.dataVersion(key) }));
  }

  /** The data version of an asset that neither has a lake table nor gave one. */
  #derivedVersion(codeVersion: string): string {
    const upstreams = Object.fromEntries(this.#upstreams.map((read) => [read.key, read.dataVersion ?? null]));
    // What reads the outside world may have read something else than last time, although its provenance is the same.
    const readsOutside =
      this.#upstreams.length === 0 || this.#session.graph.asset(this.key).refresh !== undefined;
    return hashJson({ codeVersion, upstreams, ...(readsOutside ? { runId: this.#session.runId } : {}) });
  }

  #finished(
    outcome: Outcome,
    more: {
      readonly failure?: Failure;
      readonly because?: AssetKey;
      readonly dataVersion?: string;
      readonly metadata?: MaterializeResult["metadata"];
    },
  ) {
    const { metadata, ...rest } = more;
    return this.#session.stamp({
      type: "asset-finished",
      key: this.key,
      outcome,
      attempts: this.number,
      durationMs: Date.parse(this.#session.timestamp()) - Date.parse(this.#startedAt),
      causes: this.#causes,
      ...rest,
      ...(metadata === undefined ? {} : { metadata }),
    });
  }

  #end(outcome: Outcome, failure: Failure | undefined, event: ReturnType<RunSession["stamp"]>): void {
    const { request, runId } = this.#session;
    request.store.finishAttempt(
      {
        runId,
        key: this.key,
        attempt: this.number,
        startedAt: this.#startedAt,
        finishedAt: event.at,
        outcome,
        failure: "failure" in event ? event.failure : failure,
      },
      event,
    );
    this.#session.show(event);
  }
}
