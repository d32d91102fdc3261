import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openEmbeddedLakehouse } from "../../framework/lakehouse/duckdb/embedded-lakehouse.ts";
import { collectRows } from "../../framework/lakehouse/lakehouse.ts";
import { testExtensions } from "../lakehouse/support.ts";
import { DbthubRig } from "./rig.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
// Inside node_modules, so that the bundle finds native modules.
const programs = mkdtempSync(join(root, "node_modules", ".dbthub-test-"));
const yaml = join(root, "assets/sf_user/dbthub.yml");

beforeAll(async () => {
  await build({
    absWorkingDir: root,
    entryPoints: ["test/dbthub/programs/load.ts"],
    outfile: join(programs, "load.mjs"),
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    logLevel: "error",
  });
});
afterAll(() => rmSync(programs, { recursive: true, force: true }));

/** Runs one load in another process; how many steps it took, or undefined when it killed itself. */
async function load(rig: DbthubRig, dir: string, dieAt = 0): Promise<number | undefined> {
  const order = {
    dir,
    yaml,
    extensions: await testExtensions(),
    credentials: rig.sandbox.credentials(),
    dieAt,
  };
  const child = spawn(process.execPath, [join(programs, "load.mjs")], {
    env: { ...process.env, ORDER: JSON.stringify(order) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  const code = await new Promise<number | null>((done) => child.once("close", done));
  if (dieAt === 0 && code !== 0) throw new Error(`expected the load to end well, got code ${code}`);
  return code === 0 ? Number(printed) : undefined;
}

async function content(dir: string): Promise<unknown> {
  const lake = openEmbeddedLakehouse({ dir: join(dir, "lake"), extensionDirectory: testExtensions });
  try {
    const sql = "SELECT * EXCLUDE (load_id, extracted_at) FROM sf_raw.sf_user ORDER BY ALL";
    return await collectRows(await lake.query(sql));
  } finally {
    await lake.close();
  }
}

it("gives the same table after kill -9 at any step, first load and next load, as without", async () => {
  const rig = await DbthubRig.open({ users: 30 });
  const [calm, rough] = ["calm", "rough"].map((name) => join(rig.dir, name)) as [string, string];
  for (const dir of [calm, rough]) mkdirSync(dir);
  const killThenFinish = async (steps: number) => {
    // Spread over the whole load, another place each time the test runs; the last step is behind the commit.
    const shift = Math.floor(Math.random() * (steps / 4));
    let killed = 0;
    for (const share of [0, 1, 2, 3, 4]) {
      const dieAt = Math.min(steps, 1 + shift + Math.floor((share * steps) / 4));
      if ((await load(rig, rough, dieAt)) === undefined) killed += 1;
    }
    // What an earlier try has done may leave a later one fewer steps than it takes to die.
    expect(killed).toBeGreaterThan(2);
    await load(rig, rough);
    expect(await content(rough)).toEqual(await content(calm));
  };

  await killThenFinish((await load(rig, calm)) ?? 0);

  await rig.control("POST", "clock", { now: "2026-01-06T09:00:00Z" });
  const [gone, moved] = (await content(calm)) as { id: string }[];
  await rig.control("DELETE", `records/${gone?.id}`);
  await rig.post({ Id: moved?.id, Division: "Legal" });
  await killThenFinish((await load(rig, calm)) ?? 0);
});
