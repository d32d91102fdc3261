import type { Signs } from "./signs.ts";

/** `1204` as `1,204`, in every locale. */
export function formatCount(value: number): string {
  const [whole = "0", fraction] = (Number.isInteger(value) ? String(value) : value.toFixed(2)).split(".");
  const grouped = whole.replaceAll(/\B(?=(\d{3})+(?!\d))/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** `1 asset`, `24 assets`. */
export function countOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}

/** `a, b and 3 more`: at most `most` of the names. */
export function someOf(names: readonly string[], most = 8): string {
  const more = names.length > most ? ` and ${formatCount(names.length - most)} more` : "";
  return `${names.slice(0, most).join(", ")}${more}`;
}

const pad = (value: number) => String(value).padStart(2, "0");

/** A finished duration: `3.2s`, `41.0s`, `1m02`, `2h05`, `3d04h`. */
export function formatDuration(ms: number): string {
  const tenths = Math.round(Math.max(0, ms) / 100);
  return tenths < 600 ? `${(tenths / 10).toFixed(1)}s` : formatElapsed(Math.round(ms / 1000) * 1000);
}

/** A duration that still grows, or one that is only known roughly: whole seconds, `12s`, `1m02`. */
export function formatElapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${pad(seconds % 60)}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h${pad(minutes % 60)}`;
  return `${Math.floor(hours / 24)}d${pad(hours % 24)}h`;
}

/** How long ago, in one unit: `12s`, `5m`, `26h`, `3d`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

/** Whether a duration is out of the ordinary: more than twice as long, and more than two seconds. */
export function isMuchLonger(ms: number, usualMs: number): boolean {
  return ms > 2 * usualMs && ms > 2000;
}

/** A setting in its largest whole unit: `every 1h`, `90s`. */
export function formatInterval(ms: number): string {
  if (ms % 86_400_000 === 0) return `${ms / 86_400_000}d`;
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** `1536` as `1.5 kB`; powers of 1,000. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? "B"}`;
}

/** The UTC time of day of an ISO instant, `09:12`; with `seconds`, `09:12:44`. */
export function clockTime(instant: string, seconds = false): string {
  return instant.slice(11, seconds ? 19 : 16);
}

/** An instant for a list: `09:12` within 18 hours of now, else `11-22 09:12`. */
export function shortInstant(instant: string, nowMs: number): string {
  return Math.abs(nowMs - Date.parse(instant)) < 18 * 3_600_000
    ? clockTime(instant)
    : `${instant.slice(5, 10)} ${clockTime(instant)}`;
}

/** One column per value, scaled from 0 (or the lowest, if below) to the highest; at most `width` newest values. */
export function sparkline(values: readonly number[], signs: Signs, width = 10): string {
  const shown = values.slice(-width);
  const low = Math.min(0, ...shown);
  const high = Math.max(...shown);
  const top = signs.levels.length - 1;
  return shown
    .map((value) => signs.levels[high === low ? 1 : Math.round(((value - low) / (high - low)) * top)] ?? "")
    .join("");
}

/** A bar of `width` cells, filled by `done / total`. */
export function progressBar(done: number, total: number, width: number, signs: Signs): string {
  const cells = Math.max(0, width);
  const full = total <= 0 ? 0 : Math.min(cells, Math.floor((done / total) * cells));
  return signs.bar.full.repeat(full) + signs.bar.empty.repeat(cells - full);
}
