import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome, RunEvent } from "../../framework/event/event.ts";
import { type Finished, Project } from "./moraine.ts";

/**
 * Three assets in a row and one beside them. `FAIL` names one that fails, `HANG` one that waits until it is cancelled,
 * `DEAF` one that then goes on waiting.
 */
const config = `
import { appendFileSync } from "node:fs";
import { defineAsset, defineConfig } from "moraine";

async function materialize({ key, signal, forced }) {
  appendFileSync(new URL("./ran.txt", import.meta.url), key + (forced ? " forced" : "") + "\\n");
  if (process.env.FAIL === key) throw new Error("told to fail");
  if (process.env.DEAF === key) await new Promise(() => {});
  if (process.env.HANG === key) await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}
const raw = defineAsset({ key: "raw/users", materialize });
const mart = defineAsset({ key: "mart/users", deps: { raw }, materialize });
const report = defineAsset({ key: "mart/report", deps: { mart }, materialize });
const other = defineAsset({ key: "raw/other", materialize });
const target = { lakehouse: { type: "embedded" }, secrets: { type: "environment" } };

export default defineConfig({ name: "row", assets: [raw, mart, report, other], targets: { local: target, second: target } });
`;

/** What `materialize --json` said. */
export interface RowRun extends Finished {
  readonly runId: string;
  readonly started: Extract<RunEvent, { type: "run-started" }>;
  readonly outcomes: Readonly<Record<string, Outcome>>;
}

/** A project whose assets fail or hang as the test says, and note that they ran. */
export class RowProject extends Project {
  constructor() {
    super({ "moraine.config.ts": config, "ran.txt": "" });
  }

  /** Removes an asset that nothing reads from the project. */
  remove(name: "report" | "other"): void {
    const text = readFileSync(join(this.directory, "moraine.config.ts"), "utf8");
    this.write(
      "moraine.config.ts",
      text.replace(new RegExp(`^const ${name} .*$`, "m"), "").replace(`, ${name}`, ""),
    );
  }

  /** Runs a verb that materializes, to the end of its run. */
  async ran(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<RowRun> {
    const finished = await this.start([...args, "--json"], env).finished;
    return { ...finished, ...runOf(finished) };
  }

  /** The assets whose bodies were called since this was asked last, in order, with ` forced` behind those that were. */
  called(): readonly string[] {
    const lines = readFileSync(join(this.directory, "ran.txt"), "utf8").split("\n").filter(Boolean);
    this.write("ran.txt", "");
    return lines;
  }
}

function runOf({ code, stdout, stderr }: Finished): Pick<RowRun, "runId" | "started" | "outcomes"> {
  const events = stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as RunEvent);
  const [first] = events;
  if (first?.type !== "run-started") throw new Error(`expected a run, got ${code}: ${stderr}`);
  const last = events.at(-1);
  return { runId: first.runId, started: first, outcomes: last?.type === "run-finished" ? last.outcomes : {} };
}
