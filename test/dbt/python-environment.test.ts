import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FailureError } from "../../framework/event/failure.ts";
import {
  ensurePythonEnvironment,
  type PythonEnvironmentOptions,
  type PythonProgress,
} from "../../framework/dbt/python-environment.ts";
import { testExtensions } from "../support/extensions.ts";
import { testPythonEnvironment } from "../support/python-environment.ts";
import { lockedEntry, projectLock, temporaryFolder, writeProgram, writeSmallLock } from "./lock-files.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

async function failureOf(options: PythonEnvironmentOptions) {
  try {
    await ensurePythonEnvironment(options);
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
    throw error;
  }
  throw new Error("expected a failure, got an environment");
}

describe("the project's environment", () => {
  it("has dbt with both adapters, and DuckDB loads our own DuckDB's extensions without a network", async () => {
    const { python } = await testPythonEnvironment();
    const extensionDirectory = await testExtensions();
    const script = `
import dbt.adapters.athena, dbt.adapters.duckdb, dbt.version, duckdb
connection = duckdb.connect(config={"extension_directory": ${JSON.stringify(extensionDirectory)}, "autoinstall_known_extensions": "false"})
for name in ("avro", "httpfs", "iceberg"):
    connection.execute("LOAD " + name)
print(dbt.version.get_installed_version().to_version_string(), duckdb.__version__)
`;
    const { stdout, stderr } = spawnSync(python, ["-c", script], { encoding: "utf8", env: { PATH: "" } });
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^=?1\.11\.\d+ 1\.5\.5\n$/);
  });

  it("starts no process when it is there", async () => {
    await testPythonEnvironment();
    vi.stubEnv("PATH", "");
    vi.stubEnv("MORAINE_PYTHON", "/nowhere/python");
    await expect(testPythonEnvironment()).resolves.toMatchObject({ dir: expect.stringContaining("venv") });
  });

  it("has exact versions with hashes in its lock, and names no registry", () => {
    const lines = readFileSync(projectLock, "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    expect(lines.filter((line) => !/^([a-z0-9._-]+==\S+|    --hash=sha256:[0-9a-f]{64})/.test(line))).toEqual(
      [],
    );
  });
});

