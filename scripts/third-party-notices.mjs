import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const licenceFile = /^(?:licen[cs]e|copying|notice)/i;

/** Texts for packages that name their licence and hold no file of it: by licence, where the text names no owner, or by package. */
const texts = { "Apache-2.0": "../LICENSE", "yoga-layout": "licences/yoga-layout.txt" };

/**
 * The licence of each package that a bundle holds code of, with its text, sorted by name.
 *
 * @param {import("esbuild").Metafile} metafile
 * @param {string} root the folder that the metafile's paths begin at
 * @throws when a package names no licence, or its text can't be found
 */
export async function thirdPartyNotices(metafile, root) {
  const packages = await Promise.all(bundledPackages(metafile).map((folder) => readNotice(root, folder)));
  const byName = new Map(packages.map((notice) => [`${notice.name} ${notice.version}`, notice]));
  const sections = [...byName.keys()].sort().map((title) => {
    const { licence, text } = byName.get(title);
    return `${title}\n${licence}\n\n${text}\n`;
  });
  return ["moraine's dist/ holds code of these packages, each under its own licence.\n", ...sections].join(
    `\n${"-".repeat(80)}\n\n`,
  );
}

/** Folders of the packages of which code is left after what nobody calls was dropped. */
function bundledPackages({ outputs }) {
  const files = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  );
  const folders = files.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []);
  return [...new Set(folders)];
}

async function readNotice(root, folder) {
  const { name, version, license } = JSON.parse(await readFile(join(root, folder, "package.json"), "utf8"));
  if (typeof license !== "string")
    throw new Error(`${folder}/package.json names no licence: dist/ may not hold it`);
  const files = (await readdir(join(root, folder))).filter((file) => licenceFile.test(file)).sort();
  const own = await Promise.all(files.map((file) => readFile(join(root, folder, file), "utf8")));
  const found = own.length > 0 ? own : [await keptText(name, license)];
  return { name, version, licence: license, text: found.map((text) => text.trim()).join("\n\n") };
}

async function keptText(name, licence) {
  const file = texts[name] ?? texts[licence];
  if (file === undefined)
    throw new Error(`${name} holds no text of its licence, ${licence}: add it to scripts/licences/`);
  return readFile(new URL(file, import.meta.url), "utf8");
}
