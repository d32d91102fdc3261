import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DefinitionError } from "../../definition/problem.ts";
import type { Retention } from "../../store/upkeep/prune-plan.ts";
import { countOf, formatBytes, formatCount } from "../../tui/words/numbers.ts";
import { parseAge } from "../age.ts";
import { exitCode } from "../exit-code.ts";
import { print, printJson, say } from "../output/print.ts";
import { lookOf } from "../output/terminal.ts";
import type { OpenConfig } from "../project/open-project.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";

interface StoreOptions {
  readonly olderThan?: string;
  readonly keep?: number;
  readonly dryRun?: boolean;
  readonly to?: string;
}

/** `moraine store`. */
export async function store(
  context: VerbContext,
  [action = "check"]: readonly string[],
  options: StoreOptions,
): Promise<number> {
  switch (action) {
    case "check":
      return check(context, await existingStore(context));
    case "prune":
      return prune(context, await existingStore(context), options);
    case "backup":
      return backup(context, await existingStore(context), options);
    default:
      throw new UsageError(`no action ${action}; expected check, prune or backup`, "moraine store --help");
  }
}

async function existingStore(context: VerbContext): Promise<OpenConfig> {
  const project = await context.openConfig();
  if (existsSync(project.storePath)) return project;
  throw new UsageError(`there is no store at ${project.storePath} yet`, "moraine materialize");
}

async function check(context: VerbContext, { storePath }: OpenConfig): Promise<number> {
  const { checkStore } = await import("../../store/upkeep/check-store.ts");
  const report = await checkStore({ path: storePath, now: new Date().toISOString() });
  const isDamaged = report.findings.some(({ level }) => level === "damaged");
  const code = isDamaged ? exitCode.storeUnusable : exitCode.done;
  if (context.options.json === true) {
    printJson({ ...report, status: isDamaged ? "damaged" : "ok" });
    return code;
  }
  const { signs, paint } = lookOf(context.options);
  for (const { level, name, message, samples } of report.findings) {
    const sign = level === "damaged" ? "failed" : "warned";
    const some = samples.length === 0 ? "" : `: ${samples.join(", ")}`;
    print(`${paint.as(sign, signs.sign[sign])} ${name}  ${message}${some}`);
  }
  if (isDamaged) {
    say(
      `${paint.as("failed", "error[store]")}: the store is damaged`,
      `  where     ${storePath}`,
      "  next      restore a backup, or move the file away to begin a new history; the tables in the lake are untouched",
    );
  } else print(`${paint.as("materialized", signs.sign.materialized)} ${storePath} is sound`);
  return code;
}

async function prune(context: VerbContext, project: OpenConfig, options: StoreOptions): Promise<number> {
  const retention = retentionOf(project, options);
  const { pruneStore } = await import("../../store/upkeep/prune-store.ts");
  // A run whose process was killed is no longer running, and may be old.
  project.store.interruptDeadRuns(new Date().toISOString());
  const dryRun = options.dryRun === true;
  const result = await pruneStore({ path: project.storePath, retention, dryRun, signal: context.signal });
  if (context.options.json === true) {
    const { before = null, keepRuns = null } = retention;
    printJson({ dryRun, before, keepRuns, ...result });
    return exitCode.done;
  }
  const { runs, attempts, events, materializations, lineage, checkResults, alerts, ticks } = result.removed;
  print(
    `${dryRun ? "would remove" : "removed"} ${[
      countOf(runs, "run"),
      countOf(attempts, "attempt"),
      countOf(events, "event"),
      countOf(materializations, "materialization"),
      countOf(lineage, "lineage edge"),
      countOf(checkResults, "check result"),
      ...(alerts > 0 ? [countOf(alerts, "alert")] : []),
      ...(ticks > 0 ? [countOf(ticks, "tick")] : []),
    ].join(", ")}`,
  );
  for (const { target, transport, events: unsent } of result.unsent) {
    say(
      `${countOf(unsent, "event")} of them ${dryRun ? "have" : "had"} not been sent to OpenLineage (target ${target}, transport ${transport})`,
      ...(dryRun ? [`  next  moraine openlineage send --target ${target}`] : []),
    );
  }
  if (!dryRun) {
    print(
      `${formatBytes(result.bytesBefore)} became ${formatBytes(result.bytesAfter)}, of which ${formatBytes(result.bytesReusable)} are free for later runs`,
    );
  }
  return exitCode.done;
}

/** Options replace the config's retention as a whole, so that what is typed is what happens. */
function retentionOf({ config }: OpenConfig, options: StoreOptions): Retention {
  const configured = config.store?.retention ?? {};
  for (const [name, value] of Object.entries(configured)) {
    if (typeof value === "number" && Number.isFinite(value) && value > 0) continue;
    const message = `store.retention.${name} must be a number above 0, got ${JSON.stringify(value)}`;
    throw new DefinitionError([{ message, where: "moraine.config.ts" }]);
  }
  const isTyped = options.olderThan !== undefined || options.keep !== undefined;
  const ageMs = isTyped
    ? options.olderThan === undefined
      ? undefined
      : parseAge(options.olderThan, "--older-than")
    : configured.days === undefined
      ? undefined
      : configured.days * 86_400_000;
  const keepRuns = isTyped ? options.keep : configured.runs;
  if (ageMs === undefined && keepRuns === undefined) {
    throw new UsageError(
      "prune needs to know what may go",
      "--older-than 90d, --keep 1000, both, or store: { retention: { days: 90, runs: 1000 } } in the config",
    );
  }
  return {
    ...(ageMs === undefined ? {} : { before: new Date(Date.now() - ageMs).toISOString() }),
    ...(keepRuns === undefined ? {} : { keepRuns }),
  };
}

async function backup(
  context: VerbContext,
  { storePath }: OpenConfig,
  { to }: StoreOptions,
): Promise<number> {
  if (to === undefined)
    throw new UsageError("backup needs a file to write", "moraine store backup --to FILE");
  const target = resolve(to);
  // Not made here: a folder that is missing is more often a disk that is not mounted.
  if (!existsSync(dirname(target))) throw new UsageError(`there is no folder ${dirname(target)}`);
  if (existsSync(target) && statSync(target).isDirectory())
    throw new UsageError(`${target} is a folder`, "name the file to write");
  if (existsSync(target) && realpathSync(target) === realpathSync(storePath))
    throw new UsageError(`${target} is the store itself`, "name another file");
  if (existsSync(target) && context.options.yes !== true)
    throw new UsageError(`${target} exists, the backup would replace it`, "another name, or add --yes");
  const { backupStore } = await import("../../store/upkeep/backup-store.ts");
  const isTalking = process.stderr.isTTY && context.options.json !== true && context.options.quiet !== true;
  let lastTenth = 0;
  const result = await backupStore({
    path: storePath,
    to: target,
    replace: context.options.yes === true,
    signal: context.signal,
    onProgress: ({ done, total }) => {
      const tenth = Math.floor((done / total) * 10);
      if (isTalking && tenth > lastTenth) say(`${formatCount(done)} of ${formatCount(total)} pages`);
      lastTenth = tenth;
    },
  });
  if (context.options.json === true) printJson(result);
  else print(`${result.path}: ${formatBytes(result.bytes)}, schema ${result.schema}, verified`);
  return exitCode.done;
}
