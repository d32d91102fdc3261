import type { UiData } from "./data.ts";
import type { UiState } from "./state.ts";

/** Everything that can happen to the interface. */
export type Message =
  /** A key by name (`j`, `enter`, `ctrl-d`), or text that was typed or pasted. */
  | { readonly type: "key"; readonly key: string; readonly text: string | undefined }
  | { readonly type: "resized"; readonly columns: number; readonly rows: number }
  | { readonly type: "ticked"; readonly nowMs: number }
  | { readonly type: "data-read"; readonly data: UiData; readonly nowMs: number }
  | { readonly type: "store-busy"; readonly nowMs: number }
  | {
      readonly type: "command-started";
      readonly id: number;
      readonly command: string;
      readonly nowMs: number;
    }
  | {
      readonly type: "command-ended";
      readonly id: number;
      readonly exitCode: number | null;
      readonly lastLine: string | undefined;
    };

/** What the reducer wants done; it does nothing itself. */
export type Effect =
  | { readonly type: "quit" }
  | { readonly type: "suspend" }
  /** Starts a CLI verb as its own process. */
  | { readonly type: "start"; readonly args: readonly string[] }
  /** Puts text on the clipboard (OSC 52). */
  | { readonly type: "copy"; readonly text: string };

/** The state after a message, and what to do. */
export interface Step {
  readonly state: UiState;
  readonly effects: readonly Effect[];
}
