import type { LoadContext } from "../definition/asset-source.ts";
import { exitCode } from "./exit-code.ts";
import type { GlobalOptions } from "./options.ts";
import { endUnread, flushOutput, goOnUnread, say } from "./output/print.ts";
import type { OpenConfig, OpenProject, ScheduledProject } from "./project/open-project.ts";

/** What a verb is given. */
export interface VerbContext {
  readonly options: GlobalOptions;
  /** Aborts at the first Ctrl-C or SIGTERM, with the signal's name as reason; a second one ends the process at once. */
  readonly signal: AbortSignal;
  /** Opens the project with its assets; it is closed when the verb ends. */
  openProject(progress?: LoadContext["progress"]): Promise<OpenProject>;
  /** The same with its schedules. */
  openScheduled(): Promise<ScheduledProject>;
  /** The same without its assets, for verbs that need none: no dbt project is read. */
  openConfig(): Promise<OpenConfig>;
}

/**
 * Runs a verb and ends the process with its exit code, output flushed and everything closed. One that is work ends
 * when the work does, also when nobody reads what it prints any more.
 */
export async function runVerb(
  options: GlobalOptions,
  verb: (context: VerbContext) => Promise<number>,
  isWork = false,
): Promise<void> {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(codeOfSignal(name));
    controller.abort(name);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  if (isWork) process.stdout.off("error", endUnread).on("error", goOnUnread);
  const opened = new Projects(options, controller.signal);
  const report = (error: unknown) => reportLater(error, options, opened.redact);
  process.on("uncaughtException", (error) => void dieOf(error, report));
  // A body may wait for nothing but its signal; without a timer Node would see nothing left to do and exit.
  const keepAlive = setInterval(() => {}, 2 ** 30);
  let code: number;
  try {
    code = await verb({
      options,
      signal: controller.signal,
      openProject: (progress) => opened.project(progress),
      openScheduled: () => opened.scheduled(),
      openConfig: () => opened.config(),
    });
  } catch (error) {
    code = controller.signal.aborted ? codeOfSignal(controller.signal.reason) : await report(error);
  }
  try {
    await opened.close();
  } catch (error) {
    if (code === exitCode.done) code = await report(error);
  }
  clearInterval(keepAlive);
  await flushOutput();
  process.exit(code);
}

/** Our own bug, outside of any promise. */
async function dieOf(error: Error, report: (error: unknown) => Promise<number>): Promise<void> {
  // A full screen has a handler of its own, which puts the terminal back and lets the verb end with the error.
  if (process.listenerCount("uncaughtException") > 1) return;
  process.exit(await report(error));
}

/** Prints an error; its words are loaded only then. */
async function reportLater(
  error: unknown,
  options: GlobalOptions,
  redact: (text: string) => string,
): Promise<number> {
  const { reportError } = await import("./output/report-error.ts");
  return reportError(error, options, redact);
}

/** What a verb has opened, each at most once. */
class Projects {
  readonly #options: GlobalOptions;
  readonly #signal: AbortSignal;
  #project: OpenProject | undefined;
  #scheduled: ScheduledProject | undefined;
  #config: OpenConfig | undefined;

  constructor(options: GlobalOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  async project(progress = sayProgress(this.#options)): Promise<OpenProject> {
    this.#project ??= this.#scheduled;
    if (this.#project !== undefined) return this.#project;
    const { openProject } = await import("./project/open-project.ts");
    this.#project = await openProject(this.#options, { progress, signal: this.#signal });
    return this.#project;
  }

  async scheduled(): Promise<ScheduledProject> {
    if (this.#scheduled !== undefined) return this.#scheduled;
    const { openScheduled } = await import("./project/open-project.ts");
    const context = { progress: sayProgress(this.#options), signal: this.#signal };
    this.#scheduled = await openScheduled(this.#options, context);
    return this.#scheduled;
  }

  async config(): Promise<OpenConfig> {
    const project = this.#project ?? this.#scheduled;
    if (project !== undefined) return project;
    if (this.#config !== undefined) return this.#config;
    const { openConfig } = await import("./project/open-project.ts");
    this.#config = await openConfig(this.#options, {
      progress: sayProgress(this.#options),
      signal: this.#signal,
    });
    return this.#config;
  }

  /** Hides what is known to be secret by what has been opened. */
  readonly redact = (text: string): string =>
    (this.#project ?? this.#scheduled ?? this.#config)?.redactor.redact(text) ?? text;

  async close(): Promise<void> {
    for (const each of new Set([this.#project, this.#scheduled, this.#config])) await each?.close();
  }
}

/** 130 after Ctrl-C, 143 after SIGTERM. */
export function codeOfSignal(name: unknown): number {
  return name === "SIGTERM" ? exitCode.terminated : exitCode.interrupted;
}

/** Progress of a verb that has no view of its own: a line per new message, on stderr. */
function sayProgress(options: GlobalOptions): LoadContext["progress"] {
  let last = "";
  return ({ resource, message }) => {
    if (options.quiet === true || message === last) return;
    last = message;
    say(`${resource}: ${message}`);
  };
}

/** Resolves at the first Ctrl-C or SIGTERM: the way a serving verb ends, which is no interruption. */
export async function untilStopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => {
    signal.addEventListener("abort", resolve, { once: true });
  });
}
