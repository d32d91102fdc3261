import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assetKey } from "moraine";
import { frameLines } from "../../framework/tui/ui/frame.ts";
import { keyTable } from "../../framework/tui/ui/keys.ts";
import { visibleRange } from "../../framework/tui/ui/list.ts";
import { selectedRow } from "../../framework/tui/ui/state.ts";
import { nowMs, UiDriver } from "./ui-state.ts";

const selected = (ui: UiDriver) => selectedRow(ui.state)?.id;

/** The screens with an asset that is fresh and will be overdue at 12:30, half an hour from now. */
function withDeadline(): UiDriver {
  const ui = new UiDriver();
  const knownGoodAt = "2026-11-22T12:30:00.000Z";
  const deadline = "2026-11-23T12:30:00.000Z";
  const onTime = { state: "on-time", since: knownGoodAt, deadline, knownGoodAt } as const;
  ui.freshness = new Map([[assetKey("sf_staging/stg_sf_account"), onTime]]);
  ui.read();
  return ui;
}

describe("deadlines", () => {
  const lineOf = (ui: UiDriver) => frameLines(ui.state).find((line) => line.includes("stg_sf_account"));

  test("pass while nothing else happens", () => {
    const ui = withDeadline();
    expect(lineOf(ui)).toMatch(/= stg_sf_account +fresh/);
    ui.send({ type: "ticked", nowMs: nowMs + 29 * 60_000 });
    expect(lineOf(ui)).toMatch(/= stg_sf_account +fresh/);
    ui.send({ type: "ticked", nowMs: nowMs + 100 * 60_000 });
    expect(lineOf(ui)).toMatch(/! stg_sf_account +overdue 1h +311 .*deadline 12:30Z/);
  });

  test("that were missed are found by state:overdue, and the asset stays fresh", () => {
    const found = (text: string) =>
      new Set(
        ui
          .press("/")
          .type(text)
          .state.rows.flatMap((row) => (row.type === "asset" ? [row.id] : [])),
      );
    const ui = withDeadline();
    ui.send({ type: "ticked", nowMs: nowMs + 100 * 60_000 });
    expect(found("state:overdue")).toEqual(new Set(["sf_staging/stg_sf_account"]));
    ui.press("enter", "esc");
    expect(found("state:fresh")).toContain("sf_staging/stg_sf_account");
  });
});

describe("assets", () => {
  test("opens on what failed", () => {
    expect(selected(new UiDriver())).toBe("sf_raw/sf_account");
  });

  test("keys move by row, page, to both ends and never out of the list", () => {
    const ui = new UiDriver().press("g");
    expect(selected(ui)).toBe("finance/");
    expect(selected(ui.press("k"))).toBe("finance/");
    expect(selected(ui.press("j", "down"))).toBe("sf_curated/");
    expect(selected(ui.press("G", "j"))).toBe("sf_staging/stg_sf_user");
    expect(selected(ui.press("pageup"))).toBe("finance/");
  });

  test("folding hides a namespace's assets and esc folds from inside", () => {
    const ui = new UiDriver().press("esc");
    expect(selected(ui)).toBe("sf_raw/");
    expect(ui.state.rows.some((row) => row.id === "sf_raw/sf_user")).toBe(false);
    ui.press("enter");
    expect(ui.state.rows.some((row) => row.id === "sf_raw/sf_user")).toBe(true);
  });

  test.each([
    ["user", ["sf_curated/dim_sf_user_scd", "sf_raw/sf_user", "sf_staging/stg_sf_user"]],
    ["user !stg", ["sf_curated/dim_sf_user_scd", "sf_raw/sf_user"]],
    ["state:failed", ["sf_raw/sf_account"]],
    ["state:missing", ["finance/ledger"]],
    ["group:fin", ["finance/ledger"]],
    ["owner:money tag:night", ["finance/ledger"]],
    ["!state:fresh !state:stale", ["finance/ledger", "sf_raw/sf_account"]],
    ["nothing_like_it", []],
  ])("the filter %j finds %j while typing", (text, keys) => {
    const ui = new UiDriver().press("/").type(text);
    expect(ui.state.rows.flatMap((row) => (row.type === "asset" ? [row.id] : []))).toEqual(keys);
  });

  test("a filter stays after enter and goes with esc", () => {
    const ui = new UiDriver().press("/").type("user").press("enter");
    expect(ui.state.view.filter).toBe("user");
    expect(ui.press("esc").state.view.filter).toBe("");
    // Typed letters are text here, not keys.
    expect(new UiDriver().press("/").type("quit").effects).toEqual([]);
  });

  test("the cursor stays on its asset when data changes", () => {
    const ui = new UiDriver().press("G");
    ui.read();
    expect(selected(ui)).toBe("sf_staging/stg_sf_user");
  });
});

