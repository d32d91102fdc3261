import type { Asset } from "./asset.ts";
import type { AssetKey } from "./asset-key.ts";
import type { Check } from "./check.ts";
import type { DeclaredColumns } from "./declared-columns.ts";
import type { DefinitionProblem } from "./problem.ts";
import type { Schedule } from "./schedule.ts";
import type { Sensor } from "./sensor.ts";

/** What an {@link AssetSource} is told when it is loaded. */
export interface LoadContext {
  /** Absolute. */
  readonly projectDir: string;
  /** `.moraine`, absolute. */
  readonly stateDir: string;
  readonly target: string;
  /** Progress of something slow, e.g. the Python environment. */
  progress(progress: {
    readonly resource: string;
    readonly message: string;
    readonly done?: number;
    readonly total?: number;
    readonly finished?: boolean;
  }): void;
  readonly signal: AbortSignal;
}

/** Assets and checks, and what is wrong with them. */
export interface Definitions {
  readonly assets: readonly Asset[];
  readonly checks: readonly Check[];
  readonly problems: readonly DefinitionProblem[];
  /** @default none */
  readonly schedules?: readonly (Schedule | Sensor)[];
  /** What a source of these says of the columns of assets that are declared elsewhere, as dbt does of its sources. */
  readonly columnsElsewhere?: ReadonlyMap<AssetKey, DeclaredColumns>;
}

/** A place that yields assets when it is read, like a dbt project. Put it among a project's `assets`. */
export interface AssetSource {
  readonly kind: "asset-source";
  /** For messages, e.g. `dbt project dbt/`. */
  readonly name: string;
  /** Reads the definitions. Cheap when nothing changed since the last time. */
  load(context: LoadContext): Promise<Definitions>;
}
