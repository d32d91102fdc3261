import { expect, it } from "vitest";
import {
  dailyPartitions,
  defineAsset,
  type Metadata,
  multiPartitions,
  type Partitions,
  staticPartitions,
} from "moraine";
import { assetKey } from "moraine";
import { WatchRig } from "./watch-rig.ts";

/** An asset whose partitions say the rows that the test says. */
function counted(partitions: Partitions, rows: (partition: string) => number, name = "rows") {
  return defineAsset({
    key: "sales/orders",
    partitions,
    codeVersion: "1",
    materialize: ({ partition }) => ({
      dataVersion: String(Math.random()),
      metadata: {
        rows: { type: "rows", value: 1000 },
        [name]: { type: "rows", value: rows(partition?.key ?? "") },
      } as Metadata,
    }),
  });
}

const days = dailyPartitions({ start: "2026-01-01", end: "2026-01-12" });
const day = (number: number) => `2026-01-${String(number).padStart(2, "0")}`;
const allDays = Array.from({ length: 12 }, (_, index) => day(index + 1));
const named = (...keys: string[]) =>
  ({ type: "named", keys: new Map([[assetKey("sales/orders"), keys]]) }) as const;

it("an empty partition is told although the run wrote others after it, until it is made again", async () => {
  const rig = new WatchRig();
  let emptyDay = day(10);
  const orders = counted(days, (key) => (key === emptyDay ? 0 : 1000));
  await rig.run([orders], { partitions: named(...allDays), workers: 1 });
  expect(rig.told([orders])).toEqual([`volume-anomaly: sales/orders[${day(10)}] rows`]);
  expect(rig.store.alerts.firing()[0]?.facts).toMatchObject({ partition: day(10), value: 0, median: 1000 });
  emptyDay = "";
  await rig.run([orders], { partitions: named(day(10)), forced: new Set([orders.key]) });
  expect(rig.told([orders])).toEqual([]);
});

it("many versions opened in one partition of several are told", async () => {
  const rig = new WatchRig();
  const orders = counted(days, (key) => (key === day(9) ? 900 : 10), "versions_opened");
  await rig.run([orders], { partitions: named(...allDays), workers: 1 });
  expect(rig.told([orders])).toEqual([`scd-anomaly: sales/orders[${day(9)}] versions_opened`]);
});

it("partitions of other sizes are no series: each of a list is judged by its own past", async () => {
  const rig = new WatchRig();
  const size = { emea: 100_000, apac: 500, home: 40 } as Record<string, number>;
  const orders = counted(staticPartitions(["emea", "apac", "home"]), (key) => size[key] ?? 0);
  for (let run = 0; run < 8; run += 1) {
    await rig.run([orders], { forced: new Set([orders.key]), workers: 1 });
    expect(rig.told([orders])).toEqual([]);
  }
  size["apac"] = 0;
  await rig.run([orders], { forced: new Set([orders.key]), workers: 1 });
  expect(rig.told([orders])).toEqual(["volume-anomaly: sales/orders[apac] rows"]);
});

it("a day of a region is judged by the days of that region", async () => {
  const rig = new WatchRig();
  const partitions = multiPartitions({ day: days, region: staticPartitions(["emea", "apac"]) });
  const orders = counted(partitions, (key) =>
    key === `${day(11)}|apac` ? 0 : key.endsWith("emea") ? 100_000 : 500,
  );
  const keys = allDays.flatMap((each) => [`${each}|emea`, `${each}|apac`]);
  await rig.run([orders], { partitions: named(...keys), workers: 1 });
  expect(rig.told([orders])).toEqual([`volume-anomaly: sales/orders[${day(11)}|apac] rows`]);
});
