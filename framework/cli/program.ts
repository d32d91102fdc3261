import { Command, CommanderError, type HelpContext, InvalidArgumentError, Option } from "commander";
import { exitCode } from "./exit-code.ts";
import { type GlobalOptions, withGlobalOptions } from "./options.ts";
import { endUnread, goOnUnread } from "./output/print.ts";
import { nearest } from "../util/nearest.ts";
import { runVerb, type VerbContext } from "./run-verb.ts";

/** Parses the command line and runs its verb; every verb's code is loaded only when it is named. */
export async function runCommandLine(argv: readonly string[], version: string): Promise<void> {
  const program = createProgram(version);
  process.stdout.on("error", endUnread);
  // With the reader of errors gone there is nobody left to tell.
  process.stderr.on("error", goOnUnread);
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? exitCode.done : exitCode.wrongUsage;
  }
}

/** Parses a whole number from 1; its error is commander's, so it names the option. */
function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError("expected a whole number from 1.");
  return value;
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError("expected a port, 0 to 65535.");
  return value;
}

/** Collects an option that may be given several times. */
function collected(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function partitionOption(): Option {
  const help = "these partitions: a key, a range a..b, several with commas; may be given several times";
  return new Option("--partition <keys>", help).argParser(collected);
}

/** By which `--detach` tells the process that it starts what the run will be called. */
function runIdOption(): Option {
  return new Option("--run-id <id>").hideHelp();
}

/** What does a verb. Its options are what its own `shape` declares, which the compiler cannot see through commander. */
type Run = (context: VerbContext, args: readonly string[], options: never) => Promise<number>;

/** One verb: what it is called, its help, and the module that does it. */
interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly examples: readonly string[];
  /** Adds arguments and options. */
  readonly shape?: (command: Command) => Command;
  /** It does something besides printing, and goes on when the reader of its output has gone. */
  readonly isWork?: boolean;
  readonly load: () => Promise<Run>;
}

