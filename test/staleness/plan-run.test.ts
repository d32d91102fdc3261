import { expect, it } from "vitest";
import { assetKey, defineAsset, defineSource } from "moraine";
import { countingAsset, Rig } from "../support/rig.ts";
import { Project } from "../support/moraine.ts";

const only = (key: string) => ({ keys: [assetKey(key)] });

it("an asset whose upstream is due, and not selected, is not run", async () => {
  const rig = new Rig();
  const raw = defineAsset({
    key: "raw/users",
    refresh: { everyMs: 0 },
    codeVersion: "1",
    materialize: () => {},
  });
  const { asset: mart } = countingAsset("mart/users", [raw]);
  await rig.runAsPlanned([raw, mart]);
  expect((await rig.runAsPlanned([raw, mart], only("mart/users"))).outcomes).toEqual({
    "mart/users": "fresh",
  });
});

it("an asset whose upstream was never made, and is not selected, is skipped, and so is what reads it", async () => {
  const rig = new Rig();
  const { asset: raw } = countingAsset("raw/users");
  const { asset: mart } = countingAsset("mart/users", [raw]);
  const { asset: report } = countingAsset("mart/report", [mart]);
  const keys = [mart.key, report.key];
  expect((await rig.runAsPlanned([raw, mart, report], { keys })).outcomes).toEqual({
    "mart/users": "skipped",
    "mart/report": "skipped",
  });
});

it("data that is made again, and comes out as it was read, runs nothing", async () => {
  const rig = new Rig();
  let version = "1";
  const raw = defineSource({ key: "raw/users", codeVersion: "1", observe: () => ({ dataVersion: version }) });
  const { asset: mart } = countingAsset("mart/users", [raw]);
  await rig.runAsPlanned([raw, mart]);
  version = "2";
  await rig.runAsPlanned([raw, mart], only("raw/users"));
  version = "1";
  expect((await rig.runAsPlanned([raw, mart])).outcomes).toMatchObject({ "mart/users": "fresh" });
});

const config = `
import { defineAsset, defineConfig } from "moraine";
const raw = defineAsset({ key: "raw/users", refresh: { everyMs: 0 }, materialize: () => ({ dataVersion: "1" }) });
const mart = defineAsset({ key: "mart/users", deps: { raw }, materialize: () => {} });
export default defineConfig({ name: "shop", assets: [raw, mart] });`;

it("the verb says what the same command does, and exits by it", async () => {
  const project = new Project({ "moraine.config.ts": config });
  const first = await project.run("plan", "mart/users", "--exit-code");
  expect([first.code, first.stdout]).toEqual([3, expect.stringContaining("1 asset would be skipped")]);
  expect((await project.run("materialize", "mart/users")).code).toBe(1);
  await project.run("materialize");
  const { code, stdout } = await project.run("plan", "mart/users", "--exit-code");
  expect([code, stdout]).toEqual([
    0,
    expect.stringContaining("nothing to do: 1 asset of 1 stale only by upstreams that are not selected"),
  ]);
  expect((await project.run("materialize", "mart/users")).stdout).toContain("nothing to do");
  expect((await project.run("plan", "--exit-code")).code).toBe(3);
  expect(await project.json("plan", "mart/users")).toMatchObject({ toRun: 0, fresh: 1, steps: [] });
});
