import type { Expired, Optimized } from "../lakehouse/lakehouse.ts";

/** What joining files did, for people. */
export function optimizedText({ filesBefore, filesAfter }: Optimized): string {
  return filesAfter === filesBefore
    ? `nothing to join in ${counted(filesBefore, "file")}`
    : `${counted(filesBefore, "file")} became ${filesAfter}`;
}

/** What expiring snapshots did, for people. */
export function expiredText({ snapshotsRemoved, filesRemoved }: Expired): string {
  return `${counted(snapshotsRemoved, "snapshot")} and ${counted(filesRemoved, "file")} removed`;
}

function counted(count: number, singular: string): string {
  return `${count} ${singular}${count === 1 ? "" : "s"}`;
}