describe("making an environment", () => {
  it("shows progress with counts and ends with a whole environment", async () => {
    const stateDir = temporaryFolder();
    const progress: PythonProgress[] = [];
    const requirementsFile = writeSmallLock(stateDir);
    const environment = await ensurePythonEnvironment({
      stateDir,
      requirementsFile,
      onProgress: (update) => progress.push(update),
    });
    expect(environment.dir).toBe(join(stateDir, "venv"));
    expect(spawnSync(environment.python, ["-c", "import six"]).status).toBe(0);
    expect(progress.at(0)?.message).toMatch(/^making a Python 3\.\d+\.\d+ environment$/);
    expect(progress).toContainEqual({ message: "installing 2 packages", done: 0, total: 2 });
    expect(progress.at(-1)).toEqual({ message: "Python environment ready", finished: true });
    expect(readdirSync(stateDir).sort()).toEqual(["requirements.txt", "venv"]);
  });

  it("is done by one of two that need it at once, while the other waits", async () => {
    const stateDir = temporaryFolder();
    const requirementsFile = writeSmallLock(stateDir);
    const messages: string[] = [];
    const ask = () =>
      ensurePythonEnvironment({
        stateDir,
        requirementsFile,
        onProgress: ({ message }) => messages.push(message),
      });
    const [first, second] = await Promise.all([ask(), ask()]);
    expect(second).toEqual(first);
    expect(messages.filter((message) => message.startsWith("making"))).toHaveLength(1);
    expect(messages).toContain(`process ${process.pid} is making the Python environment, waiting for it`);
  });

  it("takes over from an owner that died, removes what it left, and takes more lock files", async () => {
    const stateDir = temporaryFolder();
    const extra = join(temporaryFolder(), "extra.txt");
    writeFileSync(extra, lockedEntry("pytz"));
    const dead = spawnSync("true").pid;
    writeFileSync(join(stateDir, "venv.lock"), `${dead}\n`);
    mkdirSync(join(stateDir, `venv.making-${dead}`, "bin"), { recursive: true });
    const { python } = await ensurePythonEnvironment({
      stateDir,
      requirementsFile: writeSmallLock(stateDir),
      extraRequirementsFiles: [extra],
    });
    expect(readdirSync(stateDir).sort()).toEqual(["requirements.txt", "venv"]);
    expect(spawnSync(python, ["-c", "import six, pytz"]).status).toBe(0);
  });

  it("happens again when the lock changes, the marker is damaged or the interpreter is gone", async () => {
    const stateDir = temporaryFolder();
    let made = 0;
    const onProgress = ({ finished }: PythonProgress) => void (made += finished === true ? 1 : 0);
    const ensure = (requirementsFile: string) =>
      ensurePythonEnvironment({ stateDir, requirementsFile, onProgress });
    const { dir, python } = await ensure(writeSmallLock(stateDir));
    await ensure(writeSmallLock(stateDir));
    expect(made).toBe(1);

    const changed = writeSmallLock(stateDir, (text) => `# another\n${text}`);
    await ensure(changed);
    expect(made).toBe(2);

    writeFileSync(join(dir, "moraine-environment.json"), "{");
    await ensure(changed);
    expect(made).toBe(3);

    unlinkSync(python);
    symlinkSync("/nowhere/python", python);
    await ensure(changed);
    expect(made).toBe(4);
    expect(spawnSync(python, ["-c", "import six"]).status).toBe(0);
  });

  it("stops waiting for another process when it is cancelled", async () => {
    const stateDir = temporaryFolder();
    writeFileSync(join(stateDir, "venv.lock"), `${process.pid}\n`);
    const controller = new AbortController();
    const failure = await failureOf({
      stateDir,
      requirementsFile: writeSmallLock(stateDir),
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    expect(failure.reason).toBe("cancelled");
  });

  it("leaves nothing behind when it is cancelled", async () => {
    const stateDir = temporaryFolder();
    const controller = new AbortController();
    const failure = await failureOf({
      stateDir,
      requirementsFile: writeSmallLock(stateDir),
      signal: controller.signal,
      onProgress: ({ message }) => {
        if (message.startsWith("fetching uv")) controller.abort();
      },
    });
    expect(failure.reason).toBe("cancelled");
    expect(readdirSync(stateDir)).toEqual(["requirements.txt"]);
  });
});

describe("an environment that can't be made", () => {
  it("without Python says what is needed and how to name one", async () => {
    const stateDir = temporaryFolder();
    vi.stubEnv("PATH", stateDir);
    vi.stubEnv("MORAINE_PYTHON", "");
    expect(await failureOf({ stateDir, requirementsFile: writeSmallLock(stateDir) })).toMatchObject({
      reason: "python-unavailable",
      message: "Python is needed for dbt and was not found",
      expected: "Python 3.10 or newer",
      got: "no python3 or python on PATH",
      next: expect.stringContaining("MORAINE_PYTHON"),
      retryable: false,
    });
  });

  it("names the program of MORAINE_PYTHON that is not there", async () => {
    const stateDir = temporaryFolder();
    vi.stubEnv("MORAINE_PYTHON", "/nowhere/python3");
    const failure = await failureOf({ stateDir, requirementsFile: writeSmallLock(stateDir) });
    expect(failure).toMatchObject({ reason: "python-unavailable", got: "no program /nowhere/python3" });
  });

  it("with a Python that is too old names its version", async () => {
    const stateDir = temporaryFolder();
    const old = writeProgram(stateDir, "python3", "echo 3.9.18");
    vi.stubEnv("MORAINE_PYTHON", old);
    const failure = await failureOf({ stateDir, requirementsFile: writeSmallLock(stateDir) });
    expect(failure).toMatchObject({ message: "the Python found is too old for dbt", got: `${old} 3.9.18` });
  });

  it("with a Python without venv, or without any pip, names the package to install", async () => {
    const stateDir = temporaryFolder();
    const requirementsFile = writeSmallLock(stateDir);
    const withoutVenv = '[ "$1" = -c ] && { echo 3.11.2; exit 0; }; echo "No module named venv" >&2; exit 1';
    const withoutPip = `case "$*" in
-c*) echo 3.12.4 ;;
"-m venv"*) mkdir -p "$4/bin"; cp "$0" "$4/bin/python" ;;
*) echo "No module named $2" >&2; exit 1 ;;
esac`;
    for (const [name, script, minor] of [
      ["without-venv", withoutVenv, 11],
      ["without-pip", withoutPip, 12],
    ] as const) {
      vi.stubEnv("MORAINE_PYTHON", writeProgram(stateDir, name, script));
      const failure = await failureOf({ stateDir, requirementsFile });
      expect(failure.message).toMatch(/lacks the venv module$/);
      expect(failure.next).toContain(`apt install python3.${minor}-venv`);
    }
    expect(readdirSync(stateDir).sort()).toEqual(["requirements.txt", "without-pip", "without-venv"]);
  });

  it("without a network says so, and may be tried again", async () => {
    const stateDir = temporaryFolder();
    vi.stubEnv("PIP_INDEX_URL", "http://127.0.0.1:9/simple");
    vi.stubEnv("PIP_RETRIES", "0");
    const failure = await failureOf({ stateDir, requirementsFile: writeSmallLock(stateDir) });
    expect(failure).toMatchObject({
      reason: "python-unavailable",
      message: "the package registry can't be reached, and dbt must be installed once",
      retryable: true,
    });
    expect(existsSync(join(stateDir, "venv"))).toBe(false);
  });

  it("refuses a package whose hash differs, and a lock without hashes", async () => {
    const stateDir = temporaryFolder();
    const tampered = writeSmallLock(stateDir, (text) =>
      text.replaceAll(/sha256:[0-9a-f]{64}/g, `sha256:${"0".repeat(64)}`),
    );
    expect(await failureOf({ stateDir, requirementsFile: tampered })).toMatchObject({
      message: "a Python package differs from the one that was locked; nothing was installed",
      retryable: false,
    });
    const unpinned = writeSmallLock(stateDir, () => "six");
    expect(await failureOf({ stateDir, requirementsFile: unpinned })).toMatchObject({
      message: "the lock file of the Python environment has entries without version and hash",
    });
    expect(readdirSync(stateDir)).toEqual(["requirements.txt"]);
  });

  it("names a lock file that is missing", async () => {
    const stateDir = temporaryFolder();
    const requirementsFile = writeSmallLock(stateDir);
    rmSync(requirementsFile);
    const failure = await failureOf({ stateDir, requirementsFile });
    expect(failure).toMatchObject({ reason: "python-unavailable", where: requirementsFile });
  });
});
