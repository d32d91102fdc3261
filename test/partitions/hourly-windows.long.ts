import { describe, it } from "vitest";
import { allZones, expectWholeHours } from "./hourly-windows.ts";

describe("hourly windows begin whenever clocks show a whole hour, over ten years, in", () => {
  it.each(allZones)("%s", (timezone) => {
    for (let year = 2017; year < 2027; year += 1)
      expectWholeHours(timezone, Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 2));
  });
});
