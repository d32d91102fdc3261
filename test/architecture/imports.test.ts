import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const framework = resolve(import.meta.dirname, "../../framework");

/** Rooms that each room may import from, beside itself, `event` and `util`. Higher rooms are named further down. */
const below: Readonly<Record<string, readonly string[]>> = {
  util: [],
  event: [],
  definition: [],
  secrets: ["definition"],
  lakehouse: ["definition"],
  salesforce: ["secrets"],
  sandbox: [],
  graph: ["definition"],
  store: ["definition"],
  staleness: ["definition", "graph", "store", "lakehouse"],
  dbt: ["definition", "lakehouse"],
  dbthub: ["definition", "lakehouse", "salesforce", "secrets"],
  materializer: ["definition", "graph", "staleness", "store", "lakehouse"],
  upkeep: ["definition", "lakehouse"],
  automation: ["definition", "graph", "staleness", "store"],
  scheduler: ["definition", "graph", "staleness", "store", "automation", "materializer"],
  observability: ["definition", "graph", "staleness", "store", "scheduler"],
  tui: ["definition", "graph", "staleness", "store", "automation"],
  cli: ["*"],
  index: ["*"],
};

/**
 * Arrows that go up, as types only, so nothing of them is left at run time: a body's context names the lake and the
 * secrets that it is handed, and words and screens show schedules as the daemon sees them.
 */
const typeOnlyArrows = new Set([
  "definition -> lakehouse",
  "definition -> secrets",
  "observability -> secrets",
  "tui -> scheduler",
]);

/** The room that may import an outside package; what is not here may be imported anywhere. */
const roomOfPackage: Readonly<Record<string, readonly string[]>> = {
  "better-sqlite3": ["store", "lakehouse", "sandbox"],
  "p-queue": ["materializer"],
  graphology: ["graph"],
  "graphology-dag": ["graph"],
  ink: ["tui"],
  react: ["tui"],
  "@duckdb/node-api": ["lakehouse"],
  "@aws-sdk/client-athena": ["lakehouse"],
  "@aws-sdk/client-glue": ["lakehouse"],
  "@aws-sdk/client-s3": ["lakehouse"],
  "@aws-sdk/lib-storage": ["lakehouse"],
  "@aws-sdk/client-secrets-manager": ["secrets"],
  "@aws-sdk/client-sns": ["observability"],
  "@jetstreamapp/soql-parser-js": ["sandbox"],
  commander: ["cli"],
  nodemailer: ["observability"],
  croner: ["util"],
  jsforce: ["salesforce"],
  esbuild: ["cli"],
  fflate: ["lakehouse"],
  undici: ["util"],
  "prom-client": ["observability"],
  pino: ["observability"],
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isTypeOnly: boolean;
  readonly isLazy: boolean;
}

function sourceFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, "utf8");
  const found: Import[] = [];
  const statements =
    /^(?:import|export)\s+(type\s+)?[^"';]*?\bfrom\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm;
  for (const [whole, type, named, bare, lazy] of text.matchAll(statements)) {
    const onlyTypes =
      type !== undefined || /^import\s*\{(\s*type\s+[\w$]+(\s+as\s+[\w$]+)?\s*,?)+\s*\}/.test(whole);
    found.push({
      from: file,
      to: named ?? bare ?? lazy ?? "",
      isTypeOnly: onlyTypes,
      isLazy: lazy !== undefined,
    });
  }
  return found;
}

function roomOf(file: string): string {
  const [first = ""] = relative(framework, file).split("/");
  return first.replace(/\.ts$/, "");
}

const imports = sourceFiles(framework).flatMap(importsOf);
const inside = imports
  .filter(({ to }) => to.startsWith("."))
  .map((found) => ({ ...found, to: resolve(dirname(found.from), found.to) }))
  .filter(({ to }) => to.startsWith(framework));

describe("imports", () => {
  it("are found at all", () => {
    expect(inside.length).toBeGreaterThan(100);
  });

  it("follow the arrows between rooms", () => {
    const forbidden = inside.flatMap(({ from, to, isTypeOnly }) => {
      const [room, other] = [roomOf(from), roomOf(to)];
      const allowed = below[room];
      const isAllowed =
        room === other ||
        other === "util" ||
        other === "event" ||
        allowed?.includes("*") === true ||
        allowed?.includes(other) === true ||
        (isTypeOnly && typeOnlyArrows.has(`${room} -> ${other}`));
      return isAllowed ? [] : [`${relative(framework, from)} imports ${relative(framework, to)}`];
    });
    expect(forbidden).toEqual([]);
  });

  it("make no circle between files", () => {
    const edges = new Map<string, string[]>();
    for (const { from, to } of inside) edges.set(from, [...(edges.get(from) ?? []), to]);
    const circles: string[] = [];
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file))
        circles.push(
          [...path.slice(path.indexOf(file)), file].map((step) => relative(framework, step)).join(" -> "),
        );
      else if (!done.has(file)) {
        for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
        done.add(file);
      }
    };
    for (const file of edges.keys()) visit(file, []);
    expect(circles).toEqual([]);
  });

  it("keep each outside package in its room", () => {
    const strays = imports.flatMap(({ from, to }) => {
      const name = to.startsWith("@") ? to.split("/").slice(0, 2).join("/") : (to.split("/")[0] ?? to);
      const rooms = roomOfPackage[name];
      return rooms === undefined || rooms.includes(roomOf(from))
        ? []
        : [`${relative(framework, from)} imports ${to}`];
    });
    expect(strays).toEqual([]);
  });

  it("take an AWS client by names, never whole: an install would carry hundreds of unused commands", () => {
    expect(imports.filter(({ to, isLazy }) => isLazy && to.startsWith("@aws-sdk/"))).toEqual([]);
  });

  it("of the shipped project name nothing but moraine and themselves", () => {
    const project = ["assets", "schedules"].flatMap((folder) =>
      sourceFiles(resolve(framework, "..", folder)).flatMap(importsOf),
    );
    expect(project.length).toBeGreaterThan(2);
    expect(
      project.filter(({ to }) => to !== "moraine" && !to.startsWith("./") && !to.startsWith("node:")),
    ).toEqual([]);
  });
});
