import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Programs, Terminal } from "./terminal.ts";

const programs = new Programs();
let terminal: Terminal | undefined;

beforeAll(async () => {
  await programs.build();
});
afterEach(() => {
  terminal?.close();
  terminal = undefined;
});
afterAll(() => {
  programs.remove();
});

test.each([
  [80, 24],
  [120, 40],
  [60, 8],
])(
  "at %dx%d finished assets are printed once, the live part goes, the summary stays",
  async (columns, rows) => {
    terminal = new Terminal(programs, ["progress.mjs", "live"], { columns, rows });
    await terminal.shows(/sf_raw\/sf_account .*try 2 of 3/);
    expect(terminal.isAlternate()).toBe(false);
    expect(terminal.isCursorVisible()).toBe(false);
    terminal.signal("SIGUSR2");
    await terminal.shows("after");
    const history = terminal.history();
    const count = (pattern: RegExp) => history.match(pattern)?.length;
    expect(count(/^before$/gm)).toBe(1);
    expect(count(/✓ sf_raw\/sf_user /g)).toBe(1);
    expect(count(/✗ sf_raw\/sf_account .*(41\.0s|\[rate)/g)).toBe(2);
    expect(count(/» 2 skipped, downstream of sf_raw\/sf_account/g)).toBe(1);
    expect(history).toContain("run 8f21c4 failed in 1m58");
    expect(history).not.toContain("Ctrl-C");
    expect(history).not.toContain("· next");
    expect(terminal.isCursorVisible()).toBe(true);
  },
);

test("a terminal that tells no size keeps its scrollback, and shows the same", async () => {
  const size = { columns: 80, rows: 24 };
  terminal = new Terminal(programs, ["progress.mjs", "live"], size, "no-size");
  await terminal.shows(/sf_raw\/sf_account .*try 2 of 3/);
  await terminal.shows(/^─{80}$/m);
  terminal.signal("SIGUSR2");
  await terminal.shows("after");
  const history = terminal.history();
  expect(history.match(/^line \d+$/gm)).toEqual(
    Array.from({ length: 72 }, (_, index) => `line ${index + 1}`),
  );
  expect(history.match(/✓ sf_raw\/sf_user /g)).toHaveLength(1);
  expect(history).not.toContain("Ctrl-C");
});

test("a live part that is resized leaves no line behind", async () => {
  terminal = new Terminal(programs, ["progress.mjs", "live"], { columns: 100, rows: 24 });
  await terminal.shows("try 2 of 3");
  terminal.resize(70, 20);
  await terminal.shows(/^─{70}$/m);
  terminal.signal("SIGUSR2");
  await terminal.shows("after");
  expect(terminal.history()).not.toContain("Ctrl-C");
});

test("piped output has no escape code", () => {
  const text = execFileSync(process.execPath, [join(programs.dir, "progress.mjs"), "plain"], {
    encoding: "utf8",
    env: { ...process.env, FORCE_COLOR: "1" },
  });
  expect(text).toContain("fail 2/6 sf_raw/sf_account");
  expect(text).not.toContain("\u001B");
});
