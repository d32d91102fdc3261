import { assetKey } from "../../framework/definition/asset-key.ts";
import type { RunEvent } from "../../framework/event/event.ts";
import { openStore, openStoreReader } from "../../framework/store/open-store.ts";
import type { Store } from "../../framework/store/store.ts";

/*
 * Works on a store as fast as it can; any error ends it with its text on stderr.
 *   hammer-process write  <store> <name> <runs> <assets>   one run after the other on one connection
 *   hammer-process reopen <store> <name> <runs> <assets>   the same, a new connection for each run
 *   hammer-process fill   <store> <name>                   until an error comes, whose problem it prints with the
 *                                                          number of runs that were finished
 *   hammer-process read   <store>                          a whole history, over and over, until it is stopped
 */
const [mode = "", path = "", name = "", runs = "0", assets = "0"] = process.argv.slice(2);

const open = () => openStore({ path, target: "local" });
const now = () => new Date().toISOString();
const log = (runId: string, message: string): RunEvent => ({
  type: "log",
  runId,
  at: now(),
  level: "info",
  message,
});

function writeRun(store: Store, id: string, count: number): void {
  store.startRun({ id, trigger: "cli", selection: "", startedAt: now() }, log(id, "begins"));
  for (let index = 0; index < count; index++) {
    const unit = { key: assetKey(`${name}/t${index}`), partition: "" };
    const attempt = { runId: id, ...unit, attempt: 1, startedAt: now() };
    store.acquireLeases(id, [unit], now());
    store.startAttempt({ ...attempt, snapshotBefore: undefined }, log(id, "starts"));
    store.heartbeat(id, now());
    store.finishMaterialization({
      ...attempt,
      finishedAt: now(),
      codeVersion: "c1",
      dataVersion: id,
      snapshotId: undefined,
      metadata: {},
      upstreams: [{ key: assetKey("src/a"), partition: "", dataVersion: "a1" }],
      cursor: { run: id },
      failure: undefined,
      event: log(id, "finishes"),
    });
  }
  store.finishRun(id, "succeeded", now(), log(id, "ends"));
}

switch (mode) {
  case "write": {
    const store = open();
    for (let run = 0; run < Number(runs); run++) writeRun(store, `${name}-${run}`, Number(assets));
    store.close();
    break;
  }
  case "reopen":
    for (let run = 0; run < Number(runs); run++) {
      const store = open();
      writeRun(store, `${name}-${run}`, Number(assets));
      store.interruptDeadRuns(now());
      store.close();
    }
    break;
  case "fill": {
    const store = open();
    let done = 0;
    try {
      for (; ; done++) writeRun(store, `${name}-${done}`, 20);
    } catch (error) {
      const problem = error instanceof Error && "problem" in error ? error.problem : String(error);
      process.stdout.write(JSON.stringify({ problem, done }));
    }
    store.close();
    break;
  }
  case "read": {
    const reader = openStoreReader({ path, target: "local" });
    const controller = new AbortController();
    process.on("SIGTERM", () => controller.abort());
    let rounds = 0;
    while (!controller.signal.aborted) {
      reader.runs();
      reader.latestMaterializations();
      reader.latestOutcomes();
      rounds += reader.events({ limit: 100 }).length > 0 ? 1 : 0;
      if (rounds === 1) process.stdout.write("reading\n");
      await new Promise(setImmediate);
    }
    reader.close();
    break;
  }
  default:
    throw new Error(`no mode ${mode}`);
}
