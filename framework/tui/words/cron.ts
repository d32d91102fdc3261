import { nicknames } from "../../util/cron-fields.ts";

const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** An expression in words, `daily at 05:00`, `Mon-Fri at 07:00`, `every 15 minutes`; one that has none as it is. */
export function cronText(cron: string): string {
  const expression = cron.trim().replaceAll(/\s+/g, " ");
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = (
    nicknames[expression.toLowerCase()] ?? expression
  ).split(" ");
  const time = timeText(minute, hour);
  const days = daysText(day, month, weekday);
  if (time === undefined || days === undefined) return expression;
  if (days !== "") return `${days} ${time}`;
  return time.startsWith("at ") ? `daily ${time}` : time;
}

function timeText(minute: string, hour: string): string | undefined {
  const everyMinutes = stepOf(minute, 60);
  if (everyMinutes !== undefined && hour === "*")
    return everyMinutes === 1 ? "every minute" : `every ${everyMinutes} minutes`;
  if (!/^\d+$/.test(minute)) return undefined;
  const past = minute.padStart(2, "0");
  const everyHours = stepOf(hour, 24);
  if (everyHours !== undefined)
    return everyHours === 1 ? `hourly at :${past}` : `every ${everyHours} hours at :${past}`;
  if (!/^\d+(?:,\d+){0,3}$/.test(hour)) return undefined;
  return `at ${hour
    .split(",")
    .map((each) => `${each.padStart(2, "0")}:${past}`)
    .join(", ")}`;
}

/** The n of `*` and of a step that divides the whole; other steps begin anew with each whole, which no "every" says. */
function stepOf(field: string, whole: number): number | undefined {
  const step = Number(/^\*(?:\/(\d+))?$/.exec(field)?.[1] ?? (field === "*" ? 1 : Number.NaN));
  return step > 0 && whole % step === 0 ? step : undefined;
}

/** Empty: every day. */
function daysText(day: string, month: string, weekday: string): string | undefined {
  const inMonth = month === "*" ? "" : namesOf(month, months, 1);
  if (inMonth === undefined || (day !== "*" && weekday !== "*")) return undefined;
  const on =
    day === "*"
      ? weekday === "*"
        ? ""
        : namesOf(weekday, weekdays, 0)
      : /^\d+(?:,\d+)*$/.test(day)
        ? `on day ${day.replaceAll(",", ", ")}`
        : undefined;
  if (on === undefined) return undefined;
  return [on, ...(inMonth === "" ? [] : [`in ${inMonth}`])].join(" ").trim();
}

/** Numbers or names, one, a range or a list, by the names of a week or a year. */
function namesOf(field: string, names: readonly string[], first: number): string | undefined {
  const nameOf = (part: string) =>
    /^\d+$/.test(part)
      ? names[(Number(part) - first) % names.length]
      : names.find((name) => name.toLowerCase() === part.toLowerCase());
  const parts = field.split(",").map((part) => {
    const ends = part.split("-").map(nameOf);
    return ends.includes(undefined) || ends.length > 2 ? undefined : ends.join("-");
  });
  return parts.includes(undefined) ? undefined : parts.join(", ");
}
