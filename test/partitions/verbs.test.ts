import { describe, expect, it } from "vitest";
import { Shop } from "../support/shop-project.ts";

interface Listed {
  readonly key: string;
  readonly status: string;
  readonly partitions: {
    readonly total: number;
    readonly fresh: number;
    readonly missing: number;
    readonly due: number;
  } | null;
}

describe("materialize --partition", () => {
  it("makes a partition, a range, the beginning of a date, and what is due later from there on", async () => {
    const shop = new Shop();
    expect(await shop.made("--partition", "2026-01-03", "sales/orders")).toEqual(["orders 2026-01-03"]);
    expect(await shop.made("--partition", "2026-01-04..2026-01-05,2026-01-07", "sales/orders")).toEqual([
      "orders 2026-01-04",
      "orders 2026-01-05",
      "orders 2026-01-07",
    ]);
    expect(await shop.made("--partition", "2026-01-0", "sales/orders")).toEqual(
      ["01", "02", "06", "08", "09"].map((day) => `orders 2026-01-${day}`),
    );
    expect(await shop.made("sales/orders")).toEqual(["orders 2026-01-10"]);
  });

  it("takes a range of one dimension and a key of another", async () => {
    const shop = new Shop();
    expect(await shop.made("--partition", "day=2026-01-02..2026-01-03,region=emea", "grid/cells")).toEqual([
      "cell 2026-01-02|emea",
      "cell 2026-01-03|emea",
    ]);
  });

  it.each([
    [
      ["--partition", "2026-02-01", "sales/orders"],
      "no selected asset has a partition 2026-02-01; sales/orders has 2026-01-01 to 2026-01-10",
    ],
    [["--partition", "2026-01-01", "sales/total"], "1 asset selected, and none has partitions"],
    [
      ["--partition", "2026-01-01", "--missing", "sales/orders"],
      "--missing chooses partitions, and so does --partition",
    ],
    [["--partition", "week=1", "grid/cells"], "no dimension week"],
    [["--retry", "abcd", "--missing"], "--retry takes its partitions from the run"],
  ])("is refused where it names nothing: %s", async (args, message) => {
    const { code, stderr } = await new Shop().run("materialize", ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

it("list, plan and show count partitions and say which are due", async () => {
  const shop = new Shop();
  await shop.made("--partition", "2026-01-08", "sales/orders");
  const listed = await shop.json<Listed[]>("list");
  expect(listed.find(({ key }) => key === "sales/orders")).toMatchObject({
    status: "stale",
    partitions: { total: 10, fresh: 1, stale: 0, missing: 9, due: 2 },
  });
  expect(listed.find(({ key }) => key === "sales/total")?.partitions).toBeNull();
  const { steps } = await shop.json<{
    steps: { key: string; partitions: { key: string; action: string }[] | null }[];
  }>("plan", "sales/orders");
  expect(steps).toMatchObject([
    {
      partitions: [
        { key: "2026-01-09", action: "run" },
        { key: "2026-01-10", action: "run" },
      ],
    },
  ]);
  const shown = await shop.run("show", "sales/orders", "--partitions");
  expect(shown.stdout).toContain("1 of 10 fresh, 9 missing, 2 due");
  expect(shown.stdout).toMatch(/2026-01-01\s+missing, not due\s+never/);
});

it("check runs the checks of every partition that was made, or of those that are named", async () => {
  const shop = new Shop();
  await shop.made("--partition", "2026-01-01..2026-01-03", "sales/orders");
  interface Checked {
    readonly checks: readonly { readonly partition: string }[];
  }
  const all = await shop.json<Checked>("check", "sales/orders");
  expect(all.checks.map(({ partition }) => partition)).toEqual(["2026-01-01", "2026-01-02", "2026-01-03"]);
  const one = await shop.json<Checked>("check", "sales/orders", "--partition", "2026-01-02");
  expect(one.checks.map(({ partition }) => partition)).toEqual(["2026-01-02"]);
});

describe("a backfill", () => {
  it("as one run says how far it is and can be taken up again", async () => {
    const shop = new Shop();
    const first = await shop.start(["materialize", "sales/*", "--missing", "--json"], { BAD: "2026-01-04" })
      .finished;
    expect(first.code).toBe(1);
    const last = JSON.parse(first.stdout.trim().split("\n").at(-1) ?? "{}") as {
      runId: string;
      outcomes: Record<string, string>;
      partitions: Record<string, Record<string, string>>;
    };
    expect(last.outcomes).toEqual({
      "sales/orders": "failed",
      "sales/per_day": "skipped",
      "sales/total": "skipped",
    });
    expect(last.partitions["sales/per_day"]?.["2026-01-05"]).toBe("materialized");
    shop.write("made.txt", "");
    const { code } = await shop.run("materialize", "--retry", last.runId, "-q");
    expect(code).toBe(0);
    expect(shop.notes()).toEqual(["orders 2026-01-04", "per_day 2026-01-04", "total of 10"]);
  });

  it("as one run per partition keeps going, and the same command does what is left", async () => {
    const shop = new Shop();
    const args = ["materialize", "sales/*", "--missing", "--run-per-partition", "--concurrency", "2"];
    const first = await shop.start(args, { BAD: "2026-01-04" }).finished;
    expect(first.code).toBe(1);
    expect(first.stdout).toContain("10 of 11 runs succeeded");
    expect(first.stdout).toContain("sales/orders[2026-01-04]  [asset-error]");
    const [, id = ""] = /backfill (\w+): 11 runs/.exec(first.stdout) ?? [];
    const runs = await shop.json<{ tags: Record<string, string> }[]>(
      "runs",
      "--tag",
      `backfill=${id}`,
      "--limit",
      "50",
    );
    expect(runs).toHaveLength(11);
    expect(new Set(runs.map(({ tags }) => tags["partition"]))).toContain("2026-01-07");
    shop.write("made.txt", "");
    const second = await shop.run(...args, "--json");
    const end = JSON.parse(second.stdout.trim().split("\n").at(-1) ?? "{}") as {
      type: string;
      left: number;
      runs: { partition: string | null }[];
    };
    expect([second.code, end.type, end.left]).toEqual([0, "backfill-finished", 0]);
    expect(end.runs.map(({ partition }) => partition)).toEqual(["2026-01-04", null]);
    expect(shop.notes()).toEqual(["orders 2026-01-04", "per_day 2026-01-04", "total of 10"]);
  });
});
