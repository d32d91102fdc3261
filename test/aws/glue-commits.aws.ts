import {
  CreateDatabaseCommand,
  CreateTableCommand,
  GetTableCommand,
  GlueClient,
  UpdateTableCommand,
} from "@aws-sdk/client-glue";
import { expect, it, onTestFinished } from "vitest";
import { startMoto } from "./stack/moto.ts";

const database = "commits";
const table = { DatabaseName: database, Name: "counter" };

/** A table whose parameter `committed` names every commit that was not lost. */
async function counterTable(glue: GlueClient): Promise<GlueClient> {
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: database } }));
  await glue.send(
    new CreateTableCommand({
      DatabaseName: database,
      TableInput: { Name: table.Name, Parameters: { committed: "" } },
    }),
  );
  return glue;
}

async function read(glue: GlueClient): Promise<{ committed: string; version: string | undefined }> {
  const { Table } = await glue.send(new GetTableCommand(table));
  return { committed: Table?.Parameters?.["committed"] ?? "", version: Table?.VersionId };
}

/** Writes what a writer makes of what it read, as an Iceberg catalog on Glue does. */
async function commit(glue: GlueClient, seen: Awaited<ReturnType<typeof read>>, name: string): Promise<void> {
  await glue.send(
    new UpdateTableCommand({
      DatabaseName: database,
      TableInput: { Name: table.Name, Parameters: { committed: `${seen.committed}${name}` } },
      VersionId: seen.version,
    }),
  );
}

async function commitUntilDone(glue: GlueClient, name: string): Promise<void> {
  for (;;) {
    try {
      return await commit(glue, await read(glue), name);
    } catch (error) {
      if ((error as Error).name !== "ConcurrentModificationException") throw error;
    }
  }
}

it("refuses a commit on a version that is no longer the table's", async () => {
  const glue = await counterTable(new GlueClient({}));
  const [first, second] = [await read(glue), await read(glue)];
  await commit(glue, first, "a");
  await expect(commit(glue, second, "b")).rejects.toMatchObject({ name: "ConcurrentModificationException" });
  expect((await read(glue)).committed).toBe("a");
});

it("keeps every acknowledged commit of writers at the same time", async () => {
  const before = (await read(new GlueClient({}))).committed;
  const names = ["c", "d", "e", "f", "g", "h"];
  await Promise.all(names.map((name) => commitUntilDone(new GlueClient({}), name)));
  const { committed } = await read(new GlueClient({}));
  expect(committed.slice(before.length).split("").sort()).toEqual(names);
});

it("needs its lock: moto as published acknowledges both of two commits and loses one", async () => {
  const moto = await startMoto({ glueLocks: false });
  onTestFinished(moto.close);
  const glue = await counterTable(new GlueClient({ endpoint: moto.url }));
  const [first, second] = [await read(glue), await read(glue)];
  await commit(glue, first, "a");
  await commit(glue, second, "b");
  expect((await read(glue)).committed).toBe("b");
});
