import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { openStore } from "../../framework/store/open-store.ts";
import { StoreError } from "../../framework/store/store-error.ts";
import { backupStore } from "../../framework/store/upkeep/backup-store.ts";
import { checkStore } from "../../framework/store/upkeep/check-store.ts";
import { countRows, day, History } from "./history.ts";
import { temporaryDirectory } from "../support/rig.ts";

function history(): History {
  const made = new History();
  for (let number = 1; number <= 30; number++) {
    const keys = Array.from({ length: 40 }, (_, index) => `a/t${index}`);
    made.run(`run${number}`, number, keys);
  }
  return made;
}

describe("a backup", () => {
  it("is one file with everything, which opens as a store", async () => {
    const source = history();
    const to = join(temporaryDirectory(), "copy.db");
    const result = await backupStore({ path: source.path, to });
    expect(result).toEqual({ path: to, bytes: statSync(to).size, schema: expect.any(Number) as number });
    expect(readdirSync(dirname(to))).toEqual(["copy.db"]);
    expect(countRows(to)).toEqual(source.counts());
    const restored = openStore({ path: to, target: "local" });
    expect(restored.latestMaterializations()).toEqual(source.store.latestMaterializations());
    restored.close();
  });

  it("holds what was committed when it began, while another connection goes on writing", async () => {
    const source = history();
    const before = source.counts();
    const to = join(temporaryDirectory(), "copy.db");
    let [steps, written] = [0, 0];
    await backupStore({
      path: source.path,
      to,
      onProgress: () => {
        steps += 1;
        // A copy that began again with each write would never end.
        source.run(`during${written++}`, 40, ["a/t1", "a/new"]);
      },
    });
    expect(steps).toBeGreaterThan(1);
    expect(steps).toBeLessThan(100);
    expect(countRows(to)).toEqual(before);
    expect(source.counts()["runs"]).toBe(30 + written);
    expect((await checkStore({ path: to, now: day(41) })).findings).toEqual([]);
  });

  it("replaces a file only when it is told to", async () => {
    const source = history();
    const to = join(temporaryDirectory(), "copy.db");
    writeFileSync(to, "precious");
    await expect(backupStore({ path: source.path, to })).rejects.toMatchObject({ code: "EEXIST" });
    expect(readFileSync(to, "utf8")).toBe("precious");
    await backupStore({ path: source.path, to, replace: true });
    expect(countRows(to)).toEqual(source.counts());
  });

  it("never replaces the store itself, nor what belongs to it", async () => {
    const source = history();
    for (const suffix of ["", "-wal", "-shm"]) {
      await expect(
        backupStore({ path: source.path, to: `${source.path}${suffix}`, replace: true }),
      ).rejects.toThrow("is the store itself");
    }
    expect(source.counts()["runs"]).toBe(30);
  });

  it("has the store's permissions", async () => {
    const source = history();
    chmodSync(source.path, 0o600);
    const to = join(temporaryDirectory(), "copy.db");
    await backupStore({ path: source.path, to });
    expect(statSync(to).mode & 0o777).toBe(0o600);
  });

  it("that is stopped leaves neither a file nor a part of one, and the former backup", async () => {
    const source = history();
    const to = join(temporaryDirectory(), "copy.db");
    writeFileSync(to, "the former backup");
    const controller = new AbortController();
    const backup = backupStore({
      path: source.path,
      to,
      replace: true,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("stop")),
    });
    await expect(backup).rejects.toThrow("stop");
    expect(readdirSync(dirname(to))).toEqual(["copy.db"]);
    expect(readFileSync(to, "utf8")).toBe("the former backup");
  });

  it("of a damaged store is refused, and leaves no file", async () => {
    const source = history();
    source.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    const path = join(temporaryDirectory(), "damaged.db");
    cpSync(source.path, path);
    truncateSync(path, statSync(path).size - 40_960);
    const to = join(temporaryDirectory(), "copy.db");
    const error = await backupStore({ path, to }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ problem: "damaged", path });
    expect(existsSync(to)).toBe(false);
    expect(readdirSync(dirname(to))).toEqual([]);
  });
});
