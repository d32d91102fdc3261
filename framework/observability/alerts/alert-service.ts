import type { DaemonContext, DaemonService } from "../../scheduler/daemon-service.ts";
import type { AlertWords } from "./compose.ts";
import { isWatched, keepWatch, type Watched } from "./keep-watch.ts";
import type { AnomalyMemo } from "./rules/anomalies.ts";
import type { SecretValues } from "./secret-values.ts";
import { UnderWay } from "./under-way.ts";

/** Lateness, repetitions, the next try and the end of quiet hours come with time alone. */
const longestSleepMs = 60_000;

interface AlertServiceOptions {
  readonly secrets: SecretValues;
  readonly words: AlertWords;
}

/**
 * Alerts in the daemon: looks at the records when somebody has written to them, and once a minute for what comes with time.
 * While nothing happens that costs one question for the change counter at each heartbeat.
 */
export function alertService(options: AlertServiceOptions): DaemonService {
  const underWay = new UnderWay();
  let watch: DaemonWatch | undefined;
  return {
    name: "alerts",
    async start(context) {
      watch = new DaemonWatch(context, options, underWay.signal);
    },
    wake: (now) => underWay.run(async () => watch?.look(now)),
    stop: () => underWay.end(),
  };
}

class DaemonWatch {
  readonly #context: DaemonContext;
  readonly #options: AlertServiceOptions;
  readonly #signal: AbortSignal;
  #memo: AnomalyMemo = new Map();
  #judgedBy: object | undefined;
  #changes: number | undefined;
  #nextLookMs = 0;

  constructor(context: DaemonContext, options: AlertServiceOptions, signal: AbortSignal) {
    this.#context = context;
    this.#options = options;
    this.#signal = signal;
  }

  /** @returns when it wants to look again at the latest */
  async look(now: Date): Promise<Date | undefined> {
    const { store, targetName, clock, projectDir } = this.#context;
    const { config, graph } = this.#context.project();
    const { alerts } = config;
    if (!isWatched(alerts, targetName)) return undefined;
    if (this.#judgedBy !== graph) {
      this.#memo = new Map();
      this.#judgedBy = graph;
      this.#changes = undefined;
    }
    const changes = store.changeCounter();
    if (changes === this.#changes && now.getTime() < this.#nextLookMs) return new Date(this.#nextLookMs);
    this.#changes = changes;
    const watched = await keepWatch({
      ...this.#options,
      alerts,
      graph,
      store,
      project: config.name,
      projectDir,
      clock,
      redact: (text) => this.#context.redact(text),
      signal: this.#signal,
      memo: this.#memo,
    });
    this.#report(watched);
    this.#nextLookMs = now.getTime() + longestSleepMs;
    return new Date(this.#nextLookMs);
  }

  #report({ deliveries, heartbeat }: Watched): void {
    for (const { channel, failure } of deliveries)
      if (failure !== null) this.#problem(`channel ${channel}: ${failure.message}`);
    if (heartbeat !== null) this.#problem(`heartbeat: ${heartbeat.message}`);
  }

  #problem(message: string): void {
    const { report, clock } = this.#context;
    report({ type: "daemon-problem", at: clock.now().toISOString(), service: "alerts", message });
  }
}
