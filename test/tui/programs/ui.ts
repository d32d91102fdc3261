// A `moraine ui` over the fixture project: `node ui.mjs STORE [throw]`. Writes its exit code or error to the first
// screen, so that a test sees that the terminal was given back.
import { spawn } from "node:child_process";
import { openStoreReader } from "../../../framework/store/open-store.ts";
import { runInteractive } from "../../../framework/tui/interactive.ts";
import { fixtureGraph, schedulingOf, observationsFrom } from "../fixture-project.ts";

const [path = "", mode] = process.argv.slice(2);
const graph = fixtureGraph();
const reader = openStoreReader({ path, target: "local" });
try {
  if (mode === "throw") {
    process.on("SIGUSR1", () => {
      throw new Error("thrown on purpose");
    });
  }
  const code = await runInteractive({
    graph,
    reader,
    freshness: () => new Map(),
    ...schedulingOf(reader),
    observe: () => {
      if (mode === "bug") throw new TypeError("bug on purpose");
      return observationsFrom(graph, reader);
    },
    startVerb: (args) => {
      const child = spawn(process.execPath, ["-e", "process.exit(3)", "--", ...args], {
        detached: true,
        stdio: "ignore",
      });
      return {
        command: `moraine ${args.join(" ")}`,
        exited: new Promise((resolve) => {
          child.once("exit", resolve);
        }),
        lastLine: () => "no such thing",
      };
    },
    projectName: "demo",
    target: "local",
    readOnly: false,
    ascii: false,
    color: mode === "color",
    motion: false,
    stdin: process.stdin,
    stdout: process.stdout,
  });
  process.stdout.write(`left with ${code}\n`);
  process.exitCode = code;
} catch (error) {
  process.stdout.write(`thrown: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 70;
} finally {
  reader.close();
}
