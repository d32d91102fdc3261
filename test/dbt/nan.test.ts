import { expect, test } from "vitest";
import type { DbtManifest } from "../../framework/dbt/dbt-manifest.ts";
import { Shop } from "./rig.ts";

test("a project whose YAML holds what JSON does not is read", async () => {
  const shop = new Shop();
  shop.edit("models/schema.yml", (text) =>
    text.replace("- name: stg_order\n", "- name: stg_order\n    meta: { highest: .inf, share: .nan }\n"),
  );
  const worker = await shop.worker();
  const signal = new AbortController().signal;
  const manifest = (await worker.request({ command: "parse", env: {} }, { signal })) as DbtManifest;
  const node = manifest.nodes.find(({ name }) => name === "stg_order");
  expect(node?.meta).toMatchObject({ highest: "inf", share: "nan" });
});
