import type { DeleteObjectsCommandOutput, S3Client } from "@aws-sdk/client-s3";

/** Keys that S3 takes in one request. */
const keysAtOnce = 1_000;

/** What S3 says of a key that it did not delete. */
export type Undeleted = NonNullable<DeleteObjectsCommandOutput["Errors"]>[number];

/** Deletes objects of one bucket; those that are gone already count as deleted. Gives the first that is not. */
export async function deleteObjects(
  client: S3Client,
  bucket: string,
  keys: readonly string[],
): Promise<Undeleted | undefined> {
  const { DeleteObjectsCommand } = await import("./aws-sdk/s3.ts");
  for (let from = 0; from < keys.length; from += keysAtOnce) {
    const Objects = keys.slice(from, from + keysAtOnce).map((Key) => ({ Key }));
    const command = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } });
    const { Errors: [problem] = [] } = await client.send(command);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
