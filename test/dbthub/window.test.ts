import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lakeTime, fromLakeTime } from "../../framework/dbthub/lake-time.ts";
import { toValue } from "../../framework/dbthub/map-record.ts";
import { planWindow } from "../../framework/dbthub/window.ts";

const settleMs = 300_000;
const overlapMs = 600_000;
const instant = (text: string) => new Date(`2026-01-05T${text}Z`);

describe("the window", () => {
  it("has no lower bound the first time and ends before the server's time", () => {
    expect(planWindow({ lastHi: undefined, serverTime: instant("12:00:00"), settleMs, overlapMs })).toEqual({
      lo: undefined,
      hi: instant("11:55:00"),
    });
  });

  it("begins before the last one's end", () => {
    const window = planWindow({
      lastHi: instant("11:00:00"),
      serverTime: instant("12:00:00"),
      settleMs,
      overlapMs,
    });
    expect(window).toEqual({ lo: instant("10:50:00"), hi: instant("11:55:00") });
  });

  it("leaves no gap, whatever the server's clock does", () => {
    const times = fc.array(fc.integer({ min: 0, max: 4_000_000 }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(times, (seconds) => {
        let lastHi = new Date(1.7e12);
        for (const second of seconds) {
          const window = planWindow({
            lastHi,
            serverTime: new Date(1.7e12 + second * 1000),
            settleMs,
            overlapMs,
          });
          expect(window.lo?.getTime()).toBeLessThan(window.hi.getTime());
          // Whatever came later than the last end is inside, as is the overlap.
          expect(window.lo?.getTime()).toBeLessThanOrEqual(lastHi.getTime() - overlapMs);
          lastHi = window.hi;
        }
      }),
    );
  });
});

describe("values", () => {
  it("are the same from REST's JSON and Bulk's text", () => {
    expect(toValue(true, "boolean", "f")).toBe(toValue("true", "boolean", "f"));
    expect(toValue(3, "int", "f")).toBe(toValue("3.0", "int", "f"));
    expect(toValue("2026-01-05T12:00:00.000+0000", "timestamp", "f")).toBe("2026-01-05 12:00:00.000000");
    expect(toValue("2026-01-05T12:00:00.000Z", "timestamp", "f")).toBe("2026-01-05 12:00:00.000000");
    expect(toValue("", "string", "f")).toBeNull();
  });

  it.each(["NA", "N/A", "null", "None", " ", "0"])("of text stay as they are: %s", (text) => {
    expect(toValue(text, "string", "f")).toBe(text);
  });

  it.each([
    ["yes", "boolean"],
    ["3.5", "int"],
    ["soon", "timestamp"],
    [{ street: "x" }, "string"],
  ] as const)("of another type are refused: %o as %s", (value, type) => {
    expect(() => toValue(value, type, "f")).toThrow("holds something else than declared");
  });

  it("of time sort as text as they sort in time", () => {
    const date = fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true });
    fc.assert(
      fc.property(date, date, (a, b) => {
        expect(lakeTime(a) < lakeTime(b)).toBe(a.getTime() < b.getTime());
        expect(fromLakeTime(lakeTime(a))).toEqual(a);
      }),
    );
  });
});