describe("moving between screens", () => {
  test("numbers switch, esc goes back, - returns to the screen before", () => {
    const ui = new UiDriver().press("enter");
    expect(ui.state.view).toMatchObject({ screen: "asset", subject: "sf_raw/sf_account" });
    expect(ui.press("esc").state.view.screen).toBe("assets");
    expect(ui.press("3").state.view.screen).toBe("runs");
    expect(ui.press("-").state.view.screen).toBe("assets");
    expect(selected(ui)).toBe("sf_raw/sf_account");
  });

  test("tab goes through the tabs of an asset", () => {
    const ui = new UiDriver().press("enter", "tab");
    expect(ui.state.rows.map((row) => row.type)).toEqual(["materialization"]);
    ui.press("shift-tab", "shift-tab");
    expect(ui.state.view.tab).toBe(4);
    expect(ui.state.rows.map((row) => row.id)).toContain("sf_curated/fct_account");
  });

  test("v opens the log of the last run, filtered by the asset", () => {
    const ui = new UiDriver().press("v");
    expect(ui.state.view).toMatchObject({ screen: "run", subject: "8f21c4", filter: "sf_raw/sf_account" });
    expect(ui.state.rows.map((row) => (row.type === "log" ? row.line.text : ""))).toEqual([
      "started, asked for",
      "failed in 41.0s: [rate-limited] Salesforce answered 429",
    ]);
  });

  test("a log that grows is followed until the cursor leaves its end", () => {
    const ui = new UiDriver().press("3", "enter");
    const grow = (message: string) => {
      const at = new Date(nowMs).toISOString();
      ui.store.recordEvent({ type: "log", runId: "8f21c4", at, level: "info", message });
      ui.read();
    };
    grow("first");
    expect(selectedRow(ui.state)).toMatchObject({ line: { text: "first" } });
    ui.press("k");
    grow("second");
    expect(selectedRow(ui.state)).not.toMatchObject({ line: { text: "second" } });
    ui.press("G");
    grow("third");
    expect(selectedRow(ui.state)).toMatchObject({ line: { text: "third" } });
  });

  test("lineage is centred on the asset and changes its reach", () => {
    const ui = new UiDriver().press("/").type("stg_sf_user").press("enter", "G", "L");
    const ids = () => ui.state.rows.map((row) => row.id);
    expect(ids()).toEqual([
      "sf_raw/sf_user",
      "sf_staging/stg_sf_user",
      "sf_curated/dim_sf_user_scd",
      "sf_curated/fct_account",
    ]);
    ui.press("[");
    expect(ids()).toEqual(["sf_raw/sf_user", "sf_staging/stg_sf_user", "sf_curated/dim_sf_user_scd"]);
    ui.press("u");
    expect(ids()).toEqual(["sf_raw/sf_user", "sf_staging/stg_sf_user"]);
  });
});

