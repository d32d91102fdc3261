import type { GlueClient } from "@aws-sdk/client-glue";
import { expect, it } from "vitest";
import type { AwsClients } from "../../framework/lakehouse/athena/aws-clients.ts";
import { GlueCatalog } from "../../framework/lakehouse/athena/glue-catalog.ts";
import type { S3Objects } from "../../framework/lakehouse/athena/s3-objects.ts";

/** A catalog whose every request ends like that. */
function refusing(name: string): GlueCatalog {
  const send = () => Promise.reject(Object.assign(new Error("not authorized"), { name }));
  const clients = { glue: async () => ({ send }) as unknown as GlueClient } as unknown as AwsClients;
  return new GlueCatalog(clients, {} as S3Objects);
}

it("passes over a database of somebody else's, and over nothing but that", async () => {
  expect(await refusing("AccessDeniedException").tables("finance")).toEqual([]);
  await expect(refusing("ThrottlingException").tables("finance")).rejects.toThrow("not authorized");
});
