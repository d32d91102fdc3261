import { describe, expect, it } from "vitest";
import { Project } from "../support/moraine.ts";

/** A project of one asset, with this text among the members of its config. */
function projectWith(members: string): Project {
  return new Project({
    "moraine.config.ts": `
import { defineAsset, defineConfig } from "moraine";
const a = defineAsset({ key: "raw/a", materialize: ({ target }) => ({ dataVersion: target }) });
export default defineConfig({ name: "small", assets: [a], ${members} });`,
  });
}

describe("a target", () => {
  it.each([
    "",
    "targets: {}",
    "targets: { local: {} }",
    'targets: { local: { lakehouse: { type: "embedded" } } }',
    'targets: { local: { secrets: { type: "environment" } } }',
    "targets: { local: { pools: {} } }, resources: {}, store: {}, logs: {}, daemon: {}, pools: {}",
  ])("is whole with what is left out: %s", async (members) => {
    const project = projectWith(members);
    for (const verb of ["materialize", "list", "lake", "alerts", "openlineage", "metrics"]) {
      const { code, stderr } = await project.run(verb);
      expect([verb, code, stderr.includes("error[")]).toEqual([verb, 0, false]);
    }
    const found = await project.json<{ name: string; status: string; message: string }[]>(
      "doctor",
      "--only",
      "project",
    );
    expect(found).toMatchObject([{ status: "ok", message: "1 asset, 0 checks, target local" }]);
  });

  it("reads a secret that its project has not from the environment", async () => {
    const project = new Project({
      "moraine.config.ts": `
import { defineAsset, defineConfig } from "moraine";
const a = defineAsset({ key: "raw/a", materialize: async ({ resources }) => ({ dataVersion: (await resources.secrets.get("shop/key")).apiVersion }) });
export default defineConfig({ name: "small", assets: [a], targets: { only: {} } });`,
    });
    const environment = { MORAINE_SECRET_SHOP_KEY: '{"apiVersion":"v7"}' };
    expect((await project.start(["materialize"], environment).finished).code).toBe(0);
    const [asset] = await project.json<{ lastMaterialization: { dataVersion: string } }[]>("list");
    expect(asset?.lastMaterialization.dataVersion).toBe("v7");
  });

  it("that is wrong is a wrong definition, with every place in it", async () => {
    const { code, stderr } = await projectWith(`
      targets: { a: { lakehouse: { type: "embeded" } }, b: { secrets: { type: "file" }, lakehouse: { type: "rest" } }, c: null, d: { secrets: {} } } as never`).run(
      "list",
    );
    expect(code).toBe(2);
    expect(stderr).toContain(
      'targets.a.lakehouse.type: expected one of embedded, athena, rest, got "embeded"',
    );
    expect(stderr).toContain("targets.b.lakehouse.uri: expected a text, got nothing");
    expect(stderr).toContain("targets.b.secrets.path: expected a text, got nothing");
    expect(stderr).toContain("targets.c: expected an object like {}, got null");
    expect(stderr).toContain(
      "targets.d.secrets.type: expected one of sandbox, environment, file, aws-secrets-manager, got nothing",
    );
    expect(stderr).toContain("5 definitions to correct");
  });
});

describe("without --target", () => {
  const targetOf = async (members: string) => {
    const { targetName, code, stderr } = await projectWith(members)
      .run("plan", "--json")
      .then(({ stdout, ...rest }) => ({
        ...rest,
        targetName: stdout && (JSON.parse(stdout) as { target: string }).target,
      }));
    return code === 0 ? targetName : { code, stderr };
  };

  it("the only target is taken, whatever its name", async () => {
    expect(await targetOf("targets: { warehouse: {} }")).toBe("warehouse");
  });

  it("the default target is taken, else the one named local", async () => {
    expect(await targetOf('defaultTarget: "b", targets: { local: {}, b: {} }')).toBe("b");
    expect(await targetOf("targets: { a: {}, local: {} }")).toBe("local");
  });

  it("several targets without a default are named, with the option that chooses, exit code 2", async () => {
    expect(await targetOf("targets: { dev: {}, prod: {} }")).toEqual({
      code: 2,
      stderr: expect.stringMatching(
        /this project has the targets dev, prod, and none of them is the default\n +next +name one with --target, or set `defaultTarget` in moraine.config.ts/,
      ) as unknown,
    });
  });

  it("a default that no target has is a wrong definition, also where --target names one", async () => {
    const project = projectWith('defaultTarget: "prd", targets: { dev: {}, prod: {} }');
    for (const args of [["list"], ["list", "--target", "dev"]]) {
      const { code, stderr } = await project.run(...args);
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining("defaultTarget: no target prd; this project has dev, prod"),
      ]);
    }
  });
});
