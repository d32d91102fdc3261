import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findPython } from "../../../framework/dbt/find-python.ts";
import { runProcess } from "../../../framework/dbt/run-process.ts";
import { installOnce } from "./cache.ts";
import { awsEnvironment, type AwsEnvironment } from "./environment.ts";
import { startServer } from "./server-process.ts";

/** Secrets Manager, S3, Glue, STS and SNS on localhost. State is in memory and ends with it. */
export interface Moto {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly env: AwsEnvironment;
  close(): Promise<void>;
}

/**
 * Starts moto on a free port of the loopback interface; installs it at first.
 *
 * @param options `glueLocks: false` starts moto as it is published: its Glue acknowledges commits that it loses.
 * @default glueLocks true
 */
export async function startMoto(options: { readonly glueLocks?: boolean } = {}): Promise<Moto> {
  const python = await motoPython();
  let url: string | undefined;
  const server = await startServer({
    name: "moto",
    command: python,
    args: [
      join(import.meta.dirname, "moto_server.py"),
      options.glueLocks === false ? "as-published" : "glue-locks",
    ],
    env: { PYTHONUNBUFFERED: "1", PYTHONDONTWRITEBYTECODE: "1" },
    isReady: (line) => {
      url ??= /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
      return url !== undefined;
    },
  });
  if (url === undefined) throw new Error("Internal error: expected moto's address, got none");
  return { url, env: awsEnvironment({ moto: url }), close: server.close };
}

/** Python with moto, of the versions in requirements.txt. */
async function motoPython(): Promise<string> {
  const lockFile = join(import.meta.dirname, "requirements.txt");
  const base = await findPython();
  const directory = await installOnce({
    name: "moto",
    recipe: `Python ${base.version}\n${readFileSync(lockFile, "utf8")}`,
    install: async (target) => {
      await run(base.command, "-m", "venv", target);
      const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"];
      await run(join(target, "bin", "python"), ...pip, "--only-binary", ":all:", "--requirement", lockFile);
    },
  });
  return join(directory, "bin", "python");
}

/** Runs a step of an installation. */
export async function run(command: string, ...args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await runProcess(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
}
