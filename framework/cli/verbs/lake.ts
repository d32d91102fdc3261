import { randomBytes } from "node:crypto";
import type { AssetKey } from "../../definition/asset-key.ts";
import type { TableSummary } from "../../lakehouse/lakehouse.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { formatBytes, formatCount } from "../../tui/words/numbers.ts";
import { instantText } from "../../tui/words/instant.ts";
import { expiredText, optimizedText } from "../../upkeep/upkeep-text.ts";
import { parseAge } from "../age.ts";
import { exitCode } from "../exit-code.ts";
import { print, printJson, say } from "../output/print.ts";
import { tableWidth } from "../output/terminal.ts";
import { embeddedDir } from "../project/open-lakehouse.ts";
import type { OpenConfig, OpenProject } from "../project/open-project.ts";
import { untilStopped, type VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";
import { select } from "./statuses.ts";

interface LakeOptions {
  readonly port?: number;
  readonly token?: string;
  readonly olderThan?: string;
}

/** `moraine lake`. */
export async function lake(
  context: VerbContext,
  [action = "tables", ...terms]: readonly string[],
  options: LakeOptions,
): Promise<number> {
  switch (action) {
    case "tables":
      return tables(context, await context.openConfig());
    case "serve":
      return serve(context, await context.openConfig(), options);
    case "optimize":
      return optimize(context, await context.openProject(), terms);
    case "expire":
      return expire(
        context,
        await context.openProject(),
        terms,
        parseAge(options.olderThan ?? "7d", "--older-than"),
      );
    default:
      throw new UsageError(
        `no action ${action}; expected tables, serve, optimize or expire`,
        "moraine lake --help",
      );
  }
}

async function tables(context: VerbContext, project: OpenConfig): Promise<number> {
  const found = await project.lakehouse.tables();
  if (context.options.json === true) {
    printJson(
      found.map((table) => ({ ...table, rows: table.rows ?? null, snapshot: table.snapshot ?? null })),
    );
    return exitCode.done;
  }
  print(
    ...tableLines(
      [
        { title: "table" },
        { title: "rows", align: "right" },
        { title: "files", align: "right" },
        { title: "deletes", align: "right" },
        { title: "committed" },
        { title: "snapshot" },
        { title: "location", cut: "middle" },
      ],
      found.map((table) => [
        table.key,
        table.rows === undefined ? "" : formatCount(table.rows),
        countIn(table, "total-data-files"),
        countIn(table, "total-delete-files"),
        table.snapshot === undefined ? "" : instantText(table.snapshot.committedAt),
        table.snapshot?.id ?? "",
        table.location,
      ]),
      { width: tableWidth() },
    ),
  );
  return exitCode.done;
}

/** A total of Iceberg's, where whoever wrote last keeps it. */
function countIn({ snapshot }: TableSummary, total: string): string {
  const count = snapshot?.summary[total];
  return count === undefined ? "" : formatCount(Number(count));
}

async function serve(context: VerbContext, project: OpenConfig, options: LakeOptions): Promise<number> {
  const { lakehouse } = project.target;
  if (lakehouse.type !== "embedded") {
    throw new UsageError(
      `the target ${project.targetName} has a catalog of its own; there is nothing to serve`,
      "moraine lake serve --target local",
    );
  }
  const token = options.token ?? randomBytes(24).toString("base64url");
  const { startCatalog } = await import("../../lakehouse/catalog/start-catalog.ts");
  const catalog = await startCatalog({
    dir: embeddedDir(project, lakehouse),
    port: options.port ?? 0,
    token,
  });
  if (context.options.json === true) print(JSON.stringify({ url: catalog.url, token }));
  else {
    print(
      `Iceberg REST catalog at ${catalog.url}`,
      ...(options.token === undefined ? [`token ${token}`] : []),
    );
    say("Ctrl-C or SIGTERM stops it.");
  }
  await untilStopped(context.signal);
  await catalog.close();
  return exitCode.done;
}

async function optimize(
  context: VerbContext,
  project: OpenProject,
  terms: readonly string[],
): Promise<number> {
  return forEachTable(context, project, terms, async (key) => {
    const result = await project.lakehouse.optimize(key, context.signal);
    const { bytesBefore = null, bytesAfter = null } = result;
    const sizes =
      bytesBefore === null || bytesAfter === null || bytesBefore === bytesAfter
        ? ""
        : `, ${formatBytes(bytesBefore)} became ${formatBytes(bytesAfter)}`;
    return { document: { ...result, bytesBefore, bytesAfter }, text: optimizedText(result) + sizes };
  });
}

async function expire(
  context: VerbContext,
  project: OpenProject,
  terms: readonly string[],
  olderThanMs: number,
): Promise<number> {
  return forEachTable(context, project, terms, async (key) => {
    const result = await project.lakehouse.expire(key, { olderThanMs, signal: context.signal });
    return { document: result, text: `${expiredText(result)}, ${formatBytes(result.bytesFreed)} freed` };
  });
}

/** Works on the tables of the selected assets that are there, one after the other, and says of each what was done. */
async function forEachTable(
  context: VerbContext,
  project: OpenProject,
  terms: readonly string[],
  work: (key: AssetKey) => Promise<{ readonly document: object; readonly text: string }>,
): Promise<number> {
  const results: object[] = [];
  for (const key of await select(project, terms, { asked: false })) {
    if (!(await project.lakehouse.exists(key))) continue;
    const { document, text } = await work(key);
    results.push({ key, ...document });
    if (context.options.json !== true) print(`${key}: ${text}`);
  }
  if (context.options.json === true) printJson(results);
  return exitCode.done;
}
