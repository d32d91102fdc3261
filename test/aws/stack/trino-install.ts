import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installOnce, tell } from "./cache.ts";
import type { Jdk } from "./jdk.ts";
import { run } from "./moto.ts";

/** The Trino that stands in for Athena's engine; a newer one of these two packages is not in Maven Central together. */
const version = "476";

/** Libraries of catalogs that the stack does not use; without them it is half as large. */
const unused = /^(net\.snowflake_snowflake-jdbc|org\.rocksdb_rocksdbjni|io\.netty_netty-codec-native-quic)-/;

/** Trino with its Iceberg and Hive connectors, from Maven Central: the folder that has `lib` and `plugin`. */
export async function trinoHome(jdk: Jdk): Promise<string> {
  const directory = await installOnce({
    name: "trino",
    recipe: `${version} with Iceberg and Hive`,
    install: (target) => installTrino(target, jdk),
  });
  return join(directory, `trino-server-core-${version}`);
}

async function installTrino(target: string, jdk: Jdk): Promise<void> {
  const downloads = join(target, "downloads");
  mkdirSync(downloads);
  for (const artifact of [
    `io.trino:trino-server-core:${version}:tar.gz`,
    `io.trino:trino-iceberg:${version}:zip`,
  ]) {
    tell(`fetching ${artifact} from Maven Central`);
    await fetchArtifact(artifact, downloads);
  }
  const home = join(target, `trino-server-core-${version}`);
  await run("tar", "-xzf", join(downloads, `trino-server-core-${version}.tar.gz`), "-C", target);
  for (const folder of ["plugin", "secrets-plugin", "bin"])
    rmSync(join(home, folder), { recursive: true, force: true });

  mkdirSync(join(home, "plugin"));
  const jar = join(jdk.home, "bin", "jar");
  await run(
    jar,
    "--extract",
    "--dir",
    join(home, "plugin"),
    "--file",
    join(downloads, `trino-iceberg-${version}.zip`),
  );
  const plugin = join(home, "plugin", "lakehouse");
  renameSync(join(home, "plugin", `trino-iceberg-${version}`), plugin);
  for (const name of readdirSync(plugin)) if (unused.test(name)) rmSync(join(plugin, name));
  await nameHivePlugin(plugin, jar, downloads);
  rmSync(downloads, { recursive: true });
}

/**
 * The Iceberg plugin holds the whole Hive connector, which it builds on, and only does not name it to Trino. Naming it
 * saves another download of 258 MB.
 */
async function nameHivePlugin(plugin: string, jar: string, downloads: string): Promise<void> {
  const services = join(downloads, "hive", "META-INF", "services");
  mkdirSync(services, { recursive: true });
  writeFileSync(join(services, "io.trino.spi.Plugin"), "io.trino.plugin.hive.HivePlugin\n");
  const file = join(plugin, `trino-hive-${version}-services.jar`);
  await run(jar, "--create", "--file", file, "-C", join(downloads, "hive"), "META-INF");
}

async function fetchArtifact(artifact: string, outputDirectory: string): Promise<void> {
  const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy";
  try {
    await run(
      "mvn",
      "--quiet",
      "--batch-mode",
      goal,
      // Beside the downloads and removed with them: Trino would stay twice otherwise.
      `-Dmaven.repo.local=${join(outputDirectory, "m2")}`,
      `-Dartifact=${artifact}`,
      `-DoutputDirectory=${outputDirectory}`,
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Error("Maven (mvn) is needed to fetch Trino, and is not on PATH", { cause: error });
  }
}
