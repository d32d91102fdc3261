/** Who commits to a table: one attempt at an asset, or at one partition of it. */
export interface Writer {
  readonly runId: string;
  /** `''` for an asset without partitions. */
  readonly partition: string;
  /** From 1. */
  readonly attempt: number;
}

const runIdProperty = "moraine.run-id";
const partitionProperty = "moraine.partition";
const attemptProperty = "moraine.attempt";

/** The stamp that snapshots of a writer carry in their summary. */
export function stampOf(writer: Writer): Readonly<Record<string, string>> {
  return {
    [runIdProperty]: writer.runId,
    [partitionProperty]: writer.partition,
    [attemptProperty]: String(writer.attempt),
  };
}

/** Who committed a snapshot; undefined when it has no whole stamp: another tool did, or several writers at once. */
export function writerOf({
  summary,
}: {
  readonly summary: Readonly<Record<string, string>>;
}): Writer | undefined {
  const runId = summary[runIdProperty];
  const partition = summary[partitionProperty];
  const attempt = summary[attemptProperty];
  if (runId === undefined || partition === undefined || attempt === undefined) return undefined;
  return { runId, partition, attempt: Number(attempt) };
}
