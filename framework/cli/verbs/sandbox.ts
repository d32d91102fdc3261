import { join } from "node:path";
import {
  ControlError,
  defaultSandboxPort,
  expectAskable,
  type FaultInput,
  openSandboxData,
  type SandboxData,
  startSandbox,
} from "../../sandbox/sandbox.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { formatCount } from "../../tui/words/numbers.ts";
import { exitCode } from "../exit-code.ts";
import { print, printJson, say } from "../output/print.ts";
import { tableWidth } from "../output/terminal.ts";
import { findProject, makeStateDir } from "../project/find-project.ts";
import { untilStopped, type VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";
import { daysText } from "./demo-days.ts";

interface SandboxOptions {
  readonly port?: number;
  readonly users?: number;
  readonly seed?: string;
  readonly days?: number;
  readonly arm?: string;
  readonly match?: string;
  readonly times?: number;
  readonly after?: number;
  readonly clear?: boolean;
}

/** `moraine sandbox`. Works on the org's file, so a running server sees every change at once. */
export async function sandbox(
  context: VerbContext,
  [action = "serve"]: readonly string[],
  options: SandboxOptions,
): Promise<number> {
  const { stateDir } = findProject(context.options.project);
  const dbPath = join(stateDir, "sandbox.db");
  const act = actions[action];
  if (act === undefined && action !== "serve") {
    throw new UsageError(
      `no action ${action}; expected serve, ${Object.keys(actions).join(", ")}`,
      "moraine sandbox --help",
    );
  }
  try {
    const fault = options.arm === undefined ? undefined : faultOf(options.arm, options);
    await expectAskable({ seed: seedOptions(options), fault });
    makeStateDir(stateDir);
    if (act === undefined) return await serve(context, dbPath, options);
    const data = await openSandboxData(dbPath);
    try {
      return act(context, data, options);
    } finally {
      data.close();
    }
  } catch (error) {
    throw error instanceof ControlError ? new UsageError(error.message, "moraine sandbox --help") : error;
  }
}

const actions: Readonly<
  Record<string, (context: VerbContext, data: SandboxData, options: SandboxOptions) => number>
> = {
  seed,
  advance,
  faults,
  credentials,
};

async function serve(context: VerbContext, dbPath: string, options: SandboxOptions): Promise<number> {
  const org = await startSandbox({
    dbPath,
    port: options.port ?? defaultSandboxPort,
    ...seedOptions(options),
  });
  if (context.options.json === true) print(JSON.stringify({ url: org.url }));
  else {
    print(`Salesforce org at ${org.url}`);
    say("`moraine sandbox credentials` shows how to sign in. Ctrl-C or SIGTERM stops it.");
  }
  await untilStopped(context.signal);
  await org.close();
  return exitCode.done;
}

function seed(context: VerbContext, data: SandboxData, options: SandboxOptions): number {
  if (data.isSeeded && context.options.yes !== true) {
    throw new UsageError(`the org has ${formatCount(data.userCount)} users, seeding empties it`, "add --yes");
  }
  const result = data.seed(seedOptions(options));
  if (context.options.json === true) printJson(result);
  else print(`${formatCount(result.users)} users from seed ${result.seed}; the org's clock says ${data.now}`);
  return exitCode.done;
}

/** What a new org is filled with. */
function seedOptions({ users, seed: text }: SandboxOptions): {
  readonly users?: number;
  readonly seed?: number;
} {
  const number = text === undefined ? undefined : Number(text);
  if (number !== undefined && !Number.isSafeInteger(number)) {
    throw new UsageError(`--seed expects a whole number, got ${text}`);
  }
  return { ...(users === undefined ? {} : { users }), ...(number === undefined ? {} : { seed: number }) };
}

function advance(context: VerbContext, data: SandboxData, options: SandboxOptions): number {
  if (!data.isSeeded) data.seed();
  const counts = data.advance(options.days ?? 1);
  if (context.options.json === true) printJson(counts);
  else print(`${daysText({ type: "passed", ...counts })}; the org's clock says ${data.now}`);
  return exitCode.done;
}

function faults(context: VerbContext, data: SandboxData, options: SandboxOptions): number {
  if (options.clear === true) {
    const cleared = data.clearFaults();
    if (context.options.json === true) printJson({ cleared });
    else print(`${cleared} faults cleared`);
    return exitCode.done;
  }
  if (options.arm !== undefined) data.armFault(faultOf(options.arm, options));
  const armed = data.faults();
  if (context.options.json === true) printJson(armed);
  else if (armed.length === 0) print("no fault is armed");
  else {
    print(
      ...tableLines(
        [
          { title: "kind" },
          { title: "match" },
          { title: "left", align: "right" },
          { title: "after", align: "right" },
          { title: "fired", align: "right" },
        ],
        armed.map((fault) => [
          fault.kind,
          fault.match ?? "",
          fault.times === null || fault.times === undefined ? "always" : String(fault.times),
          String(fault.after),
          String(fault.fired),
        ]),
        { width: tableWidth() },
      ),
    );
  }
  return exitCode.done;
}

function faultOf(kind: string, options: SandboxOptions): FaultInput {
  const { match, times, after } = options;
  const fault = {
    kind,
    ...(match === undefined ? {} : { match }),
    ...(times === undefined ? {} : { times }),
    ...(after === undefined ? {} : { after }),
  };
  return fault as FaultInput;
}

function credentials(context: VerbContext, data: SandboxData): number {
  const found = data.credentials();
  if (context.options.json === true) printJson(found);
  else
    print(
      ...tableLines(
        [{ title: "" }, { title: "" }],
        Object.entries(found).filter(([name]) => name !== "privateKey"),
      ),
    );
  return exitCode.done;
}
