import type { PipCommand } from "./find-pip.ts";
import { runProcess } from "./run-process.ts";

/** pip's settings that say where packages come from, and uv's names for them. */
const settings: Readonly<Record<string, string>> = {
  "index-url": "UV_DEFAULT_INDEX",
  "extra-index-url": "UV_INDEX",
  "find-links": "UV_FIND_LINKS",
  cert: "SSL_CERT_FILE",
  proxy: "ALL_PROXY",
};

/** uv does not read pip's configuration; who has told pip about a mirror or a certificate should not have to tell uv. */
export async function packageIndexEnvironment(
  pip: PipCommand,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const { code, stdout } = await runProcess(pip.command, [...pip.args, "config", "list"], { signal });
  if (code !== 0) return {};
  const environment: Record<string, string> = {};
  for (const [, name = "", value = ""] of stdout.matchAll(
    /^(?:global|install|site|user|:env:)\.([\w-]+)='(.*)'$/gm,
  )) {
    const variable = settings[name];
    if (variable !== undefined && process.env[variable] === undefined)
      environment[variable] = value.replaceAll("\\n", " ").trim();
  }
  return environment;
}
