import { EventEmitter } from "node:events";

/**
 * Stands between Ink and the terminal while the alternate screen is shown: takes whole frames (Ink's `debug` mode
 * writes each as one text, without cursor movements) and sends the lines that changed, each to its place. Ink 6.8's own
 * `incrementalRendering` goes up one line too few when a frame ends with a line end, and its plain mode rewrites every
 * line; this needs a tenth of the bytes and no frame can scroll.
 */
export class FrameWriter extends EventEmitter {
  readonly #terminal: NodeJS.WriteStream;
  #shown: readonly string[] = [];

  constructor(terminal: NodeJS.WriteStream) {
    super();
    this.#terminal = terminal;
  }

  get isTTY(): boolean {
    return true;
  }

  get columns(): number {
    return this.#terminal.columns || 80;
  }

  get rows(): number {
    return this.#terminal.rows || 24;
  }

  /** Forgets what is shown, so that the next frame is written whole: after a resize, or another program's output. */
  reset(): void {
    this.#shown = [];
  }

  /** Takes a frame. An empty text is only asked to call back. */
  write(frame: string, callback?: () => void): boolean {
    if (frame !== "") this.#show(frame.split("\n").slice(0, this.rows));
    if (callback !== undefined) setImmediate(callback);
    return true;
  }

  #show(lines: readonly string[]): void {
    let changes = "";
    for (let row = 0; row < Math.max(lines.length, this.#shown.length); row++) {
      const line = lines[row] ?? "";
      if (line === this.#shown[row]) continue;
      changes += `\u001B[${row + 1};1H${line}\u001B[0m\u001B[K`;
    }
    if (changes === "") return;
    const head = this.#shown.length === 0 ? "\u001B[?25l\u001B[2J" : "";
    this.#shown = lines;
    // Between these two the terminal shows nothing half done.
    this.#terminal.write(`\u001B[?2026h${head}${changes}\u001B[?2026l`);
  }
}