const verbs: readonly Verb[] = [
  {
    name: "list [selection...]",
    summary: "assets with staleness, freshness and last outcome",
    examples: [
      "moraine list",
      "moraine list state:stale",
      "moraine list state:overdue",
      'moraine list "kind:dbt and not state:fresh"',
      "moraine list +dim_sf_user_scd --json",
    ],
    load: async () => (await import("./verbs/list.ts")).list,
  },
  {
    name: "show <key>",
    summary: "one asset: definition, why it is stale, history, checks, columns",
    examples: [
      "moraine show sf_curated/dim_sf_user_scd",
      "moraine show sf_raw/sf_user --why",
      "moraine show sf_raw/sf_user --checks --history 30",
    ],
    shape: (command) =>
      command
        .option("--why", "only the whole chain of causes")
        .option(
          "--history <n>",
          "how many materializations, and results of each check (default: 5 and 10)",
          count,
        )
        .option("--checks", "only the checks, with their results")
        .option("--schema", "only the columns")
        .option("--partitions", "only the partitions, every one")
        .option("--snapshots", "only the table's snapshots"),
    load: async () => (await import("./verbs/show.ts")).show,
  },
  {
    name: "plan [selection...]",
    summary: "what would run, in order, and why; changes nothing",
    examples: ["moraine plan", "moraine plan --exit-code && echo nothing to do", "moraine plan --automation"],
    shape: (command) =>
      command
        .option("--exit-code", "exit with 3 when something would run")
        .addOption(partitionOption())
        .option("--missing", "with every partition that was never made, however old")
        .option("--all", "also what is fresh")
        .option("--automation", "what would start by itself now, by the conditions of the assets"),
    load: async () => (await import("./verbs/plan.ts")).plan,
  },
  {
    name: "materialize [selection...]",
    summary: "run what is stale in the selection (default: all)",
    examples: [
      "moraine materialize",
      "moraine materialize +dim_sf_user_scd",
      "moraine materialize --force sf_curated/dim_sf_user_scd",
      "moraine materialize --partition 2026-01-01..2026-01-31 sales/orders",
      "moraine materialize --missing --run-per-partition --concurrency 4 sales/orders+",
      "moraine materialize --retry 8f21c4",
      "moraine materialize --detach",
      "moraine materialize --log-format json 2>> run.log",
      "moraine materialize --automation",
      "moraine materialize --tag reason=backfill --tag ticket=17",
    ],
    shape: (command) =>
      command
        .option("--force", "run the selected assets although they are fresh")
        .addOption(partitionOption())
        .option("--missing", "every partition that was never made, however old")
        .option("--run-per-partition", "a run for each partition instead of one for all")
        .option("--concurrency <n>", "with --run-per-partition: how many runs at once (default: 1)", count)
        .option("--retry <run>", "what failed or was skipped in this run, instead of a selection")
        .option("--automation", "what starts by itself now, by the conditions of the assets")
        .option("--workers <n>", "how many assets at once (default: 4)", count)
        .option("--fail-fast", "cancel the rest after the first failure")
        .option("--tag <name=value>", "a tag to find the run by; may be given several times", collected)
        .option("--detach", "start the run as a process of its own, and say how to follow and cancel it")
        .option("--progress <voice>", "live, plain or off (default: by the terminal)")
        .addOption(new Option("--trigger <name>").choices(["schedule", "automation"]).hideHelp())
        .option(
          "--log-format <format>",
          "json: log lines as JSON on stderr instead of progress (default: text)",
        )
        .addOption(runIdOption()),
    isWork: true,
    load: async () => (await import("./verbs/materialize.ts")).materializeVerb,
  },
  {
    name: "check [selection...]",
    summary: "run checks; no table is written",
    examples: [
      "moraine check",
      "moraine check dim_sf_user_scd --name not_null_user_id",
      "moraine check dim_sf_user_scd --rows not_null_user_id --limit 20",
    ],
    shape: (command) =>
      command
        .option("--rows <name>", "print the rows that break this check instead of running it")
        .option("--limit <n>", "with --rows: at most this many (default: 1000)", count)
        .option("--format <format>", "with --rows: table, csv or json (default: table)")
        .addOption(partitionOption())
        .option("--name <name>", "only the check of this name")
        .option("--fail-on <severity>", "warn or error (default: error)"),
    isWork: true,
    load: async () => (await import("./verbs/check.ts")).check,
  },
  {
    name: "rollback <key>",
    summary: "make an earlier snapshot of a table its current one; what reads it becomes stale",
    examples: [
      "moraine rollback sf_curated/dim_sf_user_scd --to 6619",
      "moraine rollback sf_curated/dim_sf_user_scd --run 77b0e1 --dry-run",
    ],
    shape: (command) =>
      command
        .option("--to <snapshot>", "the snapshot, by its id or a beginning of it")
        .option("--run <run>", "the snapshot that this run left")
        .option("--dry-run", "only say what would happen"),
    isWork: true,
    load: async () => (await import("./verbs/rollback.ts")).rollback,
  },
  {
    name: "lineage [selection...]",
    summary: "what reads what",
    examples: [
      "moraine lineage",
      "moraine lineage sf_curated/dim_sf_user_scd --format mermaid",
      "moraine lineage --format openlineage --recorded 8f21c4",
    ],
    shape: (command) =>
      command
        .option("--up <n>", "hops upstream (default: all)", count)
        .option("--down <n>", "hops downstream (default: all)", count)
        .option("--recorded <run>", "the edges and versions that a run recorded")
        .option(
          "--format <format>",
          "lanes, dot, mermaid, json, or openlineage: a run's events (default: lanes)",
        ),
    load: async () => (await import("./verbs/lineage.ts")).lineage,
  },
  {
    name: "runs [action] [run...]",
    summary: "runs, or one of them by its id; resume, cancel or compare them",
    examples: [
      "moraine runs",
      "moraine runs 8f21c4",
      "moraine runs --status failed --tag reason=backfill",
      "moraine runs resume 8f21c4",
      "moraine runs cancel 8f21c4",
      "moraine runs diff 8f21c4",
    ],
    shape: (command) =>
      command
        .option("--limit <n>", "how many", count, 20)
        .option("--since <instant>", "ISO 8601, UTC")
        .option("--status <status>", "succeeded, failed, cancelled, interrupted or running")
        .option("--tag <name=value>", "only with this tag, several: with all; resume: one more", collected)
        .option("--workers <n>", "resume: how many assets at once (default: 4)", count)
        .option("--fail-fast", "resume: cancel the rest after the first failure")
        .option("--now", "cancel: kill its process instead of waiting for what runs")
        .option("--detach", "resume: start the run as a process of its own")
        .option("--progress <voice>", "resume: live, plain or off (default: by the terminal)")
        .option("--log-format <format>", "resume: json: log lines as JSON on stderr (default: text)")
        .addOption(runIdOption()),
    isWork: true,
    load: async () => (await import("./verbs/runs.ts")).runs,
  },
  {
    name: "logs <run> [key]",
    summary: "the log lines of a run",
    examples: ["moraine logs 8f21c4", "moraine logs 8f21c4 sf_raw/sf_user --level warn"],
    shape: (command) =>
      command
        .option("-f, --follow", "go on until the run ends")
        .option("--level <level>", "debug, info, warn or error (default: info)")
        .option("--grep <text>", "only lines that contain this text"),
    load: async () => (await import("./verbs/logs.ts")).logs,
  },
  {
    name: "alerts [action] [channels...]",
    summary: "what is wrong now and who was told: list (default), evaluate, test",
    examples: [
      "moraine alerts",
      "moraine alerts test team",
      "moraine alerts evaluate",
      "moraine alerts --exit-code || echo something is wrong",
    ],
    shape: (command) =>
      command
        .option("--all", "list: also what is over, newest first")
        .option("--limit <n>", "with --all: how many (default: 50)", count)
        .option("--exit-code", "list: exit with 3 when something is wrong"),
    isWork: true,
    load: async () => (await import("./verbs/alerts.ts")).alerts,
  },
  {
    name: "query <sql>",
    summary: "read-only SQL over the tables",
    examples: [
      `moraine query "SELECT division, count(*) FROM sf_curated.dim_sf_user_scd WHERE is_current GROUP BY 1"`,
    ],
    shape: (command) =>
      command
        .option("--limit <n>", "at most this many rows", count, 1000)
        .option("--format <format>", "table, csv or json (default: table)"),
    load: async () => (await import("./verbs/query.ts")).query,
  },
  {
    name: "types",
    summary: "TypeScript types for the rows of what dbt and dbthub.yml declare",
    examples: ["moraine types", "moraine types --check || echo run moraine types and commit what it writes"],
    shape: (command) =>
      command
        .option("--check", "write nothing; exit with 3 when the file is not what would be written")
        .option("--out <file>", "the file (default: moraine.types.ts in the project's folder)"),
    load: async () => (await import("./verbs/types.ts")).types,
  },
  {
    name: "lake [action] [keys...]",
    summary: "the lakehouse: tables (default), serve, optimize, expire",
    examples: [
      "moraine lake",
      "MORAINE_LAKE_TOKEN=$TOKEN moraine lake serve --port 8181",
      "moraine lake optimize sf_raw/sf_user",
      "moraine lake expire --older-than 7d",
    ],
    shape: (command) =>
      command
        .option("--port <n>", "serve: port on 127.0.0.1 (default: a free one)", port)
        .addOption(
          new Option(
            "--token <token>",
            "serve: bearer token that clients must send; others see it in the process list (default: a random one)",
          ).env("MORAINE_LAKE_TOKEN"),
        )
        .option("--older-than <age>", "expire: age of snapshots, like 12h or 7d (default: 7d)"),
    load: async () => (await import("./verbs/lake.ts")).lake,
  },
  {
    name: "store [action]",
    summary: "the local store: check (default), prune, backup",
    examples: [
      "moraine store check",
      "moraine store prune --older-than 90d --keep 1000 --dry-run",
      "moraine store backup --to /backups/moraine.db",
    ],
    shape: (command) =>
      command
        .option("--older-than <age>", "prune: only runs that ended longer ago, like 12h or 90d")
        .option("--keep <n>", "prune: never the newest runs, this many of each target", count)
        .option("--dry-run", "prune: only say what would go")
        .option("--to <file>", "backup: the file to write"),
    isWork: true,
    load: async () => (await import("./verbs/store.ts")).store,
  },
  {
    name: "sandbox [action]",
    summary: "the local Salesforce org: serve, seed, advance, faults, credentials",
    examples: [
      "moraine sandbox serve --port 9090",
      "moraine sandbox credentials --json",
      "moraine sandbox seed --users 100000 --yes",
      "moraine sandbox advance --days 3",
      "moraine sandbox faults --arm 503 --times 2",
    ],
    shape: (command) =>
      command
        .option("--port <n>", "serve: port on 127.0.0.1 (default: 7440)", port)
        .option("--users <n>", "serve, seed: how many users (default: 2000)", count)
        .option("--seed <text>", "serve, seed: the number that the random people begin with (default: 42)")
        .option("--days <n>", "advance: how many days pass", count, 1)
        .option("--arm <kind>", "faults: the kind to arm; without it, armed faults are listed")
        .option("--match <text>", "faults: only calls whose method and path contain this")
        .option("--times <n>", "faults: how often", count)
        .option("--after <n>", "faults: let this many calls pass first", count)
        .option("--clear", "faults: disarm all"),
    load: async () => (await import("./verbs/sandbox.ts")).sandbox,
  },
  {
    name: "demo",
    summary: "the shipped pipeline on the local org, one more day each time",
    examples: ["moraine demo", "moraine demo --users 50000 --reset --yes"],
    shape: (command) =>
      command
        .option("--users <n>", "how many users a new org has (default: 2000)", count)
        .option("--days <n>", "how many days pass before the run (default: 1, none the first time)", count)
        .option("--reset", "begin again: empties the org, the lake and the store"),
    isWork: true,
    load: async () => (await import("./verbs/demo.ts")).demo,
  },
  {
    name: "schedules [name] [at]",
    summary:
      "schedules and sensors: when they are due, what became of their ticks; switch them, tick by hand",
    examples: [
      "moraine schedules",
      "moraine schedules daily",
      "moraine schedules daily --preview 10",
      "moraine schedules daily --off",
      "moraine schedules daily --tick 2026-01-31T05:00:00Z",
    ],
    shape: (command) =>
      command
        .option("--preview <n>", "the next ticks, UTC and local, of one schedule or of all of them", count)
        .option("--limit <n>", "with a name: how many of its ticks", count, 10)
        .option("--on", "switch it on, whatever its definition says")
        .option("--off", "switch it off; what passes meanwhile stays past")
        .option("--tick", "queue a tick of now, or of this instant, for the daemon; poll a sensor now"),
    load: async () => (await import("./verbs/schedules.ts")).schedules,
  },
  {
    name: "daemon",
    summary: "starts what the schedules say, until it is told to end",
    examples: [
      "moraine daemon",
      "moraine daemon --once",
      "moraine daemon --heartbeat https://monitor.example.com/ping",
      "moraine daemon --metrics-port 9464 --log-format json 2>> daemon.log",
      "moraine daemon --status || echo nobody starts anything",
    ],
    shape: (command) =>
      command
        .option("--once", "only what is due now, and end when that has ended")
        .option("--status", "whether one works; exit with 3 when none does")
        .option("--metrics-port <n>", "serve /metrics, /healthz and /readyz there (default: none)", port)
        .option("--metrics-host <address>", "address for it to listen on (default: 127.0.0.1)")
        .option(
          "--log-format <format>",
          "json: log lines as JSON on stderr, of its runs as well (default: text)",
        )
        .option(
          "--heartbeat <url>",
          "asked every five minutes, so that a monitor outside knows that it lives",
        )
        .addOption(new Option("--poll <sensor>").hideHelp()),
    isWork: true,
    load: async () => (await import("./verbs/daemon.ts")).daemon,
  },
  {
    name: "metrics [action]",
    summary: "Prometheus metrics from the store: print (default), serve",
    examples: [
      "moraine metrics",
      "moraine metrics --textfile /var/lib/node_exporter/textfile/moraine.prom",
      "moraine metrics serve --port 9464",
    ],
    shape: (command) =>
      command
        .option("--textfile <file>", "write them there for node_exporter, whole or not at all")
        .option("--port <n>", "serve: port (default: 9464)", port)
        .option("--host <address>", "serve: address to listen on (default: 127.0.0.1)"),
    load: async () => (await import("./verbs/metrics.ts")).metrics,
  },
  {
    name: "openlineage [action]",
    summary: "who is told of runs in OpenLineage's words, and what waits: list (default), send",
    examples: ["moraine openlineage", "moraine openlineage send"],
    isWork: true,
    load: async () => (await import("./verbs/openlineage.ts")).openlineage,
  },
  {
    name: "doctor",
    summary: "checks the project, Python, store, lake and credentials; says what to do",
    examples: ["moraine doctor", "moraine doctor --only salesforce"],
    shape: (command) => command.option("--only <name>", "one check only"),
    load: async () => (await import("./verbs/doctor.ts")).doctor,
  },
  {
    name: "ui [key]",
    summary: "the same in a full-screen interface",
    examples: ["moraine ui", "moraine ui sf_curated/dim_sf_user_scd"],
    shape: (command) => command.option("--read-only", "without the keys that start something"),
    load: async () => (await import("./verbs/ui.ts")).ui,
  },
];

