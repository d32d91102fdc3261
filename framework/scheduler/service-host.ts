import type { DaemonEvent } from "../event/daemon-event.ts";
import type { DaemonContext, DaemonService } from "./daemon-service.ts";

/** Runs the daemon's services: started in order, stopped in reverse, none able to take down the others. */
export class ServiceHost {
  readonly #services: readonly DaemonService[];
  readonly #started: DaemonService[] = [];
  /** When a service wants to be woken, and whether its last call still works. */
  readonly #wakes = new Map<DaemonService, { at: Date | undefined; isAwake: boolean }>();
  readonly #now: () => Date;

  constructor(services: readonly DaemonService[], now: () => Date) {
    this.#services = services;
    this.#now = now;
  }

  /** Those that were started stop again when one can't be. */
  async start(context: DaemonContext): Promise<void> {
    try {
      for (const service of this.#services) {
        await service.start(context);
        this.#started.push(service);
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Tells every service. One that throws is reported to the others. */
  report(event: DaemonEvent): void {
    for (const service of this.#started) {
      try {
        service.onEvent?.(event);
      } catch (error) {
        this.#reportProblem(service, error, this.#started);
      }
    }
  }

  /** Wakes every service, or only those that asked for it by now. */
  wake(now: Date, { isHeartbeat }: { readonly isHeartbeat: boolean }): void {
    for (const service of this.#started) {
      const wake = this.#wakes.get(service) ?? { at: undefined, isAwake: false };
      const isDue = isHeartbeat || (wake.at !== undefined && wake.at <= now);
      if (service.wake === undefined || wake.isAwake || !isDue) continue;
      this.#wakes.set(service, { at: undefined, isAwake: true });
      void this.#wakeOne(service, now);
    }
  }

  async #wakeOne(service: DaemonService, now: Date): Promise<void> {
    let at: Date | undefined;
    try {
      at = await service.wake?.(now);
    } catch (error) {
      this.#reportProblem(service, error, this.#started);
    }
    this.#wakes.set(service, { at, isAwake: false });
  }

  /** The earliest instant for which a service asked. */
  nextWake(): Date | undefined {
    const asked = [...this.#wakes.values()].flatMap(({ at }) => (at === undefined ? [] : [at.getTime()]));
    return asked.length === 0 ? undefined : new Date(Math.min(...asked));
  }

  async stop(): Promise<void> {
    for (let service = this.#started.pop(); service !== undefined; service = this.#started.pop()) {
      try {
        await service.stop();
      } catch (error) {
        this.#reportProblem(service, error, this.#started);
      }
    }
  }

  #reportProblem(service: DaemonService, error: unknown, to: readonly DaemonService[]): void {
    const message = error instanceof Error ? error.message : String(error);
    const at = this.#now().toISOString();
    for (const other of to) {
      if (other === service) continue;
      try {
        other.onEvent?.({ type: "daemon-problem", at, service: service.name, message });
      } catch {
        // It is told no problem of others while it has one itself: two that throw would tell each other for ever.
      }
    }
  }
}
