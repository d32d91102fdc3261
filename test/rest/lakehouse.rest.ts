import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { assetKey } from "../../framework/definition/asset-key.ts";
import { openRestLakehouse } from "../../framework/lakehouse/rest/rest-lakehouse.ts";
import { lakehouseContract } from "../lakehouse/contract.ts";
import { sourceFiles, testExtensions } from "../lakehouse/support.ts";
import { type Seaweedfs, startSeaweedfs } from "../aws/stack/seaweedfs.ts";

let seaweedfs: Seaweedfs;
beforeAll(async () => {
  seaweedfs = await startSeaweedfs();
});
afterAll(() => seaweedfs.close());

lakehouseContract("SeaweedFS's", async () => {
  const folder = await mkdtemp(join(tmpdir(), "moraine-rest-"));
  const { uri, warehouse, secret } = seaweedfs;
  const snapshotsInUse: string[] = [];
  const open = () =>
    openRestLakehouse({
      uri,
      warehouse,
      secret: async () => secret,
      workDir: folder,
      extensionDirectory: testExtensions,
      snapshotsInUse: () => snapshotsInUse,
    });
  const lake = open();
  return {
    lake,
    snapshotsInUse,
    ...sourceFiles(folder),
    close: async () => {
      await lake.close();
      const cleaner = open();
      for (const { key } of await cleaner.tables()) await cleaner.drop(assetKey(key));
      await cleaner.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
