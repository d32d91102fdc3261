// The shipped pipeline on Athena's double (Trino over moto's Glue and S3, as in `npm run test:athena`), beside the embedded
// lake: a first load, a day with changes, a day without, more days; then queries with the bytes they scan, before and
// after `lake optimize`, and `lake expire`. Linux. Usage: node bench/athena.mjs [users] [more days]
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { extensions, pythonEnvironment, startAccount, startOrg } from "./support/account.mjs";
import { printTable } from "./support/measure.mjs";
import { inTemporaryFolder, moraine, root } from "./support/places.mjs";
import { ProcessTree } from "./support/process-tree.mjs";
import { stepsOf } from "./support/run-steps.mjs";

const users = Number(process.argv[2] ?? 20_000);
const moreDays = Number(process.argv[3] ?? 6);
const targets = ["aws", "local"];
const keys = ["sf_raw/sf_user", "sf_staging/stg_sf_user", "sf_curated/dim_sf_user_scd"];

const seconds = (value) => value.toFixed(value < 10 ? 1 : 0);
/** Empty where it is not known. */
const megabytes = (bytes) => (Number.isNaN(bytes) ? "" : (bytes / 1e6).toFixed(bytes < 1e6 ? 2 : 1));
const count = (value) => value.toLocaleString("en");

await inTemporaryFolder(async (project) => {
  const account = await startAccount();
  const tree = new ProcessTree([
    ["Trino", "io.trino.server.TrinoServer"],
    ["moto", "moto_server.py"],
    ["org", "sandbox serve"],
    ["dbt", "worker.py"],
    ["moraine", moraine],
  ]);
  try {
    for (const path of ["moraine.config.ts", "assets", "schedules", "dbt"])
      cpSync(join(root, path), join(project, path), { recursive: true });
    mkdirSync(join(project, ".moraine"));
    symlinkSync(await pythonEnvironment(), join(project, ".moraine/venv"));
    symlinkSync(await extensions(), join(project, ".moraine/extensions"));
    const seeded = await tree.measure(() => startOrg(project, users));
    console.error(`an org of ${count(users)} users made in ${seconds(seeded.wall)} s`);
    try {
      await measureAll({ project, account, tree, org: seeded.value });
    } finally {
      await seeded.value.close();
    }
  } finally {
    await account.close();
  }
});

async function measureAll({ project, account, tree, org }) {
  const env = { ...process.env, MORAINE_SALESFORCE_URL: org.url, MORAINE_ATHENA_WORKGROUP: "primary" };
  const run = (target, ...args) =>
    tree.measure(async () => {
      const command = [moraine, ...args, "--json", "--target", target];
      const options = { cwd: project, env, maxBuffer: 1 << 30 };
      const { stdout } = await promisify(execFile)(process.execPath, command, options);
      console.error(`${target}: ${args.slice(0, 2).join(" ").slice(0, 70)}`);
      return stdout;
    });
  /** Both targets, one after the other. */
  const both = async (...args) => {
    const measured = {};
    for (const target of targets) measured[target] = await run(target, ...args);
    return measured;
  };

  const runs = { "first load": await both("materialize") };
  const steps = await stepsOf(runs["first load"], account.control);
  const changed = await org.advance();
  runs["a day with changes"] = await both("materialize");
  const stepsOfDay = await stepsOf(runs["a day with changes"], account.control);
  runs["nothing changed"] = await both("materialize");
  for (let day = 0; day < moreDays; day++) {
    await org.advance();
    runs["the last day"] = await both("materialize");
  }
  printRuns(runs, changed);
  printSteps(steps, stepsOfDay);

  const tables = async () => {
    const found = {};
    for (const target of targets) found[target] = JSON.parse((await run(target, "lake")).value);
    return found;
  };
  const before = { tables: await tables(), queries: await askAll({ run, account }) };
  const optimized = await both("lake", "optimize");
  const after = { tables: await tables(), queries: await askAll({ run, account }) };
  const expired = await both("lake", "expire", "--older-than", "0h");
  printFiles(before.tables, after.tables, { optimized, expired });
  printQueries(before.queries, after.queries);
}

