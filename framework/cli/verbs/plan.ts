import { trimCauses } from "../../staleness/compute-statuses.ts";
import { causeSummary } from "../../tui/words/cause.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { countOf, formatDuration } from "../../tui/words/numbers.ts";
import { exitCode } from "../exit-code.ts";
import { print, printJson } from "../output/print.ts";
import { lookOf, tableWidth } from "../output/terminal.ts";
import type { VerbContext } from "../run-verb.ts";
import { readStatuses, readUnchecked, selectFrom, selectionText } from "./statuses.ts";

/** `moraine plan`. An asset whose only cause is its upstream may turn out fresh; the plan says `maybe`. */
export async function plan(
  context: VerbContext,
  terms: readonly string[],
  options: { readonly exitCode?: boolean; readonly all?: boolean },
): Promise<number> {
  const project = await context.openProject();
  const statuses = await readStatuses(project, { asked: true });
  const usual = project.store.usualDurations();
  const selected = selectFrom(project, terms, statuses).flatMap((key) => statuses.get(key) ?? []);
  const steps = selected
    .filter(({ status }) => options.all === true || status !== "fresh")
    .map(({ key, status, causes }) => ({
      key,
      kind: project.graph.asset(key).assetKind,
      status,
      action:
        status === "fresh" ? "none" : causes.every((cause) => cause.type === "upstream") ? "maybe" : "run",
      causes: trimCauses(causes),
      usualMs: usual.get(key) ?? null,
    }));
  const toRun = steps.filter((step) => step.action !== "none");
  const sure = new Set(steps.filter((step) => step.action === "run").map((step) => step.key));
  // What runs is checked then; of the rest somebody has to say that it never was.
  const neverChecked = readUnchecked(project);
  const unchecked = selected.flatMap(({ key }) => {
    const checks = sure.has(key) ? [] : (neverChecked.get(key) ?? []);
    return checks.length === 0 ? [] : [{ key, checks: checks.map((check) => check.name) }];
  });
  if (context.options.json === true) {
    printJson({
      target: project.targetName,
      selection: terms,
      steps,
      toRun: toRun.length,
      fresh: selected.length - toRun.length,
      unchecked,
    });
  } else {
    const { signs, paint } = lookOf(context.options);
    print(
      ...tableLines(
        [
          { title: "", fixed: true, paint: (cell, row) => paint.as(steps[row]?.status ?? "fresh", cell) },
          { title: "asset", cut: "middle", min: 20 },
          { title: "runs", fixed: true },
          { title: "usual", align: "right", fixed: true },
          { title: "why" },
        ],
        steps.map((step) => [
          signs.sign[step.status],
          step.key,
          step.action === "run" ? "yes" : step.action === "maybe" ? "if changed" : "no",
          step.usualMs === null ? "" : `~${formatDuration(step.usualMs)}`,
          causeSummary(step.causes),
        ]),
        { width: tableWidth(), ellipsis: signs.ellipsis },
      ),
      "",
      toRun.length === 0
        ? `${signs.sign.fresh} nothing to do: all ${countOf(selected.length, "asset")} fresh`
        : `${countOf(toRun.length, "asset")} of ${selected.length} would run: moraine materialize${terms.length > 0 ? ` ${selectionText(terms)}` : ""}`,
      ...unchecked.map(
        ({ key, checks }) => `${signs.sign.warned} ${key} never checked: ${checks.join(", ")}`,
      ),
      ...(unchecked.length === 0
        ? []
        : [`next  moraine check ${unchecked.length === 1 ? unchecked[0]?.key : "state:unchecked"}`]),
    );
  }
  return options.exitCode === true && toRun.length > 0 ? exitCode.notCurrent : exitCode.done;
}
