import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A server that runs until it is closed, or until this process ends, however it ends. */
export interface ServerProcess {
  /** Of the guard that started the server. */
  readonly pid: number;
  /** Ends the server and resolves when it has ended. */
  close(): Promise<void>;
}

/** What {@link startServer} takes. */
export interface ServerOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Looks at a line of output, and says whether the server is ready. */
  readonly isReady: (line: string) => boolean;
}

/**
 * Starts the server beside a reader of the pipe that only this process holds open. The pipe ends with this process,
 * also with `kill -9`, and the server with the pipe: asked first, so that it can finish, then killed.
 */
const guard = `
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
(
  cat <&3 >/dev/null
  kill "$server"
  for _ in $(seq 300); do kill -0 "$server" || exit; sleep 0.2; done
  kill -9 "$server"
) 2>/dev/null &
reader=$!
exec 3<&-
wait "$server"
kill "$reader" 2>/dev/null
`;

/**
 * Starts a server and resolves when it is ready.
 *
 * @throws Error with the last lines of its output when it ends before
 */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const child = spawn("sh", ["-c", guard, options.name, options.command, ...options.args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
    // A group of its own: Ctrl-C in the terminal ends the tests, and they end the server.
    detached: true,
  });
  const tail: string[] = [];
  const ended = new Promise<void>((resolve, reject) =>
    child.once("error", reject).once("close", () => resolve()),
  );
  const ready = new Promise<void>((resolve) => {
    for (const input of [child.stdout, child.stderr])
      createInterface({ input }).on("line", (line) => {
        if (tail.push(line) > 60) tail.shift();
        if (options.isReady(line)) resolve();
      });
  });
  const hasEnded = await Promise.race([ready.then(() => false), ended.then(() => true)]);
  if (hasEnded) throw new Error(`${options.name} ended before it was ready:\n${tail.join("\n")}`);
  return {
    pid: child.pid ?? 0,
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
