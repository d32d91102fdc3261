import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { cp, mkdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { installOnce } from "../aws/stack/cache.ts";
import { run } from "../aws/stack/moto.ts";

const sources = fileURLToPath(new URL("./java", import.meta.url));
const programs = ["ReadTable.java", "CompatibilityTests.java"];
const copyDependencies = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";

/** Iceberg's Java implementation with the programs of `java/`, from Maven Central: what `java` takes as class path. */
async function classPath(): Promise<string> {
  const files = ["pom.xml", ...programs];
  const directory = await installOnce({
    name: "iceberg-java",
    recipe: files.map((file) => readFileSync(join(sources, file), "utf8")).join("\0"),
    install: async (target) => {
      const [jars, classes] = [join(target, "jars"), join(target, "classes")];
      await cp(join(sources, "pom.xml"), join(target, "pom.xml"));
      await run(
        "mvn",
        "--quiet",
        "--batch-mode",
        `--file=${join(target, "pom.xml")}`,
        copyDependencies,
        `-DoutputDirectory=${jars}`,
      );
      await mkdir(classes);
      const paths = programs.map((file) => join(sources, file));
      await run("javac", "-cp", `${jars}/*`, "-d", classes, ...paths);
    },
  });
  return [join(directory, "classes"), `${join(directory, "jars")}/*`].join(delimiter);
}

/** Where a catalog is served. */
interface Served {
  readonly url: string;
  readonly token: string;
}

/** What Iceberg's Java implementation reads from a table; rejects with its complaint. */
export async function readByJava(
  { url, token }: Served,
  namespace: string,
  table: string,
): Promise<{ readonly rows: readonly (readonly (string | null)[])[]; readonly log: readonly number[] }> {
  const args = ["-cp", await classPath(), "ReadTable", url, token, namespace, table];
  const { stdout } = await promisify(execFile)("java", args);
  return JSON.parse(stdout) as Awaited<ReturnType<typeof readByJava>>;
}

/** What Iceberg's own tests of catalogs found. */
export interface Compatibility {
  readonly passed: number;
  /** By the test's name, with the number of its parameters where it has some. */
  readonly failed: readonly string[];
}

/** Runs Iceberg's own tests of catalogs against one that is served, and whose tables all go. */
export async function compatibility(
  { url, token }: Served,
  folders: { readonly lake: string; readonly reports: string },
): Promise<Compatibility> {
  const child = spawn(
    "java",
    [
      `-Dlake.uri=${url}`,
      `-Dlake.token=${token}`,
      `-Dlake.folder=${folders.lake}`,
      "-cp",
      await classPath(),
      "org.junit.platform.console.ConsoleLauncher",
      "execute",
      "--select-class=CompatibilityTests",
      "--details=none",
      `--reports-dir=${folders.reports}`,
    ],
    { stdio: "ignore" },
  );
  await once(child, "close");
  const report = readFileSync(join(folders.reports, "TEST-junit-jupiter.xml"), "utf8");
  const tests = report.split("<testcase ").slice(1);
  const failed = tests.filter((text) => /<(failure|error)\b/.test(text));
  const skipped = tests.filter((text) => text.includes("<skipped"));
  return {
    passed: tests.length - failed.length - skipped.length,
    failed: failed.map((text) => /name="([^"]*)"/.exec(text)?.[1] ?? "").toSorted(),
  };
}
