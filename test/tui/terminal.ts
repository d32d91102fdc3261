import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { vi } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The programs beside this file as bundles, as users run them, in a folder that is taken away again. */
export class Programs {
  // Inside node_modules, so that native modules are found.
  readonly dir = mkdtempSync(join(root, "node_modules", ".tui-test-"));

  async build(): Promise<void> {
    await build({
      absWorkingDir: root,
      entryPoints: ["ui", "progress"].map((name) => `test/tui/programs/${name}.ts`),
      outdir: this.dir,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "node22.14",
      jsx: "automatic",
      external: ["better-sqlite3", "react-devtools-core"],
      define: { "process.env.NODE_ENV": '"production"' },
      banner: {
        js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
      },
      logLevel: "error",
    });
    cpSync(join(root, "framework/store/migrations"), join(this.dir, "migrations"), { recursive: true });
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A real terminal: one program in a tmux of its own. */
export class Terminal {
  readonly #socket = `moraine-test-${process.pid}-${Math.random().toString(36).slice(2)}`;
  readonly #dir: string;

  /**
   * Runs `node PROGRAM`; the pane stays when the program ends, with the modes that it left. With `shell` it is typed into
   * an interactive shell instead, which can stop and continue it; with `no-size` the terminal says that it has 0 rows and
   * 0 columns, and three screens of lines have scrolled away before.
   *
   * @param programs `dir` holds the program, unless its path is absolute, and a folder of this terminal's own
   */
  constructor(
    programs: Pick<Programs, "dir">,
    program: readonly string[],
    size: { readonly columns: number; readonly rows: number },
    inside: "script" | "shell" | "no-size" = "script",
  ) {
    this.#dir = mkdtempSync(join(programs.dir, "terminal-"));
    const [script = "", ...args] = program;
    const node = [process.execPath, resolve(programs.dir, script), ...args]
      .map((word) => `'${word}'`)
      .join(" ");
    const unsized = inside === "no-size" ? `seq -f 'line %g' ${3 * size.rows}; stty rows 0 cols 0;` : "";
    const line = `${unsized} echo before; ${node} & echo $! > '${this.#dir}/pid'; fg >/dev/null; stty -a > '${this.#dir}/modes'; echo after; exec cat`;
    const bash = inside === "shell" ? "bash --norc -i" : `bash -m -c "${line.replaceAll("$", "\\$")}"`;
    const shell = `env -u CI -u NO_COLOR LC_ALL=C.UTF-8 ${bash}`;
    this.#tmux(
      "-f",
      "/dev/null",
      "new-session",
      "-d",
      "-x",
      String(size.columns),
      "-y",
      String(size.rows),
      shell,
    );
    if (inside === "shell") this.press(node, "Enter");
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync("tmux", ["-L", this.#socket, ...args], { encoding: "utf8" });
  }

  /** Key names as tmux has them: `Enter`, `C-c`, `Escape`; other words are typed. */
  press(...keys: readonly string[]): void {
    this.#tmux("send-keys", ...keys);
  }

  resize(columns: number, rows: number): void {
    this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  signal(name: NodeJS.Signals): void {
    process.kill(Number(readFileSync(join(this.#dir, "pid"), "utf8")), name);
  }

  screen(): string {
    return this.#tmux("capture-pane", "-p");
  }

  /** With what has scrolled away. */
  history(): string {
    return this.#tmux("capture-pane", "-p", "-S", "-");
  }

  /** Resolves with the screen as soon as it shows this. */
  async shows(text: string | RegExp): Promise<string> {
    return vi.waitFor(
      () => {
        const screen = this.screen();
        if (typeof text === "string" ? screen.includes(text) : text.test(screen)) return screen;
        throw new Error(`expected ${String(text)} on the screen, got\n${screen}`);
      },
      { timeout: 20_000, interval: 25 },
    );
  }

  isAlternate(): boolean {
    return this.#tmux("display-message", "-p", "#{alternate_on}").trim() === "1";
  }

  isCursorVisible(): boolean {
    return this.#tmux("display-message", "-p", "#{cursor_flag}").trim() === "1";
  }

  /** Whether the program left the line editing of the terminal on. */
  hasLineMode(): boolean {
    const modes = readFileSync(join(this.#dir, "modes"), "utf8");
    return / icanon/.test(modes) && / echo /.test(modes);
  }

  close(): void {
    this.#tmux("kill-server");
  }
}
