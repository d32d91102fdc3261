import type { Metadata } from "../event/event.ts";
import type { LastMaterialization, MaterializeContext, WorkContext } from "./context.ts";

/** Context of `observe` of a source. */
export interface ObserveContext
  extends WorkContext, Pick<MaterializeContext, "key" | "partition" | "attempt"> {
  /** What was seen the last time. */
  readonly lastObservation: LastMaterialization | undefined;
}

/** What an observation saw. */
export interface Observation {
  /** Another text exactly when the data is another. */
  readonly dataVersion: string;
  readonly metadata?: Metadata;
}
