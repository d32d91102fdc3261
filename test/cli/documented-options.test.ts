import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Project } from "../support/moraine.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/cli.md"), "utf8");

/** The first cell of each row of a section's table, and the options that the row names. */
function documented(
  section: string,
): readonly { readonly verb: string; readonly options: readonly string[] }[] {
  const [, text = ""] = page.split(`\n## ${section}\n`);
  const [own = ""] = text.split("\n## ");
  return [...own.matchAll(/^\| `(.+)$/gm)].map(([, row = ""]) => ({
    verb: /^[\w-]+/.exec(row)?.[0] ?? "",
    options: [...new Set(row.match(/--[a-z][a-z-]*/g))].sort(),
  }));
}

/** The options that a help text lists, by their long names. */
function listed(text: string): readonly string[] {
  return [...text.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, name = ""]) => name);
}

async function help(...verb: readonly string[]): Promise<string> {
  return (await new Project({}).run(...verb, "--help")).stdout;
}

describe("docs/cli.md", () => {
  const rows = documented("Verbs");

  it("lists every verb, and no other", async () => {
    const [, commands = ""] = (await help()).split("Commands:");
    const verbs = [...commands.matchAll(/^ {2}(\w+) /gm)].map(([, verb = ""]) => verb);
    expect(rows.map(({ verb }) => verb).sort()).toEqual(verbs.filter((verb) => verb !== "help").sort());
  });

  it.each(rows)("names every option of $verb, and no other", async ({ verb, options }) => {
    const common = new Set(listed(await help()));
    const own = listed(await help(verb)).filter((name) => !common.has(name));
    expect(options).toEqual(own.sort());
  });

  it("names every option that all verbs take", async () => {
    const common = listed(await help()).filter((name) => name !== "--version" && name !== "--help");
    const named = documented("Options that every verb takes").flatMap(({ options }) => options);
    expect(named.sort()).toEqual(common.sort());
  });
});
