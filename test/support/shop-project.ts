import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Project } from "./moraine.ts";

// The days of a past month, so that what exists does not depend on today.
const config = `
import { all, dailyPartitions, defineAsset, defineCheck, defineConfig, eager, multiPartitions, not, onCron, onMissing, staticPartitions } from "moraine";
import { appendFileSync } from "node:fs";

const days = dailyPartitions({ start: "2026-01-01", end: "2026-01-10" });
const note = (text: string) => appendFileSync("made.txt", text + "\\n");

const orders = defineAsset({
  key: "sales/orders",
  partitions: days,
  materialize: ({ partition }) => {
    if (process.env["BAD"] === partition?.key) throw new Error("the source is down");
    note("orders " + partition?.key);
    return { metadata: { rows: { type: "rows", value: 24 } } };
  },
});
const perDay = defineAsset({
  key: "sales/per_day",
  partitions: days,
  deps: { orders },
  materialize: ({ partition }) => note("per_day " + partition?.key),
});
const total = defineAsset({
  key: "sales/total",
  automation: all(eager(), onCron("0 7 * * *", { timezone: "UTC" }), not(onMissing())),
  deps: { perDay },
  materialize: ({ inputs }) => note("total of " + inputs.perDay.partitions?.length),
});
const cells = defineAsset({
  key: "grid/cells",
  partitions: multiPartitions({ day: days, region: staticPartitions(["emea", "apac"]) }),
  materialize: ({ partition }) => note("cell " + partition?.key),
});
const check = defineCheck({ asset: orders, name: "has_rows", run: ({ partition }) => ({ passed: partition !== undefined }) });

export default defineConfig({ name: "shop", assets: [orders, perDay, total, cells, check] });
`;

/** A project with partitions: by day, by day and region, and what reads them. */
export class Shop extends Project {
  constructor() {
    super({ "moraine.config.ts": config, "made.txt": "" });
  }

  /** What the bodies did since this was last asked, in any order. */
  async made(...args: readonly string[]): Promise<readonly string[]> {
    this.write("made.txt", "");
    const { code, stderr } = await this.run("materialize", "--plain", "-q", ...args);
    if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
    return this.notes();
  }

  notes(): readonly string[] {
    return readFileSync(join(this.directory, "made.txt"), "utf8").trim().split("\n").toSorted();
  }
}
