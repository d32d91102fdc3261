import type { AssetKey } from "../definition/asset-key.ts";
import { type Unit, type UnitId, unitId } from "../definition/unit.ts";
import { type Failure, FailureError } from "../event/failure.ts";
import type { AssetGraph } from "../graph/asset-graph.ts";
import type { Draft, Lakehouse } from "../lakehouse/lakehouse.ts";

/**
 * The drafts that a run's attempts write: of units whose assets are published after their checks. Whoever works on such
 * a unit, its body and its checks, has to take the lake from here.
 */
export class RunDrafts {
  readonly #graph: AssetGraph;
  readonly #lakehouse: Lakehouse;
  readonly #open = new Map<UnitId, Draft>();

  constructor({ graph, lakehouse }: { readonly graph: AssetGraph; readonly lakehouse: Lakehouse }) {
    this.#graph = graph;
    this.#lakehouse = lakehouse;
  }

  /**
   * Begins the unit's draft, if its asset asks for one, when an earlier one of its table has ended. Gives what kept it
   * from beginning.
   */
  async open(unit: Unit, signal: AbortSignal): Promise<FailureError | undefined> {
    if (this.#graph.asset(unit.key).publish === "at-once") return undefined;
    if (!this.#lakehouse.canDraft) return new FailureError(noDrafts(unit.key, this.#lakehouse.name));
    try {
      this.#open.set(unitId(unit), await this.#lakehouse.draft(unit.key, signal));
      return undefined;
    } catch (error) {
      if (error instanceof FailureError) return error;
      throw error;
    }
  }

  has(unit: Unit): boolean {
    return this.#open.has(unitId(unit));
  }

  /** The lake as the unit's writer and its checks see it. */
  lakehouseOf(unit: Unit | undefined): Lakehouse {
    const draft = unit === undefined ? undefined : this.#open.get(unitId(unit));
    return draft?.lakehouse ?? this.#lakehouse;
  }

  /** Makes the unit's draft, if it has one, its table. Throws FailureError; the draft is then still to be discarded. */
  async publish(unit: Unit): Promise<void> {
    await this.#open.get(unitId(unit))?.publish();
    this.#open.delete(unitId(unit));
  }

  /** Ends the unit's draft, if it has one. */
  async discard(unit: Unit): Promise<void> {
    const draft = this.#open.get(unitId(unit));
    this.#open.delete(unitId(unit));
    await draft?.discard();
  }
}

function noDrafts(key: AssetKey, lakehouse: string): Failure {
  return {
    reason: "asset-error",
    message: `${key} is to be published after its checks, which the ${lakehouse} lakehouse can't do`,
    retryable: false,
    next: 'say `publish: "at-once"`, or use a target with the embedded lakehouse',
  };
}
