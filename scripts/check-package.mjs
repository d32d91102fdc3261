// What a user gets: packs the package, lints the tarball, installs it into an empty project, and uses it there.
// Usage: node scripts/check-package.mjs [tarball of another state, to measure that alone]
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const mostMegabytes = 170;
const mostPackages = 90;

const root = fileURLToPath(new URL("../", import.meta.url));
const bin = join(root, "node_modules/.bin");
const folder = mkdtempSync(join(tmpdir(), "moraine-package-"));
const project = join(folder, "project");

function run(command, args, cwd = project) {
  try {
    return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    throw new Error(`${command} ${args.join(" ")} failed:\n${error.stdout}${error.stderr}`, { cause: error });
  }
}

function expect(claim, holds) {
  if (!holds) throw new Error(`expected that ${claim}`);
  console.log(`ok    ${claim}`);
}

function pack() {
  const [{ filename }] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", folder], root));
  return join(folder, filename);
}

/** Installed packages, and what their files take on the disk. */
function installed() {
  const lock = JSON.parse(readFileSync(join(project, "node_modules/.package-lock.json"), "utf8"));
  const files = readdirSync(join(project, "node_modules"), { recursive: true, withFileTypes: true });
  const bytes = files
    .filter((file) => file.isFile())
    .reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).blocks * 512, 0);
  return { packages: Object.keys(lock.packages).length, megabytes: bytes / 1e6 };
}

function measure(tarball) {
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }\n');
  run("npm", ["install", "--no-audit", "--no-fund", tarball]);
  const { packages, megabytes } = installed();
  const packed = (statSync(tarball).size / 1e6).toFixed(1);
  const listed = run("tar", ["-tzf", tarball]).trim().split("\n");
  console.log(
    `tarball ${packed} MB, ${listed.length} files; installed ${megabytes.toFixed(0)} MB, ${packages} packages`,
  );
  return { packages, megabytes, listed };
}

const config = `import { defineAsset, defineConfig, type MaterializeContext } from "moraine";

const columns = { id: { type: "long" }, age: { type: "long" } } as const;

async function write({ lakehouse, key, signal }: MaterializeContext, rows: string): Promise<void> {
  await lakehouse.ensureTable({ key, columns, partitionBy: [], properties: {} });
  const insert = \`INSERT INTO \${lakehouse.tableName(key)} \${rows}\`;
  for await (const _ of (await lakehouse.query(insert, { readOnly: false, signal })).rows);
}

const users = defineAsset({
  key: "raw/users",
  materialize: (context) => write(context, "VALUES (1, 40), (2, 7)"),
});
const adults = defineAsset({
  key: "mart/adults",
  deps: { users },
  materialize: (context) => write(context, \`SELECT id, age FROM \${context.inputs.users.sql} WHERE age >= 18\`),
});

export default defineConfig({ name: "tiny", assets: [users, adults] });
`;

const compilerOptions = {
  target: "es2023",
  module: "nodenext",
  strict: true,
  skipLibCheck: false,
  noEmit: true,
  types: ["node"],
  typeRoots: [join(root, "node_modules/@types")],
};

function useIt() {
  writeFileSync(join(project, "moraine.config.ts"), config);
  writeFileSync(
    join(project, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: ["moraine.config.ts"] }),
  );
  const moraine = (...args) => run("npx", ["moraine", ...args]);
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  expect("`moraine --version` names the version", moraine("--version").trim() === version);
  run(join(bin, "tsc"), ["-p", "."]);
  expect("a project compiles under strict with the types checked", true);
  const outcomes = () =>
    Object.values(JSON.parse(moraine("materialize", "--json").trim().split("\n").at(-1)).outcomes);
  expect("a first run materializes tables", outcomes().join() === "materialized,materialized");
  expect("a project without dbt makes no Python environment", !existsSync(join(project, ".moraine/venv")));
  expect("a second run finds them fresh", outcomes().join() === "fresh,fresh");
  const rows = JSON.parse(moraine("query", "--json", "SELECT id FROM mart.adults"));
  expect("the table has its row", rows.length === 1);
  expect("`moraine list` lists both", JSON.parse(moraine("list", "--json")).length === 2);
  moraine("demo", "--users", "50", "--plain", "--project", "node_modules/moraine");
  expect("the shipped pipeline runs as the package holds it", true);
}

try {
  const [other] = process.argv.slice(2);
  if (other === undefined) {
    const tarball = pack();
    run(join(bin, "publint"), ["run", "--strict", tarball], folder);
    expect("publint finds nothing", true);
    run(join(bin, "attw"), ["--profile", "esm-only", tarball], folder);
    expect("attw finds nothing", true);
    const { packages, megabytes, listed } = measure(tarball);
    expect(
      "the tarball holds the notices and no source map",
      listed.includes("package/dist/THIRD-PARTY-NOTICES.txt") &&
        !listed.some((file) => file.endsWith(".map")),
    );
    expect(`at most ${mostPackages} packages are installed`, packages <= mostPackages);
    expect(`at most ${mostMegabytes} MB are installed`, megabytes <= mostMegabytes);
    useIt();
  } else measure(resolve(other));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
