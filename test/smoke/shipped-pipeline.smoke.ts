import { resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { printed } from "../support/moraine.ts";
import { outcomesOf, shippedProject } from "../support/shipped-project.ts";
import { Terminal } from "../tui/terminal.ts";

const program = resolve(import.meta.dirname, "../../dist/moraine.js");

test("these tests run on the Node.js that they are meant for", () => {
  expect(process.versions.node.split(".")).toEqual(
    expect.arrayContaining((process.env["MORAINE_TEST_NODE"] ?? "").split(".")),
  );
});

test("the shipped pipeline runs, is killed, runs again and is shown", async () => {
  const project = await shippedProject();
  for (let day = 0; day < 2; day++) {
    const { code, stdout, stderr } = await project.run("demo", "--users", "200", "--json");
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(Object.values(outcomesOf(stdout))).not.toContain("failed");
  }
  await project.run("sandbox", "advance", "--days", "1");
  const killed = project.start(["materialize", "--json"]);
  await printed(killed, '"type":"asset-started","key":"sf_staging/stg_sf_user"');
  killed.kill("SIGKILL");
  expect((await killed.finished).code).toBeNull();
  const { code, stdout } = await project.run("materialize", "--json");
  expect(code).toBe(0);
  expect(outcomesOf(stdout)["sf_curated/dim_sf_user_scd"]).toBe("materialized");
  const listed = await project.json<{ status: string }[]>("list");
  expect(new Set(listed.map((asset) => asset.status))).toEqual(new Set(["fresh"]));

  const ui = new Terminal({ dir: project.directory }, [program, "ui", "--project", project.directory], {
    columns: 80,
    rows: 24,
  });
  onTestFinished(() => ui.close());
  await ui.shows("dim_sf_user_scd");
  ui.press("q");
  await ui.shows("after");
  expect(ui.isAlternate()).toBe(false);
});
