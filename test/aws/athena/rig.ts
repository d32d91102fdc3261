import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import {
  type AthenaLakehouseOptions,
  openAthenaLakehouse,
} from "../../../framework/lakehouse/athena/athena-lakehouse.ts";
import type { Lakehouse } from "../../../framework/lakehouse/lakehouse.ts";
import { sourceFiles } from "../../lakehouse/support.ts";
import { region } from "../stack/environment.ts";

/** An Athena lake with nothing in it, in an account with nothing in it. */
export interface AthenaRig extends ReturnType<typeof sourceFiles> {
  readonly lake: Lakehouse;
  /** What attempts under way may go back to. */
  readonly snapshotsInUse: string[];
  /** For what lies on this machine. */
  readonly folder: string;
  /** Another lakehouse over the same account, as another process would have. */
  another(options?: Partial<AthenaLakehouseOptions>): Lakehouse;
  close(): Promise<void>;
}

/** Where the tests' lakes are. */
export const lakeLocation = "s3://moraine-lake/tables";
/** Where results go that no work group has a place for. */
export const resultsLocation = "s3://moraine-results/athena/";

/** Empties the account that moto stands for, and makes the buckets of a deployment. */
export async function emptyAccount(): Promise<void> {
  const answer = await fetch(`${process.env["AWS_ENDPOINT_URL"] ?? ""}/moto-api/reset`, { method: "POST" });
  if (!answer.ok) throw new Error(`expected moto to forget everything, got HTTP ${answer.status}`);
  const s3 = new S3Client({ forcePathStyle: true });
  for (const Bucket of ["moraine-lake", "moraine-results"])
    await s3.send(
      new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: region } }),
    );
  s3.destroy();
}

/** Makes an {@link AthenaRig}; close it after the test. */
export async function athenaRig(options: Partial<AthenaLakehouseOptions> = {}): Promise<AthenaRig> {
  await emptyAccount();
  const folder = await mkdtemp(join(tmpdir(), "moraine-athena-"));
  const opened: Lakehouse[] = [];
  const inUse: string[] = [];
  const another = (more: Partial<AthenaLakehouseOptions> = {}): Lakehouse => {
    const lake = openAthenaLakehouse({
      location: lakeLocation,
      results: resultsLocation,
      workDir: folder,
      snapshotsInUse: () => inUse,
      ...options,
      ...more,
    });
    opened.push(lake);
    return lake;
  };
  return {
    lake: another(),
    snapshotsInUse: inUse,
    folder,
    another,
    ...sourceFiles(folder),
    close: async () => {
      await Promise.all(opened.map((lake) => lake.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
