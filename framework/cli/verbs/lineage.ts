import type { AssetKey } from "../../definition/asset-key.ts";
import { withinHops } from "../../graph/within-hops.ts";
import { laneOrder, laneRows } from "../../tui/lineage/lane-layout.ts";
import { laneText, lanesWidth } from "../../tui/lineage/lane-text.ts";
import { padEnd } from "../../tui/words/width.ts";
import { upkeepKind } from "../../upkeep/define-upkeep.ts";
import type { GlobalOptions } from "../options.ts";
import { print, printJson } from "../output/print.ts";
import { lookOf } from "../output/terminal.ts";
import type { OpenProject } from "../project/open-project.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";
import { select } from "./statuses.ts";

interface LineageOptions {
  readonly up?: number;
  readonly down?: number;
  readonly recorded?: string;
  readonly format?: string;
}

/** The lineage as nodes and edges; also the shape of `lineage --json`. `external` nodes are what assets read from outside. */
interface Lineage {
  readonly nodes: readonly { readonly key: string; readonly kind: string; readonly external: boolean }[];
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly dataVersion?: string | null;
  }[];
}

/** `moraine lineage`. */
export async function lineage(
  context: VerbContext,
  terms: readonly string[],
  options: LineageOptions,
): Promise<number> {
  const project = await context.openProject();
  const focus = await select(project, terms, { asked: false });
  if (options.format === "openlineage") {
    const { printOpenLineage } = await import("../openlineage/print-events.ts");
    return printOpenLineage(project, { run: options.recorded, keys: terms.length === 0 ? undefined : focus });
  }
  const keys = reach(project, focus, options);
  const found =
    options.recorded === undefined
      ? declaredLineage(project, keys)
      : recorded(project, keys, options.recorded);
  const format = context.options.json === true ? "json" : (options.format ?? "lanes");
  switch (format) {
    case "json":
      printJson(found);
      return 0;
    case "mermaid":
      print(...mermaid(found));
      return 0;
    case "dot":
      print(...dot(found));
      return 0;
    case "lanes":
      print(...lineageLines(found, terms.length === 0 ? [] : focus, context.options));
      return 0;
    default:
      throw new UsageError(`--format is lanes, dot, mermaid, openlineage or json, got ${format}`);
  }
}

/** The focus with everything within the asked hops, in topological order. */
function reach(
  project: OpenProject,
  focus: readonly AssetKey[],
  { up = Infinity, down = Infinity }: LineageOptions,
): readonly AssetKey[] {
  const { graph } = project;
  const above = withinHops(focus, up, (key) => graph.upstreams(key));
  const below = withinHops(focus, down, (key) => graph.downstreams(key));
  const reached = new Set([...above, ...below]);
  return graph.keys.filter((key) => reached.has(key));
}

/** The edges that the definitions declare, with the systems outside that assets are refreshed from. */
export function declaredLineage({ graph }: OpenProject, keys: readonly AssetKey[]): Lineage {
  const shown = new Set(keys);
  const outside = keys.flatMap((key) => {
    const asset = graph.asset(key);
    // An asset that is refreshed reads the world outside the graph: its connection, or what its kind names.
    return asset.refresh === undefined || asset.assetKind === upkeepKind
      ? []
      : [{ from: asset.connection?.system ?? asset.assetKind, to: key }];
  });
  return {
    nodes: [
      ...[...new Set(outside.map((edge) => edge.from))].map((key) => ({ key, kind: key, external: true })),
      ...keys.map((key) => ({ key, kind: graph.asset(key).assetKind, external: false })),
    ],
    edges: [
      ...outside,
      ...keys.flatMap((to) =>
        graph
          .upstreams(to)
          .filter((from) => shown.has(from))
          .map((from) => ({ from, to })),
      ),
    ],
  };
}

function recorded({ graph, store }: OpenProject, keys: readonly AssetKey[], id: string): Lineage {
  const run = store.run(id);
  if (run === undefined) throw new UsageError(`no run ${id}`, "moraine runs");
  const edges = keys.flatMap((key) => {
    const record = store.materializations(key).find((candidate) => candidate.runId === run.id);
    return (record?.upstreams ?? []).map((edge) => ({
      from: edge.upstream,
      to: key,
      dataVersion: edge.dataVersion ?? null,
    }));
  });
  const named = [...new Set(edges.flatMap((edge) => [edge.from, edge.to]))];
  return {
    nodes: named.map((key) => ({
      key,
      kind: graph.has(key) ? graph.asset(key).assetKind : "unknown",
      external: false,
    })),
    edges,
  };
}

function mermaid({ nodes, edges }: Lineage): readonly string[] {
  const ids = new Map(nodes.map((node, index) => [node.key, `n${index}`]));
  return [
    "graph LR",
    ...nodes.map(({ key, external }) =>
      external ? `  ${ids.get(key)}(["${title(key)}"])` : `  ${ids.get(key)}["${key}"]`,
    ),
    ...edges.map((edge) => `  ${ids.get(edge.from)} --> ${ids.get(edge.to)}`),
  ];
}

function dot({ nodes, edges }: Lineage): readonly string[] {
  const quote = (text: string) => JSON.stringify(text);
  return [
    "digraph lineage {",
    "  rankdir=LR;",
    ...nodes.map(
      ({ key, external }) =>
        `  ${quote(external ? title(key) : key)} [shape=${external ? "ellipse" : "box"}];`,
    ),
    ...edges.map(
      ({ from, to }) =>
        `  ${quote(nodes.some((node) => node.external && node.key === from) ? title(from) : from)} -> ${quote(to)};`,
    ),
    "}",
  ];
}

/** One asset per row with a lane for each upstream that is still to be read, upstream first. */
export function lineageLines(
  { nodes, edges }: Lineage,
  focus: readonly string[],
  options: GlobalOptions,
): readonly string[] {
  const { signs, paint } = lookOf(options);
  const rows = laneRows(
    laneOrder(
      nodes.map(({ key }) => ({
        key,
        upstreams: edges.filter((edge) => edge.to === key).map((edge) => edge.from),
      })),
    ),
  );
  const outside = new Set(nodes.flatMap(({ key, external }) => (external ? [key] : [])));
  const nameOf = (key: string) => (outside.has(key) ? title(key) : key);
  const versionOf = (from: string, to: string) => {
    const version = edges.find((edge) => edge.from === from && edge.to === to)?.dataVersion;
    return version === undefined || version === null ? "" : ` at ${version}`;
  };
  const width = lanesWidth(rows);
  return rows.map((row) => {
    const name = nameOf(row.key);
    const reads = row.upstreams
      .map((upstream) => `${nameOf(upstream)}${versionOf(upstream, row.key)}`)
      .join(", ");
    const shown = focus.includes(row.key) ? paint.bold(name) : name;
    const line = `${padEnd(laneText(row, signs), width)}  ${shown}`;
    return reads === "" ? line : `${line}  ${paint.dim(`reads ${reads}`)}`;
  });
}

/** `salesforce` -> `Salesforce`: the name of a system outside. */
function title(kind: string): string {
  return kind.charAt(0).toUpperCase() + kind.slice(1);
}
