/** What Ink's `useInput` says about a key besides its text. */
export interface InkKey {
  readonly upArrow: boolean;
  readonly downArrow: boolean;
  readonly leftArrow: boolean;
  readonly rightArrow: boolean;
  readonly pageDown: boolean;
  readonly pageUp: boolean;
  readonly home: boolean;
  readonly end: boolean;
  readonly return: boolean;
  readonly escape: boolean;
  readonly ctrl: boolean;
  readonly shift: boolean;
  readonly tab: boolean;
  readonly backspace: boolean;
  readonly delete: boolean;
  readonly meta: boolean;
}

/** A key by the name that the key table uses, and the text it types, if any. */
export interface NamedKey {
  readonly key: string;
  readonly text: string | undefined;
}

const special = [
  ["upArrow", "up"],
  ["downArrow", "down"],
  ["leftArrow", "left"],
  ["rightArrow", "right"],
  ["pageDown", "pagedown"],
  ["pageUp", "pageup"],
  ["home", "home"],
  ["end", "end"],
  ["return", "enter"],
  ["escape", "esc"],
  ["backspace", "backspace"],
  // Terminals send DEL for the backspace key, which Ink reports as `delete`.
  ["delete", "backspace"],
] as const;

/** Names what Ink read. Several characters at once are a paste, or keys typed faster than they were read. */
export function namedKeys(input: string, ink: InkKey): readonly NamedKey[] {
  if (ink.tab) return [{ key: ink.shift ? "shift-tab" : "tab", text: undefined }];
  for (const [flag, name] of special) if (ink[flag]) return [{ key: name, text: undefined }];
  if (ink.ctrl) return [{ key: `ctrl-${input}`, text: undefined }];
  if (ink.meta || input === "") return [];
  return Array.from(input, (character) =>
    character === "\r" || character === "\n"
      ? { key: "enter", text: undefined }
      : { key: character === " " ? "space" : character, text: character },
  );
}
