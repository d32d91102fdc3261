import { FailureError } from "../../event/failure.ts";
import { deleteObjects } from "../delete-objects.ts";
import { proxyAgents } from "../../util/proxy-agents.ts";

/**
 * Removes objects from S3; those that are gone already count as well.
 *
 * @param objects URLs with their bytes, where they are known
 * @param access the REST specification's `config` of the table
 */
export async function removeObjects(
  objects: readonly (readonly [url: string, bytes: number | undefined])[],
  access: Readonly<Record<string, string>>,
): Promise<{ readonly filesRemoved: number; readonly bytesFreed: number }> {
  if (objects.length === 0) return { filesRemoved: 0, bytesFreed: 0 };
  const { S3Client } = await import("../aws-sdk/s3.ts");
  const client = new S3Client(clientOptions(access));
  try {
    for (const [bucket, keys] of byBucket(objects.map(([url]) => url))) {
      const problem = await deleteObjects(client, bucket, keys).catch((error: unknown) => {
        throw notRemoved(bucket, error instanceof Error ? error.message : String(error), error);
      });
      if (problem !== undefined)
        throw notRemoved(`${bucket}/${problem.Key ?? ""}`, `${problem.Code ?? ""} ${problem.Message ?? ""}`);
    }
  } finally {
    client.destroy();
  }
  const bytesFreed = objects.reduce((sum, [, bytes]) => sum + (bytes ?? 0), 0);
  return { filesRemoved: objects.length, bytesFreed };
}

function clientOptions(access: Readonly<Record<string, string>>) {
  const endpoint = access["s3.endpoint"];
  const accessKeyId = access["s3.access-key-id"];
  const secretAccessKey = access["s3.secret-access-key"];
  const sessionToken = access["s3.session-token"];
  return {
    region: access["s3.region"] ?? "us-east-1",
    requestHandler: { ...proxyAgents() },
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: access["s3.path-style-access"] === "true",
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : {
          credentials: {
            accessKeyId,
            secretAccessKey,
            ...(sessionToken === undefined ? {} : { sessionToken }),
          },
        }),
  };
}

function byBucket(urls: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const buckets = new Map<string, string[]>();
  for (const url of urls) {
    const [, bucket = "", key = ""] = /^s3[an]?:\/\/([^/]+)\/(.*)$/.exec(url) ?? [];
    buckets.set(bucket, [...(buckets.get(bucket) ?? []), key]);
  }
  return buckets;
}

function notRemoved(where: string, got: string, cause?: unknown): FailureError {
  return new FailureError(
    {
      reason: "lake-unreadable",
      message: "snapshots were removed, but not all of their files",
      got,
      where: `s3://${where}`,
      next: "allow the target's S3 keys to delete objects; the files that are left have to be removed by hand",
      retryable: false,
    },
    { cause },
  );
}
