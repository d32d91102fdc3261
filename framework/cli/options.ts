import { type Command, Option } from "commander";
import type { ColorOption } from "../tui/words/paint.ts";

/** Options that every verb takes. */
export interface GlobalOptions {
  readonly project?: string;
  readonly target?: string;
  readonly json?: boolean;
  readonly plain?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  /** False with `--no-input`: never ask. */
  readonly input?: boolean;
  readonly yes?: boolean;
  readonly color?: ColorOption;
  readonly ascii?: boolean;
  /** False with `--no-motion`. */
  readonly motion?: boolean;
  readonly accessible?: boolean;
}

/** Adds them to a verb, so that they may stand before or behind its name. */
export function withGlobalOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "-C, --project <dir>",
        "the project's folder (default: the nearest with a moraine.config.ts)",
      ),
    )
    .addOption(new Option("--target <name>", "which of the project's targets"))
    .addOption(new Option("--json", "machine-readable output on stdout"))
    .addOption(new Option("--plain", "lines without colour or redrawing"))
    .addOption(new Option("-q, --quiet", "only results and errors"))
    .addOption(new Option("-v, --verbose", "also what is fresh; stacks of errors"))
    .addOption(new Option("--no-input", "never ask; a needed answer is an error").default(undefined))
    .addOption(new Option("-y, --yes", "answer yes to every question"))
    .addOption(new Option("--color <when>", "when to colour").choices(["auto", "always", "never"]))
    .addOption(new Option("--ascii", "signs from ASCII only"))
    .addOption(new Option("--no-motion", "no spinner").default(undefined))
    .addOption(new Option("--accessible", "plain lines, words for signs").env("ACCESSIBLE").hideHelp());
}
