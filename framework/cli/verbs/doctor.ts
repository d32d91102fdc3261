import { existsSync, statfsSync } from "node:fs";
import { join } from "node:path";
import type { Connection } from "../../definition/asset.ts";
import { DefinitionError } from "../../definition/problem.ts";
import { FailureError } from "../../event/failure.ts";
import { StoreError } from "../../store/store-error.ts";
import { caseTwins } from "../../util/same-but-case.ts";
import { countOf, formatBytes, formatDuration, someOf } from "../../tui/words/numbers.ts";
import { exitCode, exitCodeOf } from "../exit-code.ts";
import { print, printJson } from "../output/print.ts";
import { lookOf } from "../output/terminal.ts";
import type { OpenProject } from "../project/open-project.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";

/** What one examination found. */
interface Finding {
  readonly name: string;
  readonly status: "ok" | "warn" | "fail";
  readonly message: string;
  /** What to do. */
  readonly next?: string;
  readonly exitCode?: number;
}

/** @param isNamed whether `--only` names the examination */
type Examine = (context: VerbContext, isNamed: boolean) => Promise<Omit<Finding, "name">>;

const toleratedSkewMs = 60_000;
/** Free space below which a run may fill the disk. */
const leastFreeBytes = 1024 ** 3;

const examinations: Readonly<Record<string, Examine>> = {
  async project(context) {
    const { graph, targetName } = await context.openScheduled();
    const checks = graph.keys.flatMap((key) => graph.checks(key));
    return {
      status: "ok",
      message: `${countOf(graph.size, "asset")}, ${countOf(checks.length, "check")}, target ${targetName}`,
    };
  },
  async python(context, isNamed) {
    // Named, it is made for a project that can't be read as well: an image is built before its data is there.
    if (!isNamed && (await usesDbt(context)) === false)
      return { status: "ok", message: "not needed: no asset is made by dbt" };
    const { stateDir, projectDir } = await context.openConfig();
    const { ensurePythonEnvironment } = await import("../../dbt/python-environment.ts");
    const { requirementsFile } = await import("../../dbt/requirements-file.ts");
    const { dir } = await ensurePythonEnvironment({
      stateDir,
      requirementsFile: requirementsFile(projectDir),
      signal: context.signal,
    });
    return { status: "ok", message: dir };
  },
  async extensions(context) {
    const { lakehouse, stateDir } = await context.openConfig();
    if (lakehouse.installEngine === undefined)
      return { status: "ok", message: `not needed: the engine of ${lakehouse.name} is not DuckDB` };
    await lakehouse.installEngine();
    const { findExtensions } = await import("../../lakehouse/duckdb/extensions/extension-files.ts");
    return { status: "ok", message: `DuckDB's, in ${findExtensions(stateDir) ?? stateDir}` };
  },
  async store(context) {
    const { store, storePath } = await context.openConfig();
    const [last] = store.runs({ limit: 1 });
    return {
      status: "ok",
      message: `${storePath}, ${last === undefined ? "no run yet" : `last run ${last.id} ${last.status}`}`,
    };
  },
  async lake(context) {
    const { lakehouse } = await context.openConfig();
    const tables = await lakehouse.tables();
    const { rows } = await lakehouse.query("SELECT 1 AS one");
    for await (const _ of rows);
    const message = `${lakehouse.name}, ${countOf(tables.length, "table")}`;
    const keys = tables.map(({ key }) => key);
    const namespaces = keys.map((key) => key.slice(0, key.indexOf("/")));
    const [twins] = [...caseTwins(namespaces), ...caseTwins(keys)];
    if (twins === undefined) return { status: "ok", message };
    return {
      status: "warn",
      message: `${message}; the same name apart from case: ${twins.join(", ")}`,
      next: "rename one of them: DuckDB doesn't tell them from each other, and moraine reads the lower-case one",
    };
  },
  async salesforce(context) {
    const project = await context.openProject();
    const connections = project.graph.keys.flatMap((key) => project.graph.asset(key).connection ?? []);
    const ways = new Map(
      connections
        .filter(({ system }) => system === "salesforce")
        .map((connection) => [`${connection.secret} ${connection.apiVersion}`, connection]),
    );
    const found: Omit<Finding, "name">[] = [];
    for (const connection of ways.values()) found.push(await examineSalesforce(context, project, connection));
    const worst = found.find(({ status }) => status !== "ok");
    return (
      worst ?? {
        status: "ok",
        message: found.map(({ message }) => message).join("; ") || "no asset reads it",
      }
    );
  },
  async schedules(context) {
    const { schedules, store, targetName } = await context.openScheduled();
    const { daemonStatuses, leadingDaemon } = await import("../../scheduler/daemon-statuses.ts");
    const { scheduleStatuses } = await import("../../scheduler/schedule-statuses.ts");
    const { daemonText } = await import("../../tui/words/schedule.ts");
    if (schedules.length === 0) return { status: "ok", message: "none" };
    const now = new Date();
    const daemon = leadingDaemon(daemonStatuses(store.scheduling, now));
    const overdue = scheduleStatuses(store, schedules, now).filter(({ isOverdue }) => isOverdue);
    const names = overdue.map(({ definition }) => definition.name);
    const message = `${countOf(schedules.length, "schedule")}, ${daemonText(daemon, targetName)}`;
    if (daemon?.problem !== undefined)
      return { status: "warn", message, next: `its definitions are old: ${daemon.problem}` };
    if (names.length === 0) return { status: "ok", message };
    return {
      status: "warn",
      message: `${message}; overdue: ${someOf(names)}`,
      next:
        daemon?.isWorking === true
          ? "look at what it prints; kill -HUP makes it read the definitions anew"
          : "moraine daemon, or moraine daemon --once",
    };
  },
  async openlineage(context) {
    const { config, store, targetName } = await context.openConfig();
    const { openLineageSettings } = await import("../../observability/openlineage/settings.ts");
    const names = Object.keys(openLineageSettings(config, targetName, process.env).transports);
    if (names.length === 0) return { status: "ok", message: "nobody is told of runs" };
    const transports = store.openLineage.transports(names);
    const waiting = transports.reduce((sum, transport) => sum + transport.waiting, 0);
    const queue = `${countOf(waiting, "event")} waiting`;
    const failing = transports.find(({ failure }) => failure !== undefined);
    if (failing?.failure === undefined)
      return { status: "ok", message: `${countOf(names.length, "transport")}, ${queue}` };
    const { message, next = "moraine openlineage send" } = failing.failure;
    return { status: "warn", message: `${failing.name}: ${message}; ${queue}`, next };
  },
  async disk(context) {
    const { stateDir, projectDir } = await context.openConfig();
    const { bavail, bsize } = statfsSync(existsSync(stateDir) ? stateDir : projectDir);
    const free = bavail * bsize;
    return free < leastFreeBytes
      ? { status: "warn", message: `only ${formatBytes(free)} free`, next: "free space before a large load" }
      : { status: "ok", message: `${formatBytes(free)} free at ${join(stateDir)}` };
  },
};