describe("actions", () => {
  test("m shows the plan and the command line; cancel is the default; y starts it", () => {
    const ui = new UiDriver().press("m");
    expect(ui.state.overlay).toMatchObject({
      type: "confirm",
      title: "Materialize sf_raw/sf_account",
      args: ["materialize", "sf_raw/sf_account"],
    });
    expect(ui.press("enter").effects).toEqual([]);
    expect(ui.state.overlay).toBeUndefined();
    ui.press("m", "y");
    expect(ui.effects).toEqual([{ type: "start", args: ["materialize", "sf_raw/sf_account"] }]);
    ui.press("m", "tab", "enter");
    expect(ui.effects).toHaveLength(1);
  });

  test("a namespace is named as a glob, marked assets by their keys, M adds upstream", () => {
    const ui = new UiDriver();
    const args = () => (ui.state.overlay?.type === "confirm" ? ui.state.overlay.args : []);
    ui.press("esc", "m");
    expect(args()).toEqual(["materialize", "sf_raw/*"]);
    ui.press("esc", "enter", "j", "space", "G", "space", "m");
    expect(args()).toEqual(["materialize", "sf_raw/sf_account", "sf_staging/stg_sf_user"]);
    ui.press("esc", "M");
    expect(args()).toEqual(["materialize", "+sf_raw/sf_account", "+sf_staging/stg_sf_user"]);
  });

  test("what was started stands in the command log with how it ended", () => {
    const ui = new UiDriver();
    ui.send({ type: "command-started", id: 1, command: "moraine check a/b", nowMs });
    ui.send({ type: "command-ended", id: 1, exitCode: 3, lastLine: "stale" });
    expect(ui.state.commands).toEqual([{ id: 1, command: "moraine check a/b", atMs: nowMs, exitCode: 3 }]);
    expect(ui.state.notice).toBe("exit 3: stale");
  });

  test("--read-only refuses actions and says why", () => {
    const ui = new UiDriver({ readOnly: true }).press("m");
    expect(ui.state.overlay).toBeUndefined();
    expect(ui.state.notice).toBe("materialize...: opened with --read-only");
  });

  test("y copies the key; q and ctrl-c quit, the latter from everywhere", () => {
    expect(new UiDriver().press("y").effects).toEqual([{ type: "copy", text: "sf_raw/sf_account" }]);
    expect(new UiDriver().press("q").effects).toEqual([{ type: "quit" }]);
    for (const key of ["/", "?", ":", "m", "@"]) {
      expect(new UiDriver().press(key, "ctrl-c").effects).toEqual([{ type: "quit" }]);
    }
  });

  test("the palette runs an action or opens an asset", () => {
    expect(new UiDriver().press(":").type("checks").press("enter").state.overlay?.type).toBe("confirm");
    const ui = new UiDriver().press(":").type("ledger").press("enter");
    expect(ui.state.view).toMatchObject({ screen: "asset", subject: "finance/ledger" });
  });

  test("help finds a key by typing and enter does it", () => {
    expect(new UiDriver().press("?").type("lineage s").press("enter").state.view.screen).toBe("lineage");
  });
});

describe("schedules", () => {
  test("enter opens a schedule's ticks, and a tick's run; one that was skipped has none", () => {
    const ui = new UiDriver().press("5", "enter");
    expect(ui.state.view).toMatchObject({ screen: "schedule", subject: "daily" });
    expect(ui.press("enter").state.view).toMatchObject({ screen: "run", subject: "90aa17" });
    ui.press("esc", "esc", "j", "enter", "enter");
    expect(ui.state.view).toMatchObject({ screen: "schedule", subject: "hourly" });
    expect(ui.state.notice).toBe("open: it gave no run");
    expect(ui.press("esc", "k", "v").state.view).toMatchObject({ screen: "run", subject: "90aa17" });
  });

  test("t asks before a tick, o before it switches; what was off is switched on", () => {
    const ui = new UiDriver().press("5", "t");
    expect(ui.state.overlay).toMatchObject({
      title: "Run daily now",
      args: ["schedules", "daily", "--tick"],
    });
    ui.press("esc", "o");
    expect(ui.state.overlay).toMatchObject({ args: ["schedules", "daily", "--off"] });
    ui.press("y");
    expect(ui.effects).toEqual([{ type: "start", args: ["schedules", "daily", "--off"] }]);
    ui.press("j", "j", "o");
    expect(ui.state.overlay).toMatchObject({ args: ["schedules", "weekly", "--on"] });
    ui.press("esc", "j", "t");
    expect(ui.state.overlay).toMatchObject({ title: "Poll exports now" });
  });
});

test("a store that can't be read leaves the data and says since when", () => {
  const ui = new UiDriver();
  ui.send({ type: "store-busy", nowMs: nowMs + 1000 });
  ui.send({ type: "store-busy", nowMs: nowMs + 4000 });
  expect(ui.state.storeBusySinceMs).toBe(nowMs + 1000);
  expect(ui.state.rows.length).toBeGreaterThan(5);
  ui.read();
  expect(ui.state.storeBusySinceMs).toBeUndefined();
});

test("no key of the table throws on any screen, in any order", () => {
  const keys = [...new Set(keyTable.flatMap((binding) => binding.keys)), "backspace", "n", "y", "x"];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...keys), { maxLength: 30 }), (pressed) => {
      const ui = new UiDriver().press(...pressed);
      expect(ui.state.view.screen).toBeTypeOf("string");
      ui.store.close();
    }),
    { numRuns: 60 },
  );
});

test("the visible part of a list is full and holds the cursor", () => {
  fc.assert(
    fc.property(fc.nat(300), fc.nat(300), fc.integer({ min: 1, max: 50 }), (count, at, height) => {
      const cursor = Math.min(at, Math.max(0, count - 1));
      const { start, end } = visibleRange(count, cursor, height);
      expect(end - start).toBe(Math.min(count, height));
      expect(count === 0 || (start <= cursor && cursor < end)).toBe(true);
    }),
  );
});
