import { copyFileSync, linkSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fail } from "../event/failure.ts";
import { runProcess } from "./run-process.ts";

const names = ["avro", "httpfs", "iceberg"];

/** Asks the environment's DuckDB where the wheels put the extensions and under which names it looks for them. */
const question = `
import duckdb, importlib.util, json, pathlib
def binary(name):
    spec = importlib.util.find_spec("duckdb_extension_" + name)
    files = sorted(pathlib.Path(spec.origin).parent.glob("extensions/v" + duckdb.__version__ + "/*.duckdb_extension")) if spec else []
    return str(files[0]) if files else None
print(json.dumps({
    "version": duckdb.__version__,
    "platform": duckdb.sql("PRAGMA platform").fetchone()[0],
    "files": {name: binary(name) for name in ${JSON.stringify(names)}},
}))
`;

interface Answer {
  readonly version: string;
  readonly platform: string;
  readonly files: Readonly<Record<string, string | null>>;
}

/**
 * Lays the installed extensions out as DuckDB's `extension_directory` expects them. A lock without DuckDB gets none.
 *
 * @returns DuckDB's name of the platform; "" without DuckDB
 */
export async function linkExtensions(
  python: string,
  directory: string,
  signal?: AbortSignal,
): Promise<string> {
  const { code, stdout, stderr } = await runProcess(python, ["-c", question], { signal });
  if (code !== 0 && stderr.includes("No module named 'duckdb'")) return "";
  if (code !== 0) {
    fail({
      reason: "python-unavailable",
      message: "DuckDB was installed for Python and does not start",
      got: stderr.trim().split("\n").at(-1) ?? "",
      next: "name another Python with MORAINE_PYTHON=/path/to/python3",
      retryable: false,
      detail: stderr,
    });
  }
  const { version, platform, files } = JSON.parse(stdout) as Answer;
  const target = join(directory, `v${version}`, platform);
  mkdirSync(target, { recursive: true });
  for (const file of Object.values(files)) {
    if (file !== null) linkOrCopy(file, join(target, basename(file)));
  }
  return platform;
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    // Some file systems know no hard links.
    if (!["EPERM", "EXDEV", "ENOTSUP", "EMLINK"].includes((error as NodeJS.ErrnoException).code ?? ""))
      throw error;
    copyFileSync(from, to);
  }
}
