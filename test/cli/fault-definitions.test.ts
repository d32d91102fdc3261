import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FaultyPipeline, raw } from "../support/faulty-pipeline.ts";

const pipeline = new FaultyPipeline();
const yaml = "assets/sf_user/dbthub.yml";
const lineOf = (text: string) => {
  const lines = readFileSync(pipeline.path(yaml), "utf8").split("\n");
  const line = lines.findIndex((one) => one.includes(text));
  return `${yaml}:${line + 1}:${(lines[line] ?? "").indexOf(text) + 1}`;
};

/** Every verb that reads the definitions says the same, on stderr alone. */
async function refused(...verb: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await pipeline.project.run(...verb);
  expect([code, stdout]).toEqual([2, ""]);
  return stderr;
}

describe("a wrong dbthub.yml", () => {
  it("is named with line and column, everything at once, and nothing runs", async () => {
    const restores = [
      pipeline.edit(yaml, "object: User", "objekt: User"),
      pipeline.edit(yaml, "settle: 5m", "settle: [5]"),
      pipeline.edit(yaml, "type: boolean, tracked", "type: bool, tracked"),
      pipeline.edit(yaml, "insert-only", "insert_only"),
    ];
    const said = await refused("materialize", "--json");
    expect(said).toContain(
      `unknown key "objekt"\n  where     ${lineOf("objekt")}\n  next      did you mean object?`,
    );
    expect(said).toContain(`cursor.settle: expected string, got [5]\n  where     ${lineOf("[5]")}`);
    expect(said).toContain(`got "bool"\n  where     ${lineOf("bool")}`);
    expect(said).toContain("did you mean insert-only?");
    expect(said).toContain("5 definitions to correct; nothing ran");
    expect(await refused("list", "--json")).toBe(said);
    for (const restore of restores.toReversed()) restore();
    expect(await pipeline.project.json("runs")).toEqual([]);
  });

  it("of wrong syntax is named once, not once per line that follows", async () => {
    const restore = pipeline.edit(yaml, "object: User", "object: User: x");
    const said = await refused("list");
    const place = lineOf("User: x");
    expect(said).toContain(place.slice(0, place.lastIndexOf(":")));
    expect(said.split("error[definition]").length - 1).toBeLessThanOrEqual(3);
    restore();
  });
});

describe("a column renamed in tables.ts alone", () => {
  it("is named from both sides", async () => {
    const restore = pipeline.edit("assets/sf_user/tables.ts", 'title: "string"', 'job_title: "string"');
    const said = await refused("materialize");
    expect(said).toContain(`table ${raw} has no column title\n  where     ${lineOf("title }")}`);
    expect(said).toContain(`column job_title of ${raw} is filled by no field`);
    restore();
  });
});

describe("a dbt model that can't be parsed", () => {
  const model = "dbt/models/staging/stg_sf_user.sql";

  it("is a wrong definition with file and line", async () => {
    const restore = pipeline.edit(model, /^[^]*$/, "select 1 as a\nfrom {{ ref('sf_user' }}\n");
    const said = await refused("materialize", "--json");
    expect(said).toContain(`error[definition]: dbt: Compilation Error in model stg_sf_user`);
    expect(said).toContain(`where     ${model}:2`);
    restore();
  });

  it("because of a model that nobody defines names both", async () => {
    const restore = pipeline.edit(model, /^/, "-- {{ ref('stg_sf_usr') }}\n");
    const said = await refused("list", "--json");
    expect(said).toContain("'stg_sf_usr' which was not found");
    expect(said).toContain(`where     ${model}`);
    restore();
    expect((await pipeline.project.run("list")).code).toBe(0);
  });
});

it("names every place of a target on Athena that is none in S3", async () => {
  const restores = [
    pipeline.edit("moraine.config.ts", "s3://moraine-lake/lake", "./lake"),
    pipeline.edit("moraine.config.ts", "s3://moraine-results/staging", "https://results/staging"),
  ];
  const said = await refused("list", "--target", "aws");
  expect(said).toContain(`target aws: expected s3://bucket/prefix as location, got "./lake"`);
  expect(said).toContain(`expected s3://bucket/prefix as staging, got "https://results/staging"`);
  expect(said).toContain("2 definitions to correct; nothing ran");
  for (const restore of restores) restore();
});
