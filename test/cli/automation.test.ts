import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Finished, Project, printed } from "../support/moraine.ts";

/** The project of docs/automation.md; `FAIL` names an asset that fails, `HANG` one that waits until it is cancelled. */
const config = `
import { appendFileSync, readFileSync } from "node:fs";
import { all, defineAsset, defineConfig, eager, not, onCron, onMissing, whenOverdue } from "moraine";

const file = (name) => new URL("./" + name, import.meta.url);
async function make({ key, signal }) {
  appendFileSync(file("ran.txt"), key + "\\n");
  if (process.env.FAIL === key) throw new Error("told to fail");
  if (process.env.HANG === key) await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}
const orders = defineAsset({
  key: "raw/orders",
  refresh: { everyMs: 0 },
  automation: onMissing(),
  codeVersion: "1",
  materialize: async (context) => {
    await make(context);
    return { dataVersion: readFileSync(file("orders.txt"), "utf8") };
  },
});
const revenue = defineAsset({ key: "mart/revenue", deps: { orders }, automation: eager(), codeVersion: "1", materialize: make });
const mail = defineAsset({
  key: "mart/mail",
  deps: { revenue },
  freshness: { maxAgeMs: 86_400_000 },
  automation: all(onCron("0 7 1 1 *", { timezone: "Europe/Oslo" }), not(whenOverdue())),
  codeVersion: "1",
  materialize: make,
});
const byHand = defineAsset({ key: "mart/by_hand", deps: { revenue }, codeVersion: "1", materialize: make });

export default defineConfig({ name: "shop", assets: [orders, revenue, mail, byHand] });
`;

class Shop extends Project {
  constructor() {
    super({ "moraine.config.ts": config, "orders.txt": "o1", "ran.txt": "" });
  }

  /** The assets whose bodies were called since this was asked last. */
  called(): readonly string[] {
    const lines = readFileSync(join(this.directory, "ran.txt"), "utf8").split("\n").filter(Boolean);
    this.write("ran.txt", "");
    return lines;
  }

  automate(env: Readonly<Record<string, string>> = {}): Promise<Finished> {
    return this.start(["materialize", "--automation", "--plain"], env).finished;
  }

  /** What `plan --automation` says of each asset. */
  async decisions(): Promise<Readonly<Record<string, string>>> {
    const { assets } = await this.json<{ assets: readonly { key: string; decision: string }[] }>(
      "plan",
      "--automation",
    );
    return Object.fromEntries(assets.map(({ key, decision }) => [key, decision]));
  }
}

const idle = "nothing starts now: moraine plan --automation says why\n";

describe("automation", () => {
  it("says what would start, starts it once, in one run, and then rests", async () => {
    const shop = new Shop();
    const plan = await shop.run("plan", "--automation", "--exit-code");
    expect(plan.code).toBe(3);
    expect(plan.stdout).toMatch(/▸ +raw\/orders +missing +now +missing\n/);
    expect(plan.stdout).toMatch(
      /▸ +mart\/revenue +any\(missing, stale\) +now +missing, raw\/orders starts\n/,
    );
    expect(plan.stdout).toMatch(
      /= +mart\/mail +all\(0 7 1 1 \* Europe\/Oslo, .*no +next 01-01 06:00Z, overdue/,
    );
    expect(plan.stdout).toContain("2 assets of 3 would start: moraine materialize --automation\n");
    expect((await shop.automate()).code).toBe(0);
    expect(shop.called()).toEqual(["raw/orders", "mart/revenue"]);
    expect(await shop.automate()).toMatchObject({ code: 0, stdout: "", stderr: idle });
    expect((await shop.run("plan", "--automation", "--exit-code")).code).toBe(0);
  });

  it("starts what is stale by code or data, and leaves what failed until something changes", async () => {
    const shop = new Shop();
    await shop.run("materialize");
    shop.called();
    shop.write("orders.txt", "o2");
    await shop.run("materialize", "raw/orders");
    expect(shop.called()).toEqual(["raw/orders"]);
    expect((await shop.automate({ FAIL: "mart/revenue" })).code).toBe(1);
    expect(await shop.decisions()).toMatchObject({ "mart/revenue": "done" });
    expect((await shop.automate()).stderr).toBe(idle);
    expect(shop.called()).toEqual(["mart/revenue"]);
    shop.write("orders.txt", "o3");
    await shop.run("materialize", "raw/orders");
    await shop.automate();
    expect(shop.called()).toEqual(["raw/orders", "mart/revenue"]);
  });

  it("waits while a run has an asset in hand, and starts again what was killed", async () => {
    const shop = new Shop();
    const run = shop.start(["materialize", "--automation", "--json"], { HANG: "raw/orders" });
    await printed(run, '"type":"asset-started"');
    expect(await shop.decisions()).toMatchObject({ "raw/orders": "wait", "mart/revenue": "wait" });
    expect((await shop.automate()).stderr).toBe(idle);
    run.kill("SIGKILL");
    await run.finished;
    await shop.automate();
    expect(shop.called()).toEqual(["raw/orders", "raw/orders", "mart/revenue"]);
  });

  it("starts one run when several processes ask at the same time", async () => {
    const shop = new Shop();
    const ends = await Promise.all([shop.automate(), shop.automate(), shop.automate()]);
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(shop.called()).toEqual(["raw/orders", "mart/revenue"]);
    expect(await shop.json("runs")).toHaveLength(1);
  });

  it("judges only what is selected", async () => {
    const shop = new Shop();
    await shop.start(["materialize", "--automation", "orders", "--plain"]).finished;
    expect(shop.called()).toEqual(["raw/orders"]);
    expect(await shop.decisions()).toMatchObject({ "raw/orders": "no", "mart/revenue": "start" });
  });

  it.each([["--force"], ["--retry", "8f21c4"], ["--missing"], ["--detach"]])(
    "is not joined with %s",
    async (...args) => {
      const { code, stderr } = await new Shop().run("materialize", "--automation", ...args);
      expect([code, stderr]).toEqual([2, expect.stringContaining(`and so does ${args[0]}`)]);
    },
  );
});
