import { Box, type Instance, render, Text, useInput } from "ink";
import { useSyncExternalStore } from "react";
import { assumeSize } from "../assume-size.ts";
import { createTicker } from "../ticker.ts";
import { isStoreFailure, noNeeds, readData, sameNeeds, type UiData } from "../ui/data.ts";
import { frameLines } from "../ui/frame.ts";
import { initialState } from "../ui/initial-state.ts";
import type { InteractiveOptions } from "../ui/interactive-options.ts";
import { namedKeys } from "../ui/key-names.ts";
import type { Effect, Message } from "../ui/message.ts";
import { reduce } from "../ui/reduce.ts";
import { needsOf, type UiState } from "../ui/state.ts";
import { createValueStore, type ValueStore } from "./store.ts";

/** The screen as Ink draws it: one text per line, all cut to the terminal. */
export function UiScreen({ lines, height }: { readonly lines: readonly string[]; readonly height: number }) {
  return (
    <Box flexDirection="column" height={height} overflow="hidden">
      {lines.map((line, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- a line is its place on the screen
        <Text key={index} wrap="truncate">
          {line === "" ? " " : line}
        </Text>
      ))}
    </Box>
  );
}

function UiRoot({
  states,
  dispatch,
}: {
  readonly states: ValueStore<UiState>;
  readonly dispatch: (message: Message) => void;
}) {
  const state = useSyncExternalStore(states.subscribe, states.get);
  useInput((input, key) => {
    for (const named of namedKeys(input, key)) dispatch({ type: "key", ...named });
  });
  return <UiScreen lines={frameLines(state)} height={state.size.rows - 1} />;
}

/** 4 times a second the store is asked whether it changed. */
const pollMs = 250;
/** Ages on an idle screen move by the minute, and what a dead daemon does not do becomes late without any write. */
const idleTickMs = 60_000;

/** How the interface is left. */
type Ending = { readonly code: number } | { readonly error: unknown };

const endingSignals = { SIGINT: 130, SIGHUP: 129, SIGTERM: 143 } as const;

/** One run of the interface: state, terminal, polling, signals. The reducer decides, this does. */
export class UiSession {
  readonly #options: InteractiveOptions;
  readonly #now: () => number;
  readonly #states: ValueStore<UiState>;
  readonly #forgetSize: () => void;
  readonly #spin = createTicker(() => this.#tick());
  readonly #slow = createTicker(() => this.#tick(), 1000);
  #instance: Instance | undefined;
  #counter: number | undefined;
  #needs = noNeeds;
  #commandIds = 0;
  #end: (ending: Ending) => void = () => {};

  constructor(options: InteractiveOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#forgetSize = assumeSize(options.stdout);
    const { columns, rows } = options.stdout;
    this.#states = createValueStore(initialState({ ...options, columns, rows, nowMs: this.#now() }));
  }

