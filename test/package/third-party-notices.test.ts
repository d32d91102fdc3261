import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Metafile } from "esbuild";
import { describe, expect, it } from "vitest";
// @ts-expect-error A script without types.
import { thirdPartyNotices } from "../../scripts/third-party-notices.mjs";

const noticesOf = thirdPartyNotices as (metafile: Metafile, root: string) => Promise<string>;

/** Notices of a bundle of one package, with this in its package.json and these files. */
function notices(manifest: object, files: Readonly<Record<string, string>>, bytesInOutput = 10) {
  const root = mkdtempSync(join(tmpdir(), "moraine-notices-"));
  const folder = join(root, "node_modules/@scope/lib");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "@scope/lib", version: "1.2.3", ...manifest }),
  );
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const output = {
    bytes: 10,
    inputs: { "node_modules/@scope/lib/dist/index.js": { bytesInOutput } },
    imports: [],
    exports: [],
  };
  return noticesOf({ inputs: {}, outputs: { "dist/index.js": output } }, root);
}

describe("third-party notices", () => {
  it("hold name, version, licence and its text", async () => {
    const text = await notices({ license: "ISC" }, { LICENSE: "May be used.\n", NOTICE: "By Ada." });
    expect(text).toContain("@scope/lib 1.2.3\nISC\n\nMay be used.\n\nBy Ada.\n");
  });

  it("leave out a package of which the bundle holds nothing", async () => {
    expect(await notices({}, {}, 0)).not.toContain("@scope/lib");
  });

  it("are refused for a package that names no licence", async () => {
    await expect(notices({}, { LICENSE: "May be used." })).rejects.toThrow(
      "node_modules/@scope/lib/package.json names no licence: dist/ may not hold it",
    );
  });

  it("are refused for a package without the text of its licence", async () => {
    await expect(notices({ license: "ISC" }, {})).rejects.toThrow(
      "@scope/lib holds no text of its licence, ISC",
    );
  });
});
