import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { expect, it } from "vitest";
import { instantOfLocal, utcOffsetMs } from "../../framework/util/zoned-time.ts";

const zones = fc.constantFrom(
  "UTC",
  "Europe/Oslo",
  "America/Santiago",
  "America/St_Johns",
  "Africa/Casablanca",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "Asia/Kathmandu",
  "Antarctica/Troll",
);
/** Any minute of thirty years, and minutes around changes of clocks. */
const minutes = fc.oneof(
  fc.integer({ min: Date.UTC(2005, 0, 1) / 60_000, max: Date.UTC(2035, 0, 1) / 60_000 }),
  fc
    .tuple(
      fc.constantFrom("2026-03-29", "2026-04-05", "2026-09-06", "2026-10-04", "2026-10-25", "2011-12-30"),
      fc.integer({ min: -2880, max: 2880 }),
    )
    .map(([day, minute]) => Date.parse(day) / 60_000 + minute),
);

it("local time is that of Temporal, and a local time begins where Temporal says that it can", () => {
  fc.assert(
    fc.property(zones, minutes, (timezone, minute) => {
      const instant = Temporal.Instant.fromEpochMilliseconds(minute * 60_000);
      expect(utcOffsetMs(minute * 60_000, timezone)).toBe(
        instant.toZonedDateTimeISO(timezone).offsetNanoseconds / 1e6,
      );
      const local = instant.toZonedDateTimeISO("UTC").toPlainDateTime();
      const earlier = local.toZonedDateTime(timezone, { disambiguation: "earlier" });
      // In a gap, "earlier" is a moment before it.
      const first = earlier.toPlainDateTime().equals(local) ? earlier : earlier.getTimeZoneTransition("next");
      expect(instantOfLocal(minute * 60_000, timezone)).toBe(first?.epochMilliseconds);
    }),
    { numRuns: 1_000 },
  );
});
