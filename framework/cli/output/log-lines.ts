import { resolve } from "node:path";
import type { LogsConfig } from "../../definition/config.ts";
import type { EventListener } from "../../event/event.ts";
import type { JsonLog, JsonLogOptions } from "../../observability/logs/json-log.ts";
import type { OpenConfig } from "../project/open-project.ts";
import { UsageError } from "../usage-error.ts";

/** Whether `--log-format` asks for JSON lines. @throws UsageError */
export function logFormatOption(text: string | undefined): "text" | "json" {
  if (text === undefined || text === "text") return "text";
  if (text === "json") return text;
  throw new UsageError(`--log-format is text or json, got ${text}`, "--log-format json");
}

/** Opens a log of JSON lines in moraine's words; what writes it is loaded only now. */
export async function openLog(
  { redactor }: Pick<OpenConfig, "redactor">,
  options: Pick<JsonLogOptions, "to" | "level" | "maxBytes">,
): Promise<JsonLog> {
  const [{ openJsonLog }, { logLine }, { daemonLogLine }] = await Promise.all([
    import("../../observability/logs/json-log.ts"),
    import("../../tui/words/event.ts"),
    import("../../tui/words/daemon-event.ts"),
  ]);
  return openJsonLog({
    ...options,
    redact: (line) => redactor.redact(line),
    runWords: logLine,
    daemonWords: daemonLogLine,
  });
}

/** Opens the log file of the config's `logs`. @throws an error of the file system when it can't be written */
export async function openConfiguredLog(
  project: Pick<OpenConfig, "projectDir" | "redactor">,
  { file = ".moraine/logs/moraine.log", level, maxMegabytes }: LogsConfig,
): Promise<JsonLog> {
  return openLog(project, {
    to: resolve(project.projectDir, file),
    ...(level === undefined ? {} : { level }),
    ...(maxMegabytes === undefined ? {} : { maxBytes: maxMegabytes * 2 ** 20 }),
  });
}

/** Gives events to several listeners in turn. */
export function tee(...listeners: readonly (EventListener | undefined)[]): EventListener {
  return (event) => {
    for (const listener of listeners) listener?.(event);
  };
}