  /** Resolves with the exit code once the terminal is as it was; rejects with what was thrown, likewise. */
  async run(): Promise<number> {
    const ended = new Promise<Ending>((resolve) => {
      this.#end = resolve;
    });
    const { stdout } = this.#options;
    const onResize = () => this.#dispatch({ type: "resized", columns: stdout.columns, rows: stdout.rows });
    const onThrow = (error: unknown) => this.#end({ error });
    const onSignal = (signal: keyof typeof endingSignals) => this.#end({ code: endingSignals[signal] });
    const signals = Object.keys(endingSignals) as (keyof typeof endingSignals)[];
    const onStop = () => this.#guarded(() => this.#suspend());
    for (const signal of signals) process.on(signal, onSignal);
    process.on("SIGTSTP", onStop);
    process.on("uncaughtException", onThrow);
    process.on("unhandledRejection", onThrow);
    stdout.on("resize", onResize);
    const poll = setInterval(() => this.#guarded(() => this.#poll()), pollMs);
    const idle = setInterval(() => this.#guarded(() => this.#read()), idleTickMs);
    try {
      this.#poll();
      this.#mount();
      const result = await ended;
      if ("error" in result) throw result.error;
      return result.code;
    } finally {
      clearInterval(poll);
      clearInterval(idle);
      this.#spin.want(false);
      this.#slow.want(false);
      stdout.off("resize", onResize);
      this.#forgetSize();
      this.#unmount();
      process.off("uncaughtException", onThrow);
      process.off("unhandledRejection", onThrow);
      process.off("SIGTSTP", onStop);
      for (const signal of signals) process.off(signal, onSignal);
      this.#options.stdin.unref();
    }
  }

  #mount(): void {
    // Ink asks for raw keys only after its first frame; until then Ctrl-Z would stop us on the alternate screen.
    this.#options.stdin.setRawMode(true);
    const instance = render(
      <UiRoot states={this.#states} dispatch={(message) => this.#guarded(() => this.#dispatch(message))} />,
      {
        stdin: this.#options.stdin,
        stdout: this.#options.stdout,
        exitOnCtrlC: false,
        patchConsole: false,
        // It is decided already that this is a terminal; left to itself, Ink draws nothing where `CI` is set.
        interactive: true,
        incrementalRendering: true,
        alternateScreen: true,
      },
    );
    this.#instance = instance;
    void this.#watch(instance);
  }

  /** Ink leaves by itself when a component throws. */
  async #watch(instance: Instance): Promise<void> {
    try {
      await instance.waitUntilExit();
      if (this.#instance === instance) this.#end({ code: 0 });
    } catch (error) {
      this.#end({ error });
    }
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#end({ error });
    }
  }

  #dispatch(message: Message): void {
    const step = reduce(this.#states.get(), message);
    this.#states.set(step.state);
    const needs = needsOf(step.state);
    if (!sameNeeds(needs, this.#needs)) {
      this.#needs = needs;
      this.#read();
    }
    this.#adjustTickers();
    for (const effect of step.effects) this.#do(effect);
  }

  /** Something spins or counts seconds only while something works. */
  #adjustTickers(): void {
    const state = this.#states.get();
    const isWorking = state.data.running.size > 0 || state.data.runs.some((run) => run.status === "running");
    this.#spin.want(isWorking && state.look.motion);
    this.#slow.want((isWorking && !state.look.motion) || state.storeBusySinceMs !== undefined);
  }

  #tick(): void {
    this.#guarded(() => this.#dispatch({ type: "ticked", nowMs: this.#now() }));
  }

  #poll(): void {
    let counter: number;
    try {
      counter = this.#options.reader.changeCounter();
    } catch (error) {
      if (!isStoreFailure(error)) throw error;
      this.#dispatch({ type: "store-busy", nowMs: this.#now() });
      return;
    }
    const isBehind = this.#states.get().storeBusySinceMs !== undefined;
    if (counter === this.#counter && !isBehind) return;
    if (this.#read()) this.#counter = counter;
  }

  /** A store that can't be read now is said to be busy, with the age of what is shown; the next poll tries again. */
  #read(): boolean {
    const { reader } = this.#options;
    let data: UiData;
    try {
      data = readData(reader, this.#options, this.#needs, this.#states.get().data);
    } catch (error) {
      if (!isStoreFailure(error)) throw error;
      this.#dispatch({ type: "store-busy", nowMs: this.#now() });
      return false;
    }
    this.#dispatch({ type: "data-read", data, nowMs: this.#now() });
    return true;
  }

  #do(effect: Effect): void {
    switch (effect.type) {
      case "quit":
        this.#end({ code: 0 });
        break;
      case "copy":
        this.#options.stdout.write(`\u001B]52;c;${Buffer.from(effect.text).toString("base64")}\u0007`);
        break;
      case "start":
        this.#start(effect.args);
        break;
      case "suspend":
        this.#suspend();
        break;
      default:
        break;
    }
  }

  #start(args: readonly string[]): void {
    const id = ++this.#commandIds;
    const verb = this.#options.startVerb(args);
    this.#dispatch({ type: "command-started", id, command: verb.command, nowMs: this.#now() });
    void verb.exited.then((exitCode) =>
      this.#guarded(() => this.#dispatch({ type: "command-ended", id, exitCode, lastLine: verb.lastLine() })),
    );
  }

  /** Goes back to the first screen. Ink does so by itself where the process ends another way. */
  #unmount(): void {
    const instance = this.#instance;
    this.#instance = undefined;
    instance?.unmount();
    if (this.#options.stdin.isTTY) this.#options.stdin.setRawMode(false);
  }

  /** Gives the terminal back to the shell until it continues us. SIGSTOP, because SIGTSTP is what led here. */
  #suspend(): void {
    this.#unmount();
    process.once("SIGCONT", () => this.#guarded(() => this.#mount()));
    process.kill(process.pid, "SIGSTOP");
  }
}
