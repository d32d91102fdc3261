import { renderToString } from "ink";
import { createElement } from "react";
import { describe, expect, test } from "vitest";
import { UiScreen } from "../../framework/tui/ink/ui-session.tsx";
import { frameLines } from "../../framework/tui/ui/frame.ts";
import { textWidth } from "../../framework/tui/words/width.ts";
import { recordDivisionCheck } from "./fixture-project.ts";
import { nowMs, UiDriver } from "./ui-state.ts";

/** The screen through Ink. */
function screen(ui: UiDriver): readonly string[] {
  const { columns, rows } = ui.state.size;
  const element = createElement(UiScreen, { lines: frameLines(ui.state), height: rows - 1 });
  return renderToString(element, { columns }).split("\n");
}

const places = {
  assets: [],
  filter: ["/", "s", "f"],
  overview: ["enter"],
  history: ["enter", "tab"],
  checks: ["4"],
  lineage: ["2"],
  runs: ["3"],
  schedules: ["5"],
  ticks: ["5", "enter"],
  tick: ["5", "t"],
  run: ["3", "enter"],
  help: ["?"],
  palette: [":", "s"],
  dialog: ["m"],
  commands: ["@"],
};

test("the asset tree at 80x24", () => {
  expect(screen(new UiDriver()).map((line) => line.trimEnd())).toEqual([
    " 1 Assets  2 Lineage  3 Runs  4 Checks  5 Schedules       demo local  daemon ok",
    " / filter                                     7 assets  = 1  ~ 3  ✗ 1  ○ 1  ! 1",
    "   ▾ finance (1)        ○ 1",
    "     ○ ledger           missing             -         never materialized",
    "   ▾ sf_curated (2)     ~ 2",
    "     ~ dim_sf_user_scd  stale        4,831  25h       upstream: sf_staging/stg_…",
    "     ~ fct_account      stale          902  25h       upstream: data, 2 hops up",
    "   ▾ sf_raw (2)         ✗ 1  ! 1",
    ">    ✗ sf_account       failed         311  25h       [rate-limited]",
    "     ! sf_user          fresh        1,204  1h        check not_null_division",
    "   ▾ sf_staging (2)     ~ 1",
    "     = stg_sf_account   fresh          311  25h",
    "     ~ stg_sf_user      stale        1,186  25h       data: sf_raw/sf_user moved",
    ...Array.from({ length: 8 }, () => ""),
    " sf_raw/sf_account  typescript  reads 0, feeds 1",
    " m materialize...  w why  enter open  L lineage  / filter  : command  ? help",
  ]);
});

describe.each([
  [60, 15],
  [80, 24],
  [120, 40],
])("at %dx%d", (columns, rows) => {
  test.each(Object.entries(places))("%s fills the screen, and no line is too wide", (_name, keys) => {
    for (const ascii of [false, true]) {
      const ui = new UiDriver({ columns, rows, ascii }).press(...keys);
      const lines = screen(ui);
      expect(lines).toHaveLength(rows - 1);
      expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(columns);
      expect(Math.max(...frameLines(ui.state).map(textWidth))).toBeLessThanOrEqual(columns);
      expect(lines.join("")).toMatch(ascii ? /^[ -~]*$/ : /./);
      ui.store.close();
    }
  });
});

test("colour only repeats what sign and word say", () => {
  const plain = screen(new UiDriver());
  const coloured = frameLines(new UiDriver({ color: true }).state);
  // oxlint-disable-next-line no-control-regex -- colours are what is taken out
  const stripped = coloured.map((line) => line.replaceAll(/\u001B\[\d+m/g, "").trimEnd());
  expect(stripped).toEqual(plain.map((line) => line.trimEnd()));
  expect(coloured.join("")).toContain("\u001B[31m");
});

test("without colour there is no escape code in any line", () => {
  for (const keys of Object.values(places)) {
    expect(frameLines(new UiDriver().press(...keys).state).join("")).not.toContain("\u001B");
  }
});

test("the why chain leads to its root, and a failure is told in full", () => {
  const stale = screen(new UiDriver().press("/").type("fct_account").press("enter", "G", "w")).join("\n");
  expect(stale).toContain("why   upstream  reads sf_curated/dim_sf_user_scd, which is stale:");
  expect(stale).toContain("          data  reads sf_raw/sf_user, u1 became u2");
  const failed = screen(new UiDriver().press("w")).join("\n");
  expect(failed).toContain("error[rate-limited]: Salesforce answered 429");
});

test("checks show their last ten results, newest last, on their screen and with their asset", () => {
  const ui = new UiDriver();
  for (const value of [3, 0, 0, 5, 0, 0, 0, 0, 0, 1]) {
    recordDivisionCheck(ui.store, value, new Date(nowMs).toISOString());
  }
  ui.read();

  const row = /! not_null_division {2,}!✓✓!✓✓✓✓✓! {2}1, expected 0/;
  expect(screen(ui.press("4")).join("\n")).toMatch(
    new RegExp(row.source.replace("! ", "! sf_raw/sf_user +")),
  );
  expect(screen(ui.press("enter")).join("\n")).toMatch(row);
});

test("the schedules at 80x24, and the ticks of one", () => {
  const ui = new UiDriver().press("5");
  expect(
    screen(ui)
      .map((line) => line.trimEnd())
      .filter((line) => line !== ""),
  ).toEqual([
    " 1 Assets  2 Lineage  3 Runs  4 Checks  5 Schedules       demo local  daemon ok",
    " / filter                                                           4 schedules",
    "     name              next          last tick                     when",
    ">  ✓ daily             in 16h00      04:00 succeeded               daily at 05:…",
    "   » hourly            in 1h00       12:00 skipped: overlap        every 1h",
    "   » weekly            off           -                             Sun at 00:00…",
    "   · exports           in 1m00       nothing new                   polled every…",
    " daily  sf_raw/*  daily at 05:00 Europe/Oslo  overlap skip  catch-up latest  T…",
    " t run now...  o on or off...  enter open  / filter  : command  ? help",
  ]);
  expect(screen(ui.press("enter")).join("\n")).toMatch(/✓ 04:00 +succeeded +90aa17 +1m00/);
  expect(screen(ui.press("esc", "t")).join("\n")).toContain("the daemon starts them");
});

test("a daemon that says nothing any more is told in every header", () => {
  const ui = new UiDriver().press("2");
  ui.read(nowMs + 150_000);
  expect(screen(ui)[0]).toContain("daemon silent 2m");
});

test("a busy store is told in the header", () => {
  const ui = new UiDriver();
  ui.send({ type: "store-busy", nowMs: ui.state.nowMs + 1000 });
  ui.send({ type: "ticked", nowMs: ui.state.nowMs + 3000 });
  expect(screen(ui)[0]).toContain("store busy, 3s old");
});
