import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../support/rig.ts";
import { findJdk } from "./stack/jdk.ts";

function jdk(version: string): string {
  const home = join(temporaryDirectory(), "jdk");
  mkdirSync(join(home, "bin"), { recursive: true });
  writeFileSync(join(home, "bin", "jar"), "");
  writeFileSync(join(home, "release"), `IMPLEMENTOR="x"\nJAVA_VERSION="${version}"\n`);
  return home;
}

it("takes the JDK that is named when it will do, else the newest that there is", () => {
  const [old, good, newest] = [jdk("17.0.15"), jdk("24"), jdk("25.0.3")];
  expect(findJdk(good, [newest]).home).toBe(good);
  expect(findJdk(old, [good, newest, old]).home).toBe(newest);
  expect(findJdk("", [good]).version).toBe("24");
});

it("says which JDK is needed and which ones there are", () => {
  const old = jdk("17.0.15");
  const needed = "Trino needs a JDK of version 24 or newer";
  expect(() => findJdk("", [old])).toThrow(new RegExp(`${needed}.*found 17\\.0\\.15 in ${old}`));
  expect(() => findJdk("/nowhere", [])).toThrow(new RegExp(`${needed}.*found none`));
});
