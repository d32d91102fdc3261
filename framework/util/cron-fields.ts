/** A cron expression whose meaning is the same to every cron that reads it, or what to write instead. */
export type ReadFields =
  | {
      readonly ok: true;
      /** As the calendar reads it. */
      readonly pattern: string;
      /** Whether it goes on in an hour that comes twice: its minute or its hour begins with `*`, as Vixie cron has it. */
      readonly repeats: boolean;
    }
  | { readonly ok: false; readonly message: string };

interface Field {
  /** Plural, for messages. */
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names of the values, from `min`. */
  readonly names?: readonly string[];
}

const fields: readonly Field[] = [
  { name: "minutes", min: 0, max: 59 },
  { name: "hours", min: 0, max: 23 },
  { name: "days", min: 1, max: 31 },
  {
    name: "months",
    min: 1,
    max: 12,
    names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
  },
  // 7 is Sunday as well.
  { name: "weekdays", min: 0, max: 7, names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] },
];

/** What the nicknames stand for. */
export const nicknames: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

/**
 * Reads five fields, or a nickname. What crons read in different ways is refused: `5L` is every Friday to some and the
 * last one to others, `0/20` one minute or three, a stepped day beside a weekday either of them or both.
 */
export function readFields(cron: string): ReadFields {
  const text = cron.trim().toUpperCase().replaceAll(/\s+/g, " ");
  const texts = (nicknames[text.toLowerCase()] ?? text).split(" ");
  if (texts.length !== fields.length)
    return { ok: false, message: 'expected five fields like "0 7 * * 1-5", or @daily' };
  for (const [index, field] of fields.entries()) {
    for (const part of (texts[index] ?? "").split(",")) {
      const message = partProblem(part, field);
      if (message !== undefined) return { ok: false, message };
    }
  }
  const [minute = "", hour = "", day = "", , weekday = ""] = texts;
  const steppedDay = steppedBeside(day, weekday, "1-31") ?? steppedBeside(weekday, day, "0-6");
  if (steppedDay !== undefined) return { ok: false, message: steppedDay };
  return { ok: true, pattern: texts.join(" "), repeats: minute.startsWith("*") || hour.startsWith("*") };
}

/** A stepped star beside a restricted field: Vixie cron wants both of them, others take either. */
function steppedBeside(text: string, other: string, all: string): string | undefined {
  if (!text.startsWith("*") || text === "*" || other === "*") return undefined;
  return `expected no "${text}" where both day and weekday are given, for some crons take both and some either: write ${text.replaceAll("*", all)} for either`;
}

/** What is wrong with one part of a field's list. */
function partProblem(part: string, field: Field): string | undefined {
  const { name, min, max } = field;
  const [, from = "", to, step] = /^(\*|[^-/]+)(?:-([^-/]+))?(?:\/(\d+))?$/.exec(part) ?? [];
  const [low, high] = [valueOf(from, field), to === undefined ? undefined : valueOf(to, field)];
  if (from === "*" ? to !== undefined : low === undefined || (to !== undefined && high === undefined))
    return specialProblem(part, field);
  if (step !== undefined && !(Number(step) >= 1 && Number(step) <= max + 1 - min))
    return `expected a step of 1 to ${max + 1 - min} ${name}, not "${part}"`;
  if (low === undefined) return undefined;
  const last = name === "weekdays" ? 6 : max;
  if (step !== undefined && to === undefined)
    return `expected a range before "/${step}", for some crons take "${part}" as ${from} alone: write ${low}-${last}/${step}`;
  // Until Sunday.
  const end = to === "SUN" && low > 0 ? 7 : high;
  if (end === undefined || low <= end) return undefined;
  const both = low > last ? `${min}-${end}` : `${low}-${last},${min}-${end}`;
  return `expected a range that goes up, not "${part}": write ${both}`;
}

function valueOf(text: string, { min, max, names = [] }: Field): number | undefined {
  const value = names.includes(text) ? names.indexOf(text) + min : /^\d{1,2}$/.test(text) ? Number(text) : -1;
  return value >= min && value <= max ? value : undefined;
}

/** What is wrong with a part that is neither a value nor a range: some fields have `L` or `#`. */
function specialProblem(part: string, field: Field): string | undefined {
  const { name, min, max } = field;
  if (name === "days" && part === "L") return undefined;
  if (name === "weekdays") {
    const [, weekday = "", mark = "", which = ""] = /^([^#L]+)(#?)(L|\d)$/.exec(part) ?? [];
    const isKnown = valueOf(weekday, field) !== undefined;
    if (isKnown && mark === "#" && /^[1-5L]$/.test(which)) return undefined;
    if (isKnown && mark === "" && which === "L")
      return `expected no "${part}", which is the last one of the month to some crons and every one to others: write ${weekday}#L for the last, ${weekday} for every`;
    if (part.includes("#"))
      return `expected a weekday before "#" and 1 to 5 or L behind it, like MON#2, FRI#L or 1#1,2#1, not "${part}"`;
  }
  if (/^(?:L?W|L-\d+|\d+W)$/.test(part) && name === "days")
    return `expected days from 1 to 31, or L for the last one, not "${part}", which few crons know`;
  const lasts = part.includes("L")
    ? "; L is the last day as a day of the month, and FRI#L the last Friday"
    : "";
  return `expected ${name} from ${min} to ${max}, with lists, ranges and steps, not "${part}"${lasts}`;
}
