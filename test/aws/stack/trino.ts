import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "../../../framework/util/hash.ts";
import { cacheDirectory } from "./cache.ts";
import { region } from "./environment.ts";
import { findJdk } from "./jdk.ts";
import { startServer } from "./server-process.ts";
import { trinoHome } from "./trino-install.ts";

/** Trino on localhost, over Iceberg and Hive tables that are registered in Glue and lie in S3. It keeps nothing itself. */
export interface Trino {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  close(): Promise<void>;
}

/** The catalog that SQL names, as in Athena: Iceberg tables, and Hive's by redirection to the other catalog. */
export const catalog = "awsdatacatalog";
export const hiveCatalog = "awsdatacatalog_hive";

/**
 * Starts Trino on a free port of the loopback interface; installs it at first.
 *
 * @param awsUrl where Glue and S3 answer
 * @throws Error when there is no JDK or no Maven that can be used
 */
export async function startTrino(awsUrl: string): Promise<Trino> {
  const jdk = findJdk();
  const home = await trinoHome(jdk);
  const directory = mkdtempSync(join(tmpdir(), "moraine-trino-"));
  const port = await freePort();
  writeConfiguration(directory, { awsUrl, port });
  const server = await startServer({
    name: "trino",
    command: join(jdk.home, "bin", "java"),
    args: [
      ...jvmOptions,
      ...sharedArchive(home, jdk.version),
      "-Dnode.environment=test",
      "-Dnode.id=athena",
      "-Dnode.bind-ip=127.0.0.1",
      "-Dnode.internal-address=127.0.0.1",
      `-Dnode.data-dir=${join(directory, "data")}`,
      `-Dconfig=${join(directory, "config.properties")}`,
      `-Dlog.levels-file=${join(directory, "log.properties")}`,
      "-Dlog.enable-console=true",
      `-Dplugin.dir=${join(home, "plugin")}`,
      `-Dcatalog.config-dir=${join(directory, "catalog")}`,
      "-cp",
      join(home, "lib", "*"),
      "io.trino.server.TrinoServer",
    ],
    cwd: home,
    isReady: (line) => line.includes("SERVER STARTED"),
  });
  const close = async () => {
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

/** The quick compiler alone: a server of minutes does not earn back what the other one costs. */
const jvmOptions = [
  "-server",
  "-Xms256m",
  "-Xmx3g",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-XX:ReservedCodeCacheSize=192M",
  "-XX:+ExitOnOutOfMemoryError",
  "-XX:+EnableDynamicAgentLoading",
  "-Djdk.attach.allowAttachSelf=true",
  "-Djdk.nio.maxCachedBufferSize=2000000",
  "-Dfile.encoding=UTF-8",
  "--enable-native-access=ALL-UNNAMED",
  "--add-modules=jdk.incubator.vector",
  "--sun-misc-unsafe-memory-access=allow",
];

/** Classes as an earlier Java laid them out, which halves the start; the first one writes them as it ends. */
function sharedArchive(home: string, javaVersion: string): readonly string[] {
  const file = join(cacheDirectory(), `trino-classes-${sha256(`${home} ${javaVersion}`).slice(0, 12)}.jsa`);
  return [`-XX:SharedArchiveFile=${file}`, "-XX:+AutoCreateSharedArchive"];
}

function writeConfiguration(directory: string, options: { awsUrl: string; port: number }): void {
  const configuration = join(import.meta.dirname, "trino");
  const values: Readonly<Record<string, string>> = {
    AWS_URL: options.awsUrl,
    REGION: region,
    PORT: String(options.port),
    CATALOG: catalog,
    HIVE_CATALOG: hiveCatalog,
  };
  const write = (source: string, target: string) => {
    const text = readFileSync(join(configuration, source), "utf8");
    const filled = text.replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
    writeFileSync(join(directory, target), filled);
  };
  mkdirSync(join(directory, "catalog"));
  write("config.properties", "config.properties");
  write("log.properties", "log.properties");
  write("iceberg.properties", `catalog/${catalog}.properties`);
  write("hive.properties", `catalog/${hiveCatalog}.properties`);
}

/** Trino has to be told its port before it listens: another process may take it in between, and then Trino ends. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  await new Promise<void>((closed) => server.close(() => closed()));
  if (address === null || typeof address === "string") throw new Error("Internal error: expected a port");
  return address.port;
}
