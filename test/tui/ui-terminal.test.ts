import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openStore } from "../../framework/store/open-store.ts";
import type { Store } from "../../framework/store/store.ts";
import { recordMaterialization, recordRun, seedStore } from "./fixture-project.ts";
import { Programs, Terminal } from "./terminal.ts";

const programs = new Programs();
let dir = "";
let store: Store;
let terminal: Terminal;

beforeAll(async () => {
  await programs.build();
});
afterAll(() => {
  programs.remove();
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "moraine-ui-"));
  store = openStore({ path: join(dir, "moraine.db"), target: "local" });
  seedStore(store, Date.now());
});
afterEach(() => {
  terminal.close();
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

async function open(mode = "", columns = 80, rows = 24): Promise<void> {
  terminal = new Terminal(programs, ["ui.mjs", join(dir, "moraine.db"), mode], { columns, rows });
  await terminal.shows("? help");
}

test("keys open, filter and leave screens", async () => {
  await open();
  expect(terminal.isAlternate()).toBe(true);
  expect(terminal.isCursorVisible()).toBe(false);
  expect(await terminal.shows(/^> +✗ sf_account/m)).not.toContain("before");
  terminal.press("Enter");
  await terminal.shows("[Overview]");
  terminal.press("Tab");
  await terminal.shows("[History]");
  terminal.press("Escape");
  await terminal.shows("▾ sf_raw");
  terminal.press("/", "ledger");
  const filtered = await terminal.shows("1 asset ");
  expect(filtered).toContain("/ ledger");
  expect(filtered).not.toContain("sf_account");
  terminal.press("Escape");
  await terminal.shows("7 assets");
});

test("a dialog starts the verb as its own process and tells how it ended", async () => {
  await open();
  terminal.press("m");
  await terminal.shows("moraine materialize sf_raw/sf_account");
  terminal.press("y");
  await terminal.shows("exit 3: no such thing");
  terminal.press("@");
  await terminal.shows(/moraine materialize sf_raw\/sf_account +exit 3/);
});

test("the screen follows the terminal's size", async () => {
  await open();
  terminal.resize(60, 15);
  const small = await terminal.shows(/^.{1,60}\? help$/m);
  expect(small.split("\n").findIndex((line) => line.includes("? help"))).toBe(13);
  expect(small).toContain("1 Assets");
  terminal.resize(120, 40);
  const large = await terminal.shows(/stg_sf_user .*data: sf_raw\/sf_user moved/);
  expect(large.split("\n").findIndex((line) => line.includes("? help"))).toBe(38);
});

test("a terminal that tells no size is taken for one of 80x24, and keeps its scrollback", async () => {
  const size = { columns: 80, rows: 24 };
  terminal = new Terminal(programs, ["ui.mjs", join(dir, "moraine.db")], size, "no-size");
  const screen = await terminal.shows("? help");
  expect(screen.split("\n").findIndex((line) => line.includes("? help"))).toBe(22);
  terminal.press("j", "j");
  await terminal.shows(/^> +▾ sf_staging/m);
  // 0x0 says nothing new; any size does.
  terminal.resize(60, 15);
  await terminal.shows(/^.{1,60}\? help$/m);
  terminal.press("q");
  await terminal.shows("after");
  expect(terminal.history().match(/^line \d+$/gm)).toHaveLength(72);
});

test("what another process writes appears by itself", async () => {
  await open();
  await terminal.shows(/~ stg_sf_user +stale +1,186/);
  const now = Date.now();
  recordRun(store, "90aa17", now, () => {
    recordMaterialization(
      store,
      "90aa17",
      "sf_staging/stg_sf_user",
      { rows: 1204, dataVersion: "su2", startedMs: now, tookMs: 1000 },
      { "sf_raw/sf_user": "u2" },
    );
  });
  await terminal.shows(/= stg_sf_user +fresh +1,204/);
});

describe("the terminal is as it was", () => {
  const ways: readonly (readonly [name: string, leave: () => void, text: string])[] = [
    ["q", () => terminal.press("q"), "left with 0"],
    ["Ctrl-C", () => terminal.press("C-c"), "left with 0"],
    ["SIGTERM", () => terminal.signal("SIGTERM"), "left with 143"],
    ["SIGHUP", () => terminal.signal("SIGHUP"), "left with 129"],
    ["an error that nobody caught", () => terminal.signal("SIGUSR1"), "thrown: thrown on purpose"],
  ];
  test.each(ways)("after %s", async (_name, leave, text) => {
    await open("throw");
    leave();
    const screen = await terminal.shows("after");
    expect(screen.trimEnd().split("\n")).toEqual(["before", text, "after"]);
    expect(terminal.isAlternate()).toBe(false);
    expect(terminal.isCursorVisible()).toBe(true);
    expect(terminal.hasLineMode()).toBe(true);
  });

  test("after an error before the first frame", async () => {
    terminal = new Terminal(programs, ["ui.mjs", join(dir, "moraine.db"), "bug"], { columns: 80, rows: 24 });
    const screen = await terminal.shows("after");
    expect(screen.trimEnd().split("\n")).toEqual(["before", "thrown: bug on purpose", "after"]);
    expect(terminal.hasLineMode()).toBe(true);
  });

  test("while it is suspended, and it comes back", async () => {
    terminal = new Terminal(
      programs,
      ["ui.mjs", join(dir, "moraine.db")],
      { columns: 80, rows: 24 },
      "shell",
    );
    await terminal.shows("? help");
    terminal.press("C-z");
    await terminal.shows("Stopped");
    expect(terminal.isAlternate()).toBe(false);
    expect(terminal.isCursorVisible()).toBe(true);
    terminal.press("fg", "Enter");
    await terminal.shows(/^> +✗ sf_account/m);
    terminal.press("j");
    await terminal.shows(/^> +! sf_user/m);
    terminal.press("q");
    await terminal.shows("left with 0");
  });
});
