import { openStore } from "../../framework/store/open-store.ts";
import { readData, sameNeeds, type UiData } from "../../framework/tui/ui/data.ts";
import { initialState, type InitialOptions } from "../../framework/tui/ui/initial-state.ts";
import type { Effect, Message } from "../../framework/tui/ui/message.ts";
import { reduce } from "../../framework/tui/ui/reduce.ts";
import { needsOf, type UiState } from "../../framework/tui/ui/state.ts";
import { fixtureGraph, schedulingOf, seedSchedules, seedStore, observationsFrom } from "./fixture-project.ts";

/** The moment in which the fixture is looked at. */
export const nowMs = Date.parse("2026-11-23T12:00:00.000Z");

/** Drives the reducer with keys, over a real store in memory; what a session does, without a terminal. */
export class UiDriver {
  readonly store = openStore({ path: ":memory:", target: "local" });
  readonly graph = fixtureGraph();
  state: UiState;
  effects: readonly Effect[] = [];
  /** What the screens are told of freshness with the next {@link read}. */
  freshness: UiData["freshness"] = new Map();

  constructor(options: Partial<InitialOptions> = {}) {
    seedStore(this.store, nowMs);
    seedSchedules(this.store, nowMs);
    this.state = initialState({
      graph: this.graph,
      projectName: "demo",
      target: "local",
      open: undefined,
      readOnly: false,
      ascii: false,
      color: false,
      motion: false,
      columns: 80,
      rows: 24,
      nowMs,
      ...options,
    });
    this.read();
  }

  send(message: Message): void {
    const before = needsOf(this.state);
    const step = reduce(this.state, message);
    this.state = step.state;
    this.effects = step.effects;
    if (message.type === "key" && !sameNeeds(needsOf(this.state), before)) {
      const { effects } = this;
      this.read();
      this.effects = effects;
    }
  }

  /** @param at when the store is read */
  read(at = nowMs): void {
    this.send({ type: "data-read", data: this.data(at), nowMs: at });
  }

  data(at = nowMs): UiData {
    return readData(
      this.store,
      {
        graph: this.graph,
        observe: () => observationsFrom(this.graph, this.store),
        freshness: () => this.freshness,
        ...schedulingOf(this.store, at),
      },
      needsOf(this.state),
      this.state.data,
    );
  }

  /** Presses keys by name, e.g. `j enter ctrl-d`. */
  press(...keys: readonly string[]): this {
    for (const key of keys) this.send({ type: "key", key, text: key.length === 1 ? key : undefined });
    return this;
  }

  /** Types a text, letter by letter. */
  type(text: string): this {
    for (const letter of text) {
      this.send({ type: "key", key: letter === " " ? "space" : letter, text: letter });
    }
    return this;
  }
}
