import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The oldest Java that Trino 476 runs on. */
const oldestMajor = 24;

/** A Java Development Kit. */
export interface Jdk {
  /** `JAVA_HOME` of it. */
  readonly home: string;
  readonly version: string;
}

/**
 * Finds a JDK that Trino runs on: `JAVA_HOME` when it is one, else the newest of those where systems keep them.
 *
 * @throws Error that says which is needed and what was found
 */
export function findJdk(
  javaHome: string = process.env["JAVA_HOME"] ?? "",
  folders: readonly string[] = jdkFolders(),
): Jdk {
  const named = javaHome === "" ? undefined : readJdk(javaHome);
  if (named !== undefined && majorOf(named) >= oldestMajor) return named;
  const found = folders.flatMap((home) => readJdk(home) ?? []).sort((a, b) => majorOf(b) - majorOf(a));
  const [newest] = found;
  if (newest !== undefined && majorOf(newest) >= oldestMajor) return newest;
  const seen = [named, ...found].flatMap((jdk) => (jdk === undefined ? [] : `${jdk.version} in ${jdk.home}`));
  throw new Error(
    `Trino needs a JDK of version ${oldestMajor} or newer, e.g. Temurin 25 from https://adoptium.net, ` +
      `named by JAVA_HOME or in /usr/lib/jvm; found ${seen.length === 0 ? "none" : seen.join(", ")}`,
  );
}

function jdkFolders(): readonly string[] {
  const parents = [
    { parent: "/usr/lib/jvm", inside: "" },
    { parent: "/Library/Java/JavaVirtualMachines", inside: "Contents/Home" },
    { parent: join(homedir(), ".sdkman/candidates/java"), inside: "" },
    { parent: join(homedir(), ".jdks"), inside: "" },
  ];
  return parents
    .filter(({ parent }) => existsSync(parent))
    .flatMap(({ parent, inside }) => readdirSync(parent).map((name) => join(parent, name, inside)));
}

/** Every JDK says its version in a file `release`, so none has to be started. */
function readJdk(home: string): Jdk | undefined {
  const release = join(home, "release");
  if (!existsSync(release) || !existsSync(join(home, "bin", "jar"))) return undefined;
  const version = /^JAVA_VERSION="([^"]+)"/m.exec(readFileSync(release, "utf8"))?.[1];
  return version === undefined ? undefined : { home, version };
}

function majorOf(jdk: Jdk): number {
  return Number(jdk.version.split(".")[0]);
}
