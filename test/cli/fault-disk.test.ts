import { execFileSync } from "node:child_process";
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished, type TestContext } from "vitest";
import { dimension, FaultyPipeline, raw } from "../support/faulty-pipeline.ts";
import { temporaryDirectory } from "../support/rig.ts";

const pipeline = new FaultyPipeline();

/** Puts a folder of the project on a small disk of its own, where this machine lets us. */
function onSmallDisk(context: TestContext, folder: string, size: string): void {
  const aside = temporaryDirectory();
  cpSync(folder, aside, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder], { stdio: "pipe" });
  } catch {
    context.skip("needs the right to mount a small disk");
  }
  onTestFinished(() => void execFileSync("umount", ["-l", folder]));
  cpSync(aside, folder, { recursive: true });
}

/** Leaves no byte free; gives back the file that takes them. */
function fill(folder: string): string {
  const file = join(folder, "filler");
  for (let size = 2 ** 20; size >= 1; size = Math.floor(size / 2)) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size), { flag: "a" });
    } catch {
      // Full at this size: the rest goes in smaller pieces.
    }
  }
  return file;
}

it("a full disk ends the run with 1, the tables as they were, and the next run with space is whole", async (context) => {
  await pipeline.filled();
  const lake = pipeline.path(".moraine", "lake");
  onSmallDisk(context, lake, "8m");
  await pipeline.project.run("sandbox", "advance");
  const before = await pipeline.snapshots();
  const filler = fill(lake);
  const full = await pipeline.project.run("materialize", "--json");
  expect([full.code, full.stdout]).toEqual([1, ""]);
  expect(full.stderr).toContain("error[disk-full]: the disk is full; nothing was committed");
  // Room for the catalog's own files, so that the run begins, and not for the table's.
  execFileSync("truncate", ["-s", "-48K", filler]);
  const ran = await pipeline.materialize();
  expect([ran.code, ran.outcomes[raw], ran.outcomes[dimension]]).toEqual([1, "failed", "skipped"]);
  expect(ran.failure).toMatchObject({
    reason: "disk-full",
    retryable: false,
    next: "free space and run the same command again",
  });
  expect(await pipeline.snapshots()).toEqual(before);
  rmSync(filler);
  expect((await pipeline.recovers()).outcomes[dimension]).toBe("materialized");
});

it("a full disk under the store ends with 4 and the store is whole afterwards", async (context) => {
  await pipeline.filled();
  const state = pipeline.path(".moraine");
  const store = join(state, "store");
  pipeline.edit("moraine.config.ts", "pools:", 'store: { path: ".moraine/store/moraine.db" },\n  pools:');
  await pipeline.recovers();
  onSmallDisk(context, store, "2m");
  const filler = fill(store);
  const { code, stderr } = await pipeline.project.run("materialize", "--json");
  expect(code).toBe(4);
  expect(stderr).toContain("error[store]: the disk of the store is full or failing");
  rmSync(filler);
  await pipeline.recovers();
  expect(
    (await pipeline.project.json<{ status: string }[]>("runs")).map(({ status }) => status),
  ).not.toContain("running");
});