/** `moraine doctor`. Every examination runs, whatever the ones before it found. */
export async function doctor(
  context: VerbContext,
  _args: readonly string[],
  options: { readonly only?: string },
): Promise<number> {
  const names = Object.keys(examinations).filter(
    (name) => options.only === undefined || name === options.only,
  );
  if (names.length === 0)
    throw new UsageError(`--only is ${Object.keys(examinations).join(", ")}, got ${options.only}`);
  const { signs, paint } = lookOf(context.options);
  const findings: Finding[] = [];
  for (const name of names) {
    const finding = {
      name,
      ...(await examine(() => examinations[name]?.(context, options.only !== undefined))),
    };
    findings.push(finding);
    if (context.options.json === true) continue;
    const sign = ({ ok: "materialized", warn: "warned", fail: "failed" } as const)[finding.status];
    print(`${paint.as(sign, signs.sign[sign])} ${name.padEnd(11)}  ${finding.message}`);
    if (finding.next !== undefined) print(`${" ".repeat(15)}${finding.next}`);
  }
  const failed = findings.filter((finding) => finding.status === "fail");
  if (context.options.json === true) printJson(findings);
  else print(failed.length === 0 ? "nothing to mend" : `${countOf(failed.length, "thing")} to mend`);
  return failed.reduce<number>(
    (worst, finding) => Math.max(worst, finding.exitCode ?? exitCode.workFailed),
    exitCode.done,
  );
}

/** Undefined, as far as a project that can't be read tells. */
async function usesDbt(context: VerbContext): Promise<boolean | undefined> {
  const { graph } = await context.openProject().catch((error: unknown) => {
    if (error instanceof DefinitionError || error instanceof UsageError) return { graph: undefined };
    throw error;
  });
  return graph?.keys.some((key) => {
    const { source } = graph.asset(key);
    return source.type === "batch" && source.batch.name === "dbt";
  });
}

async function examine(
  examination: () => Promise<Omit<Finding, "name">> | undefined,
): Promise<Omit<Finding, "name">> {
  try {
    const finding = await examination();
    if (finding === undefined) throw new Error("Internal error: expected a known examination");
    return finding;
  } catch (error) {
    if (error instanceof FailureError) {
      const { message, got, next, reason } = error.failure;
      return {
        status: "fail",
        message: got === undefined ? message : `${message}: ${got}`,
        ...(next === undefined ? {} : { next }),
        exitCode: exitCodeOf(reason),
      };
    }
    if (error instanceof StoreError)
      return { status: "fail", message: error.message, next: error.next, exitCode: exitCode.storeUnusable };
    if (error instanceof DefinitionError || error instanceof UsageError) {
      return { status: "fail", message: error.message, exitCode: exitCode.wrongUsage };
    }
    throw error;
  }
}

async function examineSalesforce(
  { signal }: VerbContext,
  { secrets, target }: OpenProject,
  { secret: secretName, apiVersion }: Connection,
): Promise<Omit<Finding, "name">> {
  const { openSalesforce } = await import("../../salesforce/salesforce-org.ts");
  const { systemClock } = await import("../../util/clock.ts");
  const org = await openSalesforce({
    secrets,
    secretName,
    apiVersion,
    clock: systemClock,
    signal,
    log: () => {},
  });
  const skewMs = org.serverTime().getTime() - Date.now();
  // The sandbox lives in its own time; a real org refuses a token whose time is off by minutes.
  if (target.secrets.type !== "sandbox" && Math.abs(skewMs) > toleratedSkewMs) {
    return {
      status: "warn",
      message: `this machine's clock is ${formatDuration(Math.abs(skewMs))} ${skewMs > 0 ? "behind" : "ahead of"} Salesforce's`,
      next: "set the clock (NTP): sign-in by JWT fails beyond 5 minutes",
    };
  }
  const usage = org.usage();
  const calls = usage === undefined ? "" : `, ${usage.used} of ${usage.limit} API calls used today`;
  return { status: "ok", message: `org ${org.id} at ${org.instanceUrl}${calls}` };
}
