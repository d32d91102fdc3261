import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Project } from "../support/moraine.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/staleness.md"), "utf8");
const [, config = ""] = /```ts\n\/\/ moraine\.config\.ts\n([^]*?)```/.exec(page) ?? [];

/** What the page shows of each command, in order. */
const shown = [...page.matchAll(/^```\n(\$ moraine [^]*?)^```$/gm)].flatMap(([, block = ""]) =>
  block.split(/^(?=\$ moraine )/m).map((text) => {
    const [, command = "", output = ""] = /^\$ moraine (.*)\n([^]*)$/.exec(text) ?? [];
    return { words: command.split(" "), output };
  }),
);

/** Ids, versions and ages are others each time. */
const steady = (text: string) =>
  text
    .replaceAll(/\b[0-9a-f]{12}\b/g, "<run>")
    .replaceAll(/\b[0-9a-f]{6}\b/g, "<version>")
    .replaceAll(/\b\d+(\.\d)?s\b/g, "<time>")
    .replaceAll(/ +/g, " ");

it("is what docs/staleness.md says, cause by cause", async () => {
  let text = config;
  const shop = new Project({ "moraine.config.ts": text, "exports/orders.csv": "id,total\n1,10\n" });
  const left = [...shown];
  const edit = (from: string, to: string) => {
    expect(text).toContain(from);
    text = text.replace(from, to);
    shop.write("moraine.config.ts", text);
  };
  const isAsShown = async () => {
    const next = left.shift();
    const { stdout, stderr } = await shop.run(...(next?.words ?? []), "--plain");
    const said = next?.words[0] === "materialize" ? `${stdout}${stderr}`.replace(/^[^✓]*/, "") : stdout;
    expect(steady(said)).toBe(steady(next?.output ?? ""));
  };
  await isAsShown();
  await shop.run("materialize");
  edit("// Only how", "/* Nothing but how */ //");
  await isAsShown();
  shop.write("exports/orders.csv", "id,total\n1,11\n");
  await isAsShown();
  shop.write("exports/orders.csv", "id,total\n1,11\n2,5\n");
  await shop.run("materialize", "shop/exports");
  await isAsShown();
  await isAsShown();
  await shop.run("materialize");
  edit('key: "mart/revenue", deps: { orders }', 'key: "mart/revenue", deps: { orders, rates }');
  await isAsShown();
  await shop.run("materialize");
  edit("deps: { orders, rates }, materialize: () => {}", 'deps: { orders, rates }, materialize: () => {"";}');
  await isAsShown();
  shop.write("exports/orders.csv", "id,total\n1,11\n2,-5\n");
  await shop.run("materialize");
  await isAsShown();
  expect(left).toEqual([]);
});
