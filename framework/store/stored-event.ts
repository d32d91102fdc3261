import type { RunEvent } from "../event/event.ts";

/** An event as stored; `id` rises with each. */
export interface StoredEvent {
  readonly id: number;
  readonly event: RunEvent;
}
