import { execFile, spawn } from "node:child_process";
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

/** Outcome of each of Iceberg's tests of catalogs, by its name: undefined when it passed or does not apply, else why it failed. */
export async function compatibility(
  { url, token }: Served,
  lakeFolder: string,
): Promise<ReadonlyMap<string, string | undefined>> {
  const child = spawn(
    "java",
    [
      `-Dlake.uri=${url}`,
      `-Dlake.token=${token}`,
      `-Dlake.folder=${lakeFolder}`,
      "-cp",
      await classPath(),
      "org.junit.platform.console.ConsoleLauncher",
      "execute",
      "--select-class=CompatibilityTests",
      "--details=tree",
      "--disable-ansi-colors",
      "--details-theme=ascii",
      "--disable-banner",
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let text = "";
  for await (const chunk of child.stdout) text += String(chunk);
  const outcomes = new Map<string, string | undefined>();
  for (const [, name = "", status, reason = ""] of text.matchAll(/'-- (\w+)\(.*\) \[(OK|A|X)\] ?(.*)$|x/gm))
    if (name !== "") outcomes.set(name, status === "X" ? reason : undefined);
  return outcomes;
}