/** The whole command line; of a verb that there is not, it has no help. */
class Program extends Command {
  override helpInformation(context?: HelpContext): string {
    const [asked, ...others] = this.args.filter((arg) => !arg.startsWith("-"));
    this.expectVerb(asked === "help" ? others[0] : asked);
    return super.helpInformation(context);
  }

  /** @throws CommanderError unless there is such a verb, or none is named */
  expectVerb(name: string | undefined): void {
    const names = this.commands.map((command) => command.name());
    if (name === undefined || name === "help" || names.includes(name)) return;
    const suggestions = nearest(name, names);
    const advice = suggestions.length === 0 ? "" : `\n(Did you mean ${suggestions.join(" or ")}?)`;
    this.error(`error: unknown verb '${name}'${advice}`);
  }
}

function createProgram(version: string): Command {
  const program = new Program("moraine");
  withGlobalOptions(program)
    .description("Keeps tables: runs what is stale in order, records lineage and checks.")
    .version(version, "-V, --version")
    .usage("<verb> [selection...] [options]")
    .configureHelp({ sortSubcommands: false })
    .showHelpAfterError("(moraine --help shows the verbs, moraine <verb> --help examples)")
    .exitOverride();
  program.on("command:*", ([name]: readonly string[]) => program.expectVerb(name));
  for (const verb of verbs) addVerb(program, verb);
  return program;
}

function addVerb(program: Command, verb: Verb): void {
  const command = withGlobalOptions(program.command(verb.name))
    .summary(verb.summary)
    .description(verb.summary)
    .addHelpText("before", `Examples:\n${verb.examples.map((example) => `  ${example}`).join("\n")}\n`)
    .exitOverride();
  (verb.shape ?? ((same: Command) => same))(command).action(async () => {
    const options: GlobalOptions = command.optsWithGlobals();
    // What commander hands over is one value or array per declared argument.
    const args = (command.processedArgs as (string | readonly string[] | undefined)[])
      .flat()
      .filter((arg) => arg !== undefined);
    const run = async (context: VerbContext) => (await verb.load())(context, args, options as never);
    await runVerb(options, run, verb.isWork);
  });
}
