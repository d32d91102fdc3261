import { spawn } from "node:child_process";
import type { CommandChannel } from "../../../definition/alerts.ts";
import { fail } from "../../../event/failure.ts";
import type { SecretValues } from "../secret-values.ts";
import type { Channel } from "./channel.ts";
import { messageJson } from "./message-json.ts";

/** How much of what the program says is kept. */
const mostOutput = 2_000;
/** How long a program that was told to end may take. */
const graceMs = 2_000;

/** Starts a program and gives it the alerts on stdin. Exit code 0 means delivered. */
export function commandChannel(config: CommandChannel, secrets: SecretValues, cwd: string): Channel {
  return {
    async send(message, options) {
      const given = await Promise.all(
        Object.entries(config.env ?? {}).map(
          async ([name, value]) => [name, await secrets.text(value, options)] as const,
        ),
      );
      const [program = "", ...args] = config.argv;
      await run({
        program,
        args,
        cwd,
        env: { ...withoutSecrets(process.env), ...Object.fromEntries(given) },
        input: messageJson(message),
        signal: options.signal,
      });
    },
  };
}

/** Our own environment without the secrets of the environment's provider. */
function withoutSecrets(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !name.startsWith("MORAINE_SECRET_")),
  );
}

interface Program {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly input: string;
  readonly signal: AbortSignal;
}

async function run({ program, args, cwd, env, input, signal }: Program): Promise<void> {
  const child = spawn(program, [...args], { cwd, env, shell: false, stdio: ["pipe", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = `${said}${text}`.slice(-mostOutput);
  });
  // A program that has read enough, or nothing, closes its end.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  let killer: NodeJS.Timeout | undefined;
  const end = () => {
    child.kill("SIGTERM");
    killer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  };
  signal.addEventListener("abort", end, { once: true });
  try {
    const exit = await new Promise<string>((resolve, refuse) => {
      child.once("error", refuse);
      child.once("exit", (code, name) => resolve(code === null ? `signal ${name}` : `exit code ${code}`));
    });
    signal.throwIfAborted();
    if (exit === "exit code 0") return;
    fail({
      reason: "bad-response",
      message: `${program} did not deliver the alerts`,
      retryable: true,
      expected: "exit code 0",
      got: [exit, said.trim().split("\n").at(-1) ?? ""].filter((part) => part !== "").join(": "),
      where: program,
    });
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    fail(
      {
        reason: "bad-response",
        message: `${program} can't be started`,
        retryable: false,
        got: error.message,
        where: program,
        next: "correct argv: an absolute path, or a program on the PATH of this user",
      },
      error,
    );
  } finally {
    clearTimeout(killer);
    signal.removeEventListener("abort", end);
  }
}
