import type { RunRecord, StoreReader } from "../../store/store.ts";
import { causeSummary, shortVersion } from "../../tui/words/cause.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { reasonTag } from "../../tui/words/failure.ts";
import { countOf, formatCount, formatDuration } from "../../tui/words/numbers.ts";
import { countsText } from "../../tui/words/run.ts";
import { unitName } from "../../tui/words/text.ts";
import { instantText } from "../../tui/words/instant.ts";
import { unreachable } from "../../util/unreachable.ts";
import { exitCode } from "../exit-code.ts";
import { print, printJson } from "../output/print.ts";
import { tableWidth } from "../output/terminal.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";
import { type ComparedUnit, compareRuns, type Difference, type UnitInRun } from "./compare-runs.ts";
import { findRun, runJson } from "./find-run.ts";

/** `moraine runs diff`: what differs between two runs, read from the earlier to the later one, however they are given. */
export async function diffRuns(
  context: VerbContext,
  [oneId = "", otherId]: readonly string[],
): Promise<number> {
  const { store } = await context.openConfig();
  store.interruptDeadRuns(new Date().toISOString());
  const one = findRun({ store }, oneId);
  const other = otherId === undefined ? runBefore(store, one) : findRun({ store }, otherId);
  if (one.id === other.id) throw new UsageError(`${one.id} is one and the same run`, "name two runs");
  const [before, after] = one.startedAt < other.startedAt ? [one, other] : [other, one];
  const units = compareRuns(store, before.id, after.id);
  if (context.options.json === true) {
    printJson({ before: runJson(before), after: runJson(after), units });
    return exitCode.done;
  }
  printDifferences({ before, after }, units);
  return exitCode.done;
}

/** @throws UsageError when the selection was not run before */
function runBefore(store: StoreReader, run: RunRecord): RunRecord {
  const [before] = store.runs({ selection: run.selection, before: run.startedAt, limit: 1 });
  if (before !== undefined && run.target === store.target) return before;
  throw new UsageError(
    `no run before ${run.id} had its selection, ${run.selection || "all"}${run.target === store.target ? "" : `, in target ${store.target}`}`,
    `moraine runs diff ${run.id} RUN`,
  );
}

function printDifferences(
  { before, after }: { readonly before: RunRecord; readonly after: RunRecord },
  units: readonly ComparedUnit[],
): void {
  const different = units.filter((unit) => unit.differs.length > 0);
  print(
    ...tableLines(
      [
        { title: "" },
        { title: "" },
        { title: "" },
        { title: "" },
        { title: "", align: "right" },
        { title: "" },
      ],
      [runCells("before", before), runCells("after", after)],
      { width: tableWidth() },
    ),
  );
  if (different.length === 0) {
    print("", `the same: ${countOf(units.length, "asset")}`);
    return;
  }
  print(
    "",
    ...tableLines(
      [
        { title: "asset", cut: "middle", min: 12 },
        { title: "what", fixed: true },
        { title: "before", min: 12 },
        { title: "after", min: 12 },
      ],
      different.flatMap(differenceRows),
      { width: tableWidth() },
    ),
    "",
    `${countOf(different.length, "asset")} of ${formatCount(units.length)} differ${different.length === 1 ? "s" : ""}`,
  );
}

function runCells(name: string, run: RunRecord): readonly string[] {
  const ms =
    run.finishedAt === undefined ? undefined : Date.parse(run.finishedAt) - Date.parse(run.startedAt);
  return [
    name,
    run.id,
    instantText(run.startedAt),
    run.status,
    ms === undefined ? "" : formatDuration(ms),
    countsText(run.counts),
  ];
}

/** One row per difference; the asset stands in the first. */
function differenceRows(unit: ComparedUnit): readonly (readonly string[])[] {
  // What a failure adds is said with the outcome, where that differs too.
  const shown = unit.differs.filter((name) => name !== "failure" || !unit.differs.includes("outcome"));
  return shown.map((name, index) => [
    index === 0 ? unitName(unit) : "",
    whatText[name],
    sideText(unit.before, name),
    sideText(unit.after, name),
  ]);
}

const whatText: Readonly<Record<Difference, string>> = {
  presence: "outcome",
  outcome: "outcome",
  failure: "failure",
  failedChecks: "failed checks",
  rows: "rows",
  dataVersion: "data",
  codeVersion: "code",
  causes: "why",
  duration: "time",
};

function sideText(side: UnitInRun | null, name: Difference): string {
  if (side === null) return "not in this run";
  const none = "-";
  switch (name) {
    case "presence":
    case "outcome":
      return [side.outcome ?? "no end", ...(side.failure === null ? [] : [reasonTag(side.failure)])].join(
        " ",
      );
    case "failure":
      return side.failure === null ? none : reasonTag(side.failure);
    case "failedChecks":
      return side.failedChecks.join(", ") || none;
    case "rows":
      return side.rows === null ? none : formatCount(side.rows);
    case "dataVersion":
      return shortVersion(side.dataVersion);
    case "codeVersion":
      return shortVersion(side.codeVersion);
    case "causes":
      return causeSummary(side.causes) || none;
    case "duration":
      return side.durationMs === null ? none : formatDuration(side.durationMs);
    default:
      return unreachable(name);
  }
}
