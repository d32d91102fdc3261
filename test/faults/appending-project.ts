import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Asset } from "../../framework/definition/asset.ts";
import { type AssetKey, assetKey } from "../../framework/definition/asset-key.ts";
import type { Batch } from "../../framework/definition/batch.ts";
import { defineCheck } from "../../framework/definition/check.ts";
import { defineAsset } from "../../framework/definition/define-asset.ts";
import { defineTable } from "../../framework/definition/table.ts";
import { collectRows, type Lakehouse } from "../../framework/lakehouse/lakehouse.ts";

/** A project whose bodies append rows, so that a write done twice or lost shows in the tables for ever. */
export interface AppendingShape {
  readonly assets: number;
  /** Commits that one body makes, two rows each. */
  readonly appends: number;
  /** Part of every code version: another one makes everything stale. */
  readonly generation: number;
  /** Read the outside world whenever asked. */
  readonly refreshed?: readonly number[];
  /** Made by one call of a batch. */
  readonly batched?: readonly number[];
  /** Published after their checks. */
  readonly audited?: readonly number[];
}

/** The key of the asset at an index. */
export function keyAt(index: number): AssetKey {
  return assetKey(`a/t${String(index).padStart(3, "0")}`);
}

/** What the asset at an index reads: up to three earlier ones, never the same twice; every seventh asset reads nothing. */
export function readAt(index: number): readonly number[] {
  if (index % 7 === 0) return [];
  const picks = [1, 1 + ((index * 5) % 11), 1 + ((index * 13) % 29)];
  return [...new Set(picks.map((back) => index - back).filter((upstream) => upstream >= 0))];
}

/** A table of rows that say in which generation and commit they came, and how many rows each upstream had then. */
function tableAt(index: number) {
  return defineTable({
    key: keyAt(index),
    columns: { generation: "int", part: "int", row: "int", read: "string" },
  });
}

/** What bodies do beside their work. */
export interface Surroundings {
  /** Called when a commit begins and when it is done. */
  tell(text: string): void;
  /** Waited for before a body begins. */
  go(): Promise<void>;
}

export function appendingProject(shape: AppendingShape, { tell, go }: Surroundings): readonly Asset[] {
  const assets: Asset[] = [];
  const append = async (index: number, context: { lakehouse: Lakehouse; stateDir: string }) => {
    const { lakehouse, stateDir } = context;
    await go();
    const counts: number[] = [];
    for (const upstream of readAt(index)) {
      const sql = `SELECT count(*)::INT AS n FROM ${lakehouse.tableName(keyAt(upstream))}`;
      const [row] = await collectRows(await lakehouse.query(sql));
      counts.push(Number(row?.["n"]));
    }
    for (let part = 0; part < shape.appends; part++) {
      const rows = [0, 1].map((row) => ({ generation: shape.generation, part, row, read: counts.join("+") }));
      const path = join(stateDir, `${process.pid}-${index}-${part}.ndjson`);
      await writeFile(path, rows.map((row) => JSON.stringify(row)).join("\n"));
      tell(`append ${keyAt(index)} ${part}`);
      const files = [{ path, format: "ndjson" as const }];
      await lakehouse.load({ table: tableAt(index), files, disposition: { type: "append" } });
      tell(`appended ${keyAt(index)} ${part}`);
    }
  };
  const batch: Batch = {
    name: "appends",
    materialize: async ({ report, ...context }) => {
      for (const { key } of context.assets) {
        report({ type: "asset-started", key });
        await append(Number(key.slice(-3)), context);
        report({ type: "asset-finished", key, result: {} });
      }
    },
    check: async () => {},
    close: async () => {},
  };
  for (let index = 0; index < shape.assets; index++) {
    const key = keyAt(index);
    const asset = defineAsset({
      key,
      deps: Object.fromEntries(
        readAt(index).map((upstream) => [`d${upstream}`, upstreamAt(assets, upstream)]),
      ),
      codeVersion: `g${shape.generation}`,
      table: tableAt(index),
      ...(shape.audited?.includes(index) ? { publish: "after-checks" } : {}),
      ...(shape.refreshed?.includes(index) ? { refresh: { everyMs: 0 } } : {}),
      checks: [
        defineCheck({
          asset: key,
          name: "whole",
          run: async ({ lakehouse, sql }) => {
            const [row] = await collectRows(await lakehouse.query(`SELECT count(*)::INT AS n FROM ${sql}`));
            const value = Number(row?.["n"]);
            return { passed: value % (2 * shape.appends) === 0, value };
          },
        }),
      ],
      materialize: (context) => append(index, context),
    });
    assets.push(shape.batched?.includes(index) ? { ...asset, source: { type: "batch", batch } } : asset);
  }
  return assets;
}

function upstreamAt(assets: readonly Asset[], index: number): Asset {
  const asset = assets[index];
  if (asset === undefined) throw new Error(`Internal error: expected asset ${index} before what reads it`);
  return asset;
}
