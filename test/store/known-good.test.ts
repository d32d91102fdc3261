import { describe, expect, it } from "vitest";
import { assetKey } from "moraine";
import { openStore } from "../../framework/store/open-store.ts";
import { day, History, log } from "./history.ts";

const key = assetKey("a/x");
const lastGood = (history: History, upTo = day(30)) => history.store.knownGood([key], upTo).get(key);

describe("the last time that an asset was known good", () => {
  it("is the start of the attempt that made it, or found that nothing had to be done", () => {
    const history = new History();
    expect(lastGood(history)).toBeUndefined();
    history.run("made", 1, ["a/x"]);
    expect(lastGood(history)).toBe(day(1, 1));
    history.begin("later", 2);
    history.fresh("later", 2, "a/x");
    expect(lastGood(history)).toBe(day(2, 1));
  });

  it("is no attempt that failed, was skipped or cancelled, or works still", () => {
    const history = new History();
    history.run("made", 1, ["a/x"]);
    history.begin("later", 2);
    history.fail("later", 2, "a/x");
    for (const outcome of ["skipped", "cancelled"] as const) {
      history.begin(outcome, 3);
      const attempt = {
        runId: outcome,
        key,
        partition: "",
        attempt: 0,
        startedAt: day(3),
        finishedAt: day(3),
      };
      history.store.finishAttempt({ ...attempt, outcome, failure: undefined }, log(outcome, 3, outcome));
    }
    history.store.startAttempt(
      { runId: "later", key, partition: "", attempt: 2, startedAt: day(4), snapshotBefore: undefined },
      log("later", 4, "on"),
    );
    expect(lastGood(history)).toBe(day(1, 1));
  });

  it("is no materialization whose blocking check failed", () => {
    const history = new History();
    history.begin("held", 1);
    history.store.acquireLeases("held", [{ key, partition: "" }], day(1));
    history.store.finishMaterialization({
      runId: "held",
      key,
      partition: "",
      attempt: 1,
      startedAt: day(1),
      finishedAt: day(1),
      codeVersion: "c1",
      dataVersion: "d1",
      snapshotId: undefined,
      metadata: {},
      upstreams: [],
      cursor: undefined,
      failure: { reason: "check-failed", message: "no", retryable: false },
      event: log("held", 1, "held"),
    });
    expect(lastGood(history)).toBeUndefined();
  });

  it("does not count what a clock ahead of its time has stamped", () => {
    const history = new History();
    history.run("made", 1, ["a/x"]);
    history.run("ahead", 20, ["a/x"]);
    expect(lastGood(history, day(5))).toBe(day(1, 1));
  });

  it("is of its own target", () => {
    const history = new History();
    const other = openStore({ path: history.path, target: "aws" });
    history.run("made", 1, ["a/x"]);
    history.run("elsewhere", 2, ["a/x"], other);
    expect(other.knownGood([key], day(30)).get(key)).toBe(day(2, 1));
    expect(lastGood(history)).toBe(day(1, 1));
    other.close();
  });
});
