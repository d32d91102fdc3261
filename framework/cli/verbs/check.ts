import { hasPassed } from "../../event/has-passed.ts";
import type { Check } from "../../definition/check.ts";
import type { AssetKey } from "../../definition/asset-key.ts";
import type { PartitionChoice } from "../../staleness/plan-units.ts";
import { runChecksOnly } from "../../materializer/run-checks.ts";
import { checkSign, checkText, severityText } from "../../tui/words/check.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { countOf } from "../../tui/words/numbers.ts";
import { unitName } from "../../tui/words/text.ts";
import { nearest } from "../../util/nearest.ts";
import { systemClock } from "../../util/clock.ts";
import { shellWords } from "../../util/shell-words.ts";
import { exitCode } from "../exit-code.ts";
import { lineageTelling } from "../openlineage/lineage-telling.ts";
import { print, printJson, say } from "../output/print.ts";
import { lookOf, tableWidth } from "../output/terminal.ts";
import type { OpenProject } from "../project/open-project.ts";
import { codeOfSignal, type VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";
import { choosePartitions } from "./partition-choice.ts";
import { printCheckRows } from "./check-rows.ts";
import { select } from "./statuses.ts";

interface CheckVerbOptions {
  readonly rows?: string;
  readonly name?: string;
  readonly failOn?: string;
  readonly limit?: number;
  readonly format?: string;
  readonly partition?: readonly string[];
}

/** `moraine check`. */
export async function check(
  context: VerbContext,
  terms: readonly string[],
  options: CheckVerbOptions,
): Promise<number> {
  if (options.failOn !== undefined && options.failOn !== "warn" && options.failOn !== "error") {
    throw new UsageError(`--fail-on is warn or error, got ${options.failOn}`);
  }
  if (options.rows === undefined && (options.limit !== undefined || options.format !== undefined)) {
    throw new UsageError("--limit and --format go with --rows", "moraine check --rows <name> --limit 10");
  }
  const project = await context.openProject();
  const keys = await select(project, terms, { asked: false });
  if (options.rows !== undefined)
    return printCheckRows(context, project, findCheck(project, keys, options.rows), options);
  const checks =
    options.name === undefined
      ? keys.flatMap((key) => project.graph.checks(key))
      : [runnableCheck(findCheck(project, keys, options.name))];
  const runnable = checks.filter((candidate) => candidate.source.type !== "report");
  if (runnable.length < checks.length) {
    say(
      `${countOf(checks.length - runnable.length, "check")} left out: found only while the asset is materialized`,
    );
  }
  const partitions = choosePartitions(project.graph, keys, options, new Date());
  const failOn = options.failOn ?? "error";
  return runAndPrint(context, project, { keys, checks: runnable, terms, failOn, partitions });
}

async function runAndPrint(
  context: VerbContext,
  project: OpenProject,
  request: {
    readonly keys: readonly AssetKey[];
    readonly checks: readonly Check[];
    readonly terms: readonly string[];
    readonly failOn: string;
    readonly partitions: PartitionChoice | undefined;
  },
): Promise<number> {
  const tellLineage = await lineageTelling(project, project.store, context.signal);
  const { runId, status } = await runChecksOnly({
    graph: project.graph,
    keys: request.keys,
    ...(request.partitions === undefined ? {} : { partitions: request.partitions }),
    checks: request.checks,
    forced: new Set(),
    selection: `check ${shellWords(request.terms)}`.trim(),
    trigger: "cli",
    store: project.store,
    lakehouse: project.lakehouse,
    resources: project.resources(),
    projectDir: project.projectDir,
    stateDir: project.stateDir,
    workers: 1,
    pools: {},
    failFast: false,
    signal: context.signal,
    clock: systemClock,
    redact: (text) => project.redactor.redact(text),
    onEvent: () => {},
  });
  // As they ended, which is the batches' last; people look for an asset's checks together.
  const found = project.store.runCheckResults(runId);
  const results = request.keys.flatMap((key) => found.filter((result) => result.key === key));
  const failed = results.filter((result) => !hasPassed(result));
  const warned = failed.filter((result) => result.severity === "warn").length;
  if (context.options.json === true) {
    printJson({ runId, status, checks: results });
  } else {
    const { signs, paint } = lookOf(context.options);
    print(
      ...tableLines(
        [
          {
            title: "",
            paint: (cell, row) =>
              results[row] === undefined ? cell : paint.as(checkSign(results[row]), cell),
          },
          { title: "asset", cut: "middle" },
          { title: "check", cut: "middle" },
          { title: "severity" },
          { title: "result" },
        ],
        results.map((result) => [
          signs.sign[checkSign(result)],
          unitName(result),
          result.check,
          severityText(result),
          checkText(result),
        ]),
        { width: tableWidth() },
      ),
      "",
      `${countOf(results.length - failed.length, "check")} passed, ${failed.length - warned} failed, ${warned} warned`,
    );
    const [first] = failed;
    if (first !== undefined) print(`next  moraine check ${first.key} --rows ${first.check}`);
  }
  await tellLineage?.();
  if (context.signal.aborted) return codeOfSignal(context.signal.reason);
  const counted = failed.filter((result) => request.failOn === "warn" || result.severity === "error");
  return counted.length > 0 ? exitCode.workFailed : exitCode.done;
}

function runnableCheck(found: Check): Check {
  if (found.source.type !== "report") return found;
  throw new UsageError(
    `${found.name} is found only while ${found.asset} is materialized`,
    `moraine show ${found.asset} --checks`,
  );
}

function findCheck(project: OpenProject, keys: readonly AssetKey[], name: string): Check {
  const checks = keys.flatMap((key) => project.graph.checks(key));
  const found = checks.filter((candidate) => candidate.name === name);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (only !== undefined)
    throw new UsageError(
      `${found.length} assets have a check ${name}`,
      `moraine check ${only.asset} --name ${name}`,
    );
  const names = nearest(
    name,
    checks.map((candidate) => candidate.name),
  );
  throw new UsageError(
    `no check ${name} on the selected assets`,
    names.length > 0 ? `did you mean ${names.join(" or ")}?` : undefined,
  );
}
