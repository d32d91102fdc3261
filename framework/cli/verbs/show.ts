import { trimCauses } from "../../staleness/compute-statuses.ts";
import { computeFreshness, type Freshness } from "../../staleness/freshness.ts";
import { causeChain } from "../../tui/words/cause.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { deadlineText, freshnessText, policyText } from "../../tui/words/freshness.ts";
import { metadataSummary } from "../../tui/words/metadata.ts";
import { formatDuration } from "../../tui/words/numbers.ts";
import type { Asset } from "../../definition/asset.ts";
import type { AssetKey } from "../../definition/asset-key.ts";
import type { Paint } from "../../tui/words/paint.ts";
import { instantText } from "../../tui/words/instant.ts";
import { print, printJson } from "../output/print.ts";
import { lookOf, tableWidth } from "../output/terminal.ts";
import type { OpenProject } from "../project/open-project.ts";
import type { VerbContext } from "../run-verb.ts";
import { checkFacts, checkHistoryLines, checkLines } from "./show-checks.ts";
import { partitionLines } from "./show-partitions.ts";
import { readStatuses, selectOne } from "./statuses.ts";

interface ShowOptions {
  readonly why?: boolean;
  readonly history?: number;
  readonly checks?: boolean;
  readonly schema?: boolean;
  readonly snapshots?: boolean;
  readonly partitions?: boolean;
}

/** `moraine show`. */
export async function show(
  context: VerbContext,
  [text = ""]: readonly string[],
  options: ShowOptions,
): Promise<number> {
  const project = await context.openProject();
  const key = selectOne(project, text);
  const facts = await readFacts(project, key, options.history);
  if (context.options.json === true) {
    printJson(facts);
    return 0;
  }
  const only =
    options.why === true
      ? "why"
      : options.checks === true
        ? "checks"
        : options.schema === true
          ? "schema"
          : options.snapshots === true
            ? "snapshots"
            : options.partitions === true
              ? "partitions"
              : undefined;
  const width = tableWidth();
  const look = lookOf(context.options);
  const { signs, paint } = look;
  const section = (name: string, lines: readonly string[]) =>
    lines.length === 0
      ? []
      : only === undefined
        ? ["", paint.bold(name), ...lines.map((line) => `  ${line}`)]
        : lines;
  const sections = {
    why: section("why", causeChain(facts.causes)),
    partitions: section(
      "partitions",
      partitionLines(facts.partitions ?? [], look, { width: width - 2, all: only === "partitions" }),
    ),
    history: section(
      "history",
      filledTable(
        [
          { title: "when" },
          { title: "run" },
          { title: "result" },
          { title: "time", align: "right" },
          { title: "version", cut: "middle" },
        ],
        facts.history.map((record) => [
          instantText(record.finishedAt),
          record.partition === "" ? record.runId : `${record.runId} ${record.partition}`,
          metadataSummary(record.metadata) + (record.madeAt === record.finishedAt ? "" : ", rolled back"),
          formatDuration(record.durationMs),
          record.dataVersion ?? "",
        ]),
        { width: width - 2 },
      ),
    ),
    checks: section(
      "checks",
      facts.checks.length === 0
        ? []
        : only === "checks"
          ? checkHistoryLines(facts.checks, look, width)
          : checkLines(facts.checks, look, width - 2),
    ),
    schema: section(
      "columns",
      filledTable(
        [{ title: "column" }, { title: "type" }, { title: "" }],
        facts.columns.map((column) => [column.name, column.type ?? "", column.description ?? ""]),
        { width: width - 2 },
      ),
    ),
    snapshots: section(
      "snapshots",
      filledTable(
        [
          { title: "snapshot" },
          { title: "committed" },
          { title: "operation" },
          { title: "rows", align: "right" },
        ],
        facts.snapshots.map((snapshot) => [
          snapshot.id,
          instantText(snapshot.committedAt),
          snapshot.operation,
          snapshot.totalRecords ?? "",
        ]),
        { width: width - 2 },
      ),
    ),
  };
  if (only !== undefined) {
    const none = only === "why" ? `${key} is ${facts.status}` : `${key} has no ${emptyNames[only] ?? only}`;
    print(...(sections[only].length === 0 ? [none] : sections[only]));
    return 0;
  }
  print(
    `${paint.as(facts.status, `${signs.sign[facts.status]} ${key}`)}  ${facts.status}  ${[facts.kind, facts.group, ...facts.owners].filter(Boolean).join(", ")}`,
    ...(facts.description === null ? [] : [facts.description]),
    ...freshnessLines(project.graph.asset(key), facts.freshness, paint),
    ...(facts.deps.length === 0 ? [] : [`reads ${facts.deps.join(", ")}`]),
    ...Object.values(sections).flat(),
  );
  return 0;
}

function freshnessLines(
  { freshness: policy }: Asset,
  freshness: Freshness | null,
  paint: Paint,
): readonly string[] {
  if (policy === undefined || freshness === null) return [];
  const now = Date.now();
  const word = freshnessText(freshness, now);
  const shown = freshness.state === "overdue" ? paint.as("overdue", word) : word;
  return [`${shown}, ${deadlineText(freshness, now)}: ${policyText(policy)}`];
}

/** Everything known of one asset; also the shape of `show --json`. */
async function readFacts(project: OpenProject, key: AssetKey, historyLength: number | undefined) {
  const { graph, store, lakehouse } = project;
  const asset = graph.asset(key);
  const statuses = await readStatuses(project, { asked: false });
  const { partitions } = statuses.get(key) ?? {};
  const made = partitions === undefined ? undefined : store.latestByPartition().get(key);
  return {
    key,
    kind: asset.assetKind,
    group: asset.group ?? null,
    owners: asset.owners,
    tags: asset.tags,
    description: asset.description ?? null,
    deps: graph.upstreams(key),
    downstreams: graph.downstreams(key),
    codeVersion: asset.codeVersion(),
    status: statuses.get(key)?.status ?? "missing",
    causes: trimCauses(statuses.get(key)?.causes ?? []),
    freshness: computeFreshness(graph, store, new Date()).get(key) ?? null,
    /** Null for an asset without partitions. */
    partitions:
      partitions === undefined
        ? null
        : [...partitions].map(([partition, { causes, ...status }]) => ({
            key: partition,
            ...status,
            causes: trimCauses(causes),
            lastMaterialization: made?.get(partition)?.finishedAt ?? null,
          })),
    history: store.materializations(key, historyLength ?? 5).map((record) => ({
      ...record,
      durationMs: Date.parse(record.finishedAt) - Date.parse(record.startedAt),
    })),
    checks: checkFacts(project, key, historyLength),
    columns: Object.entries(asset.table?.columns ?? asset.declaredColumns ?? {}).map(([name, column]) => ({
      name,
      ...column,
    })),
    snapshots: (await lakehouse.history(key)).map((snapshot) => ({
      id: snapshot.id,
      committedAt: snapshot.committedAt.toISOString(),
      operation: snapshot.operation,
      totalRecords: snapshot.summary["total-records"] ?? null,
    })),
  };
}

/** What a section holds where its name does not say. */
const emptyNames: Readonly<Partial<Record<string, string>>> = { schema: "columns" };

/** A table, or nothing without rows: a heading over nothing says less than no section. */
function filledTable(...[columns, rows, options]: Parameters<typeof tableLines>): readonly string[] {
  return rows.length === 0 ? [] : tableLines(columns, rows, options);
}
