import { type Gauge, Registry } from "prom-client";
import type { MetricFamily } from "./families.ts";

/** One value of a family. `suffix` names the parts of a histogram or summary. */
interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly suffix?: "_bucket" | "_sum" | "_count";
}

/** A family with its values, as `metrics --json` prints them. */
export interface CollectedFamily extends MetricFamily {
  readonly samples: readonly Sample[];
}

/** The MIME type of {@link Samples.text}. */
export const contentType = Registry.PROMETHEUS_CONTENT_TYPE;

/** Values of one scrape. Each is what the store says, so nothing is counted in this process. */
export class Samples {
  readonly #byFamily = new Map<MetricFamily, Sample[]>();

  /** A value that is not known is left out, never 0. */
  add(family: MetricFamily, value: number | undefined, labels: Sample["labels"] = {}): void {
    if (value !== undefined) this.#of(family).push({ labels, value });
  }

  addSummary(
    family: MetricFamily,
    total: { count: number; seconds: number },
    labels: Sample["labels"],
  ): void {
    this.#of(family).push(
      { labels, value: total.seconds, suffix: "_sum" },
      { labels, value: total.count, suffix: "_count" },
    );
  }

  /** @param bounded how many fell under each bound but under none below it; undefined: above all */
  addHistogram(
    family: MetricFamily,
    bounds: readonly number[],
    { bounded, seconds }: { readonly bounded: ReadonlyMap<number | null, number>; readonly seconds: number },
    labels: Sample["labels"],
  ): void {
    const samples = this.#of(family);
    let count = 0;
    for (const le of bounds) {
      count += bounded.get(le) ?? 0;
      samples.push({ labels: { ...labels, le }, value: count, suffix: "_bucket" });
    }
    count += bounded.get(null) ?? 0;
    samples.push({ labels: { ...labels, le: "+Inf" }, value: count, suffix: "_bucket" });
    this.addSummary(family, { count, seconds }, labels);
  }

  /** Adds what others collected. */
  addAll(other: Samples): void {
    for (const [family, samples] of other.#byFamily) this.#of(family).push(...samples);
  }

  families(): readonly CollectedFamily[] {
    return [...this.#byFamily].map(([family, samples]) => ({ ...family, samples }));
  }

  /** Prometheus' text format. @param shared labels of every series */
  async text(shared: Readonly<Record<string, string>>): Promise<string> {
    const registry = new Registry();
    registry.setDefaultLabels(shared);
    for (const { name, help, type, samples } of this.families()) {
      const values = samples.map(({ labels, value, suffix = "" }) => ({
        labels,
        value,
        metricName: `${name}${suffix}`,
      }));
      const metric = { name, get: async () => ({ name, help, type, values, aggregator: "sum" }) };
      // prom-client's own metrics only count what happens in their process; these stand for what the store holds.
      registry.registerMetric(metric as unknown as Gauge);
    }
    return registry.metrics();
  }

  #of(family: MetricFamily): Sample[] {
    const known = this.#byFamily.get(family);
    if (known !== undefined) return known;
    const samples: Sample[] = [];
    this.#byFamily.set(family, samples);
    return samples;
  }
}

/** Seconds since 1970 of an instant of the store. */
export function toSeconds(instant: string | undefined): number | undefined {
  return instant === undefined ? undefined : Date.parse(instant) / 1_000;
}
