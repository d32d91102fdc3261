import { spawnSync } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openStoreReader } from "../../framework/store/open-store.ts";
import { checkStore } from "../../framework/store/upkeep/check-store.ts";
import { day, History } from "./history.ts";

function history(): History {
  const made = new History();
  for (let number = 1; number <= 3; number++) made.run(`run${number}`, number, ["a/x", "a/y"]);
  return made;
}

const findings = async ({ path }: History, now = day(4)) => (await checkStore({ path, now })).findings;

describe("the check of a store", () => {
  it("finds nothing in what the store itself has written", async () => {
    const made = history();
    made.begin("running", 4);
    made.store.startAttempt(
      {
        runId: "running",
        key: "a/x" as never,
        partition: "",
        attempt: 1,
        startedAt: day(4),
        snapshotBefore: undefined,
      },
      { type: "log", runId: "running", at: day(4), level: "info", message: "starts" },
    );
    expect(await findings(made)).toEqual([]);
  });

  it.each([
    [
      "DELETE FROM materializations WHERE id = 1",
      "lineage-foreign-key",
      "1 row of lineage have lost their materializations",
    ],
    ["DELETE FROM runs WHERE id = 'run1'", "attempts-foreign-key", "2 rows of attempts have lost their runs"],
    ["DELETE FROM runs WHERE id = 'run1'", "events-have-runs", "8 rows of events belong to no run"],
    [
      "DELETE FROM attempts WHERE run_id = 'run2'",
      "materializations-have-attempts",
      "2 rows of materializations belong to no finished attempt",
    ],
    [
      "DELETE FROM materializations WHERE key = 'a/x'",
      "cursors-have-materializations",
      "1 row of cursors belong to an asset",
    ],
    [
      "UPDATE runs SET finished_at = NULL",
      "runs-end-once",
      "3 rows of runs are running and finished, or neither",
    ],
    ["UPDATE attempts SET outcome = NULL WHERE run_id = 'run1'", "attempts-end-once", "2 rows of attempts"],
    [
      "UPDATE cursors SET value = 'page 2' WHERE key = 'a/x'",
      "cursors-value-is-json",
      "1 row of cursors have something other than JSON",
    ],
    ["UPDATE events SET payload = '{' WHERE id = 1", "events-payload-is-json", "1 row of events"],
    [
      "UPDATE events SET type = 'run-started' WHERE id = 2",
      "events-match-payloads",
      "1 row of events say something else",
    ],
    [
      "UPDATE runs SET last_event = last_event - 1 WHERE id = 'run1'",
      "events-lie-within-runs",
      "1 row of events lie outside",
    ],
    [
      "UPDATE attempts SET outcome = NULL, finished_at = NULL WHERE run_id = 'run1'",
      "runs-note-unsettled",
      "1 row of runs ended with attempts",
    ],
    [
      "UPDATE runs SET started_at = '2026-01-01 00:00:00' WHERE id = 'run1'",
      "runs-started_at-is-instant",
      "1 row of runs",
    ],
    ["DROP INDEX attempts_by_key", "schema", "tables or indexes are missing or have been changed"],
  ])("after %s names %s", async (sql, name, message) => {
    const made = history();
    made.exec(sql);
    const found = (await findings(made)).find((finding) => finding.name === name);
    expect(found).toMatchObject({ level: "damaged" });
    expect(found?.message).toContain(message);
  });

  it("names a few of the rows", async () => {
    const made = history();
    made.exec("UPDATE runs SET finished_at = NULL");
    expect((await findings(made))[0]?.samples).toEqual(["run1", "run2", "run3"]);
  });

  it("warns of a run whose process is gone, which the next run mends", async () => {
    const made = history();
    made.begin("killed", 4);
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    made.exec(`UPDATE runs SET pid = ${pid} WHERE id = 'killed'`);
    expect(await findings(made)).toMatchObject([
      { level: "warn", name: "running-runs-have-owners", samples: ["killed"] },
    ]);
    made.store.interruptDeadRuns(day(4));
    expect(await findings(made)).toEqual([]);
  });

  it("finds damage of the file", async () => {
    const made = history();
    made.store.close();
    const file = openSync(made.path, "r+");
    // Page 1 stays whole, so the file still opens.
    for (let page = 2; page < 12; page++) writeSync(file, "damage ".repeat(100), page * 4096);
    closeSync(file);
    expect(await findings(made)).toMatchObject([{ level: "damaged", name: "integrity" }]);
  });

  it("writes nothing", async () => {
    const made = history();
    const reader = openStoreReader({ path: made.path, target: "local" });
    const before = reader.changeCounter();
    await findings(made);
    expect(reader.changeCounter()).toBe(before);
    reader.close();
  });
});
