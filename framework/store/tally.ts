/**
 * What is counted of the store's history: rows by labels, with the seconds that they took. The same queries count what is
 * there and what pruning is about to remove, so that no total ever falls.
 */
interface Tallied {
  readonly from: string;
  readonly target: string;
  readonly where: string;
  /** Expressions; they become a JSON array. */
  readonly labels: readonly string[];
  readonly seconds: string;
  /** @default one for each row */
  readonly count?: string;
}

/** Upper bounds of a run's duration, seconds; a longer one counts under none of them. */
export const durationBounds = [1, 5, 15, 60, 300, 900, 1_800, 3_600, 7_200, 21_600, 43_200] as const;

// Rounded to the milliseconds that instants have, or a whole second would be a little more than one; never below 0,
// which a clock that was set back would give.
const runSeconds = "max(0, round((julianday(t.finished_at) - julianday(t.started_at)) * 86400.0, 3))";
const runBound = `CASE ${durationBounds.map((bound) => `WHEN ${runSeconds} <= ${bound} THEN ${bound}`).join(" ")} END`;

const tallied = {
  runs: {
    from: "runs t",
    target: "t.target",
    where: "t.status <> 'running'",
    labels: ["t.status", "t.trigger", runBound],
    seconds: `sum(${runSeconds})`,
  },
  attempts: {
    from: "runs r CROSS JOIN attempts t ON t.run_id = r.id",
    target: "r.target",
    where: "t.outcome IS NOT NULL",
    labels: ["t.key", "t.outcome", "t.attempt > 1"],
    seconds: "0",
  },
  materializations: {
    from: "materializations t",
    target: "t.target",
    where: "t.made_at IS NULL AND NOT t.withdrawn",
    labels: ["t.key"],
    seconds: "sum(t.duration_ms) / 1000.0",
  },
  check_results: {
    from: "check_results t",
    target: "t.target",
    where: "TRUE",
    labels: ["t.key", "t.check_name", "t.passed"],
    seconds: "sum(t.duration_ms) / 1000.0",
  },
  ticks: {
    from: "ticks t",
    target: "t.target",
    where: "t.finished_at IS NOT NULL",
    labels: ["t.schedule", "t.status"],
    seconds: "0",
    // Those that were missed together are one row.
    count: "sum(t.count)",
  },
} as const satisfies Readonly<Record<string, Tallied>>;

/** A table whose rows are counted. */
export type TalliedTable = keyof typeof tallied;

/** Whether rows of the table have to be kept in the tally before they go. */
export function isTallied(table: string): table is TalliedTable {
  return Object.hasOwn(tallied, table);
}

/** Selects `target, labels, count, seconds` of a table's rows `t` that meet a condition. */
export function tallyQuery(table: TalliedTable, condition: string): string {
  const { from, target, where, labels, seconds, count = "count(*)" }: Tallied = tallied[table];
  return `SELECT ${target} AS target, json_array(${labels.join(", ")}) AS labels, ${count} AS count, ${seconds} AS seconds
    FROM ${from} WHERE ${where} AND (${condition}) GROUP BY ${[target, ...labels].join(", ")}`;
}

/** Selects the same of one target's rows, those that were pruned included. Takes `@target`. */
export function totalQuery(table: TalliedTable): string {
  const { target }: Tallied = tallied[table];
  return `SELECT labels, sum(count) AS count, sum(seconds) AS seconds FROM (
      SELECT labels, count, seconds FROM (${tallyQuery(table, `${target} = @target`)})
      UNION ALL SELECT labels, count, seconds FROM tallies WHERE target = @target AND tallied = '${table}')
    GROUP BY labels ORDER BY labels`;
}

/** Adds rows `t` that meet a condition to what is kept of pruned ones. */
export function keepTally(table: TalliedTable, condition: string): string {
  return `INSERT INTO tallies (target, tallied, labels, count, seconds)
    SELECT target, '${table}', labels, count, seconds FROM (${tallyQuery(table, condition)}) WHERE TRUE
    ON CONFLICT (target, tallied, labels) DO UPDATE SET count = count + excluded.count, seconds = seconds + excluded.seconds`;
}
