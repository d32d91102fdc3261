import type { QuietHours } from "../../definition/alerts.ts";
import { utcOffsetMs } from "../../util/zoned-time.ts";

const minuteMs = 60_000;
const minutesOfDay = 24 * 60;

/** Whether an instant lies in the quiet hours, by what the clocks of their zone show. */
export function isQuiet({ from, to, timezone }: QuietHours, now: Date): boolean {
  const localMs = now.getTime() + utcOffsetMs(now.getTime(), timezone);
  const minute = Math.floor(localMs / minuteMs) % minutesOfDay;
  const [begins, ends] = [minuteOf(from), minuteOf(to)];
  return begins < ends ? begins <= minute && minute < ends : begins <= minute || minute < ends;
}

function minuteOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  return hours * 60 + minutes;
}
