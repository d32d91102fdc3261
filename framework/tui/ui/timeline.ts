import type { AttemptRecord } from "../../store/store.ts";
import type { Look } from "../look.ts";
import { formatElapsed } from "../words/numbers.ts";
import { padEnd, truncateMiddle } from "../words/width.ts";
import type { RunHistory } from "./data.ts";

/**
 * A run as bars over time: one line per asset in the order of their start, working dark, waiting to be tried again
 * half, before the start light. At most `height` lines, the first one the scale.
 */
export function timelineLines(
  run: RunHistory,
  look: Look,
  size: { readonly width: number; readonly height: number; readonly nowMs: number },
): readonly string[] {
  const started = Date.parse(run.record.startedAt);
  const ended = run.record.finishedAt === undefined ? size.nowMs : Date.parse(run.record.finishedAt);
  const span = Math.max(1, ended - started);
  const byKey = new Map<string, AttemptRecord[]>();
  for (const attempt of run.attempts) {
    if (attempt.attempt > 0) byKey.set(attempt.key, [...(byKey.get(attempt.key) ?? []), attempt]);
  }
  const nameWidth = Math.min(28, Math.max(12, Math.floor(size.width * 0.3)));
  const cells = Math.max(8, size.width - nameWidth - 6);
  const scale = padEnd("0s", Math.max(3, cells - formatElapsed(span).length)) + formatElapsed(span);
  const assets = [...byKey].sort(
    ([, a], [, b]) => Date.parse(a[0]?.startedAt ?? "") - Date.parse(b[0]?.startedAt ?? ""),
  );
  const room = Math.max(0, size.height - 1);
  const shown = assets.length <= room ? assets : assets.slice(0, Math.max(0, room - 1));
  const lines = shown.map(([key, attempts]) => {
    const name = padEnd(truncateMiddle(key, nameWidth, look.signs.ellipsis), nameWidth);
    return `  ${name}  ${bar(attempts, { started, span, cells, ended, isOver: run.record.status !== "running" }, look)}`;
  });
  const rest = assets.length - shown.length;
  return [
    look.paint.dim(`  ${" ".repeat(nameWidth)}  ${scale}`),
    ...lines,
    ...(rest > 0 && room > 0 ? [look.paint.dim(`  +${rest} more`)] : []),
  ];
}

function bar(
  attempts: readonly AttemptRecord[],
  span: {
    readonly started: number;
    readonly span: number;
    readonly cells: number;
    readonly ended: number;
    readonly isOver: boolean;
  },
  look: Look,
): string {
  const { signs, paint } = look;
  const at = (ms: number) =>
    Math.max(0, Math.min(span.cells - 1, Math.floor(((ms - span.started) / span.span) * (span.cells - 1))));
  const first = attempts[0];
  const last = attempts.at(-1);
  if (first === undefined || last === undefined) return "";
  const from = at(Date.parse(first.startedAt));
  const to = at(last.finishedAt === undefined ? span.ended : Date.parse(last.finishedAt));
  const parts: string[] = Array.from({ length: from }, () => paint.dim(signs.bar.empty));
  for (let cell = from; cell <= to; cell++) {
    const works = attempts.some(
      (attempt) =>
        at(Date.parse(attempt.startedAt)) <= cell &&
        cell <= at(attempt.finishedAt === undefined ? span.ended : Date.parse(attempt.finishedAt)),
    );
    parts.push(works ? paint.cyan(signs.bar.full) : paint.yellow(signs.bar.half));
  }
  // What its run left behind does not work any more.
  const sign = last.outcome ?? (span.isOver ? "cancelled" : "running");
  return parts.join("") + paint.as(sign, signs.sign[sign]);
}