/** Queries of people who use the tables; `SELECT` for raw log and dimension. Each asked twice, the second time counts. */
async function askAll({ run, account }) {
  const [{ user_id: someone, day }] = JSON.parse(
    (
      await run(
        "local",
        "query",
        `SELECT user_id, CAST(CAST(max(recorded_at) OVER () AS DATE) AS VARCHAR) AS day
         FROM sf_curated.dim_sf_user_scd ORDER BY valid_from DESC LIMIT 1`,
      )
    ).value,
  );
  const dimension = "FROM sf_curated.dim_sf_user_scd";
  const works = {
    "log: users by division": `SELECT division, count(DISTINCT id) AS users FROM sf_raw.sf_user GROUP BY division ORDER BY division`,
    "log: the same of one day": `SELECT division, count(DISTINCT id) AS users FROM sf_raw.sf_user
      WHERE extracted_at >= TIMESTAMP '${day} 00:00:00' GROUP BY division ORDER BY division`,
    "log: every version of one user": `SELECT * FROM sf_raw.sf_user WHERE id = '${someone}' ORDER BY system_modstamp`,
    "dimension: current users by division": `SELECT division, count(*) AS users ${dimension} WHERE is_current AND NOT is_deleted GROUP BY division ORDER BY division`,
    "dimension: phases as of a day": `SELECT audit_phase, count(*) AS users ${dimension} WHERE valid_from <= TIMESTAMP '${day} 00:00:00'
      AND (valid_to > TIMESTAMP '${day} 00:00:00' OR valid_to IS NULL) GROUP BY audit_phase ORDER BY audit_phase`,
    "dimension: history of one user": `SELECT * ${dimension} WHERE user_id = '${someone}' ORDER BY valid_from`,
  };
  const asked = {};
  for (const [name, sql] of Object.entries(works)) {
    const answers = {};
    for (const target of [...targets, ...targets]) {
      const { wall, value } = await run(target, "query", sql, "--limit", "100");
      const rows = JSON.parse(value);
      if (rows.length === 0) throw new Error(`expected rows of ${sql}, got none from ${target}`);
      asked[name] = { ...asked[name], [target]: wall };
      answers[target] = JSON.stringify(rows.map(comparable));
    }
    if (answers.aws !== answers.local) throw new Error(`expected the same answer of both lakes to ${sql}`);
    const execution = (await account.control.executions()).findLast(({ query }) => query === sql);
    asked[name].scanned = execution.scannedBytes;
    asked[name].engine = (execution.completedAt - execution.submittedAt) / 1000;
  }
  return asked;
}

/** Each lake was loaded at moments of its own, by loads of its own. */
function comparable(row) {
  return { ...row, load_id: undefined, extracted_at: undefined, recorded_at: undefined };
}

function printRuns(runs, changed) {
  const { days: _days, now: _now, ...happened } = changed;
  const changes = Object.values(happened).reduce((sum, number) => sum + number, 0);
  const rows = Object.entries(runs).flatMap(([name, measured]) =>
    targets.map((target) => {
      const { wall, cpu, peakMb } = measured[target];
      const cells = ["moraine", "dbt", "Trino", "moto", "bench", "org"].map((role) => cpu[role] ?? 0);
      const ratio = target === "aws" ? (wall / measured.local.wall).toFixed(1) : "";
      return [name, target, seconds(wall), ratio, ...cells.map(seconds), (peakMb.moraine ?? 0).toFixed(0)];
    }),
  );
  printTable(
    `The shipped pipeline on Athena's double, ${count(users)} users; ${count(changes)} changes on the first day, ${moreDays} more days`,
    [
      "run",
      "target",
      "wall s",
      "times local",
      "CPU s: moraine",
      "dbt",
      "Trino",
      "moto",
      "gateway",
      "org",
      "moraine: MB resident",
    ],
    rows,
  );
}

function printSteps(first, day) {
  printTable(
    "Where the time goes, s",
    ["step", "first load: aws", "local", "a day with changes: aws", "local"],
    Object.keys(first.aws).map((name) => [
      name,
      ...[first, day].flatMap((steps) =>
        targets.map((target) => (steps[target][name] === undefined ? "" : seconds(steps[target][name]))),
      ),
    ]),
  );
}

function printFiles(before, after, { optimized, expired }) {
  const rows = keys.flatMap((key) =>
    targets.map((target) => {
      const summary = (tables) => tables[target].find((table) => table.key === key).snapshot.summary;
      const files = (tables) =>
        `${summary(tables)["total-data-files"]} + ${summary(tables)["total-delete-files"] ?? 0}`;
      const bytes = (tables) => megabytes(Number(summary(tables)["total-files-size"]));
      const gone = JSON.parse(expired[target].value).find((table) => table.key === key);
      return [
        key,
        target,
        files(before),
        bytes(before),
        files(after),
        bytes(after),
        gone.snapshotsRemoved,
        gone.filesRemoved,
        megabytes(gone.bytesFreed),
      ];
    }),
  );
  const times = targets.map(
    (target) => `${target}: ${seconds(optimized[target].wall)} s and ${seconds(expired[target].wall)} s`,
  );
  printTable(
    `\`lake optimize\` and \`lake expire --older-than 0h\`, all three tables (${times.join("; ")}); files are data + delete files`,
    [
      "table",
      "target",
      "files",
      "MB",
      "files after",
      "MB after",
      "snapshots expired",
      "files removed",
      "MB freed",
    ],
    rows,
  );
}

function printQueries(before, after) {
  printTable(
    "Queries; seconds are those of the whole command, of the query alone in brackets",
    ["query", "MB scanned", "after optimize", "aws s", "after optimize", "local s", "after optimize"],
    Object.keys(before).map((name) => [
      name,
      megabytes(before[name].scanned),
      megabytes(after[name].scanned),
      ...[before, after].map((asked) => `${asked[name].aws.toFixed(1)} (${asked[name].engine.toFixed(1)})`),
      ...[before, after].map((asked) => asked[name].local.toFixed(1)),
    ]),
  );
}
