import { join } from "node:path";
import type { EventListener } from "../../event/event.ts";
import type { JsonLog, JsonLogOptions } from "../../observability/logs/json-log.ts";
import type { OpenConfig } from "../project/open-project.ts";

type Project = Pick<OpenConfig, "config" | "projectDir" | "redactor">;

/** Opens a log of JSON lines in moraine's words; what writes it is loaded only now. */
export async function openLog(
  { redactor }: Pick<Project, "redactor">,
  options: Pick<JsonLogOptions, "to" | "level" | "maxBytes">,
): Promise<JsonLog> {
  const [{ openJsonLog }, { logLine }] = await Promise.all([
    import("../../observability/logs/json-log.ts"),
    import("../../tui/words/event.ts"),
  ]);
  return openJsonLog({ ...options, redact: (line) => redactor.redact(line), runWords: logLine });
}

/** The log file of the config's `logs`; undefined when it names none. */
export async function openConfiguredLog(project: Project): Promise<JsonLog | undefined> {
  const { logs } = project.config;
  if (logs === undefined) return undefined;
  const { file = ".moraine/logs/moraine.log", level, maxMegabytes } = logs;
  return openLog(project, {
    to: join(project.projectDir, file),
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
