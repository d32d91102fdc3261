#!/usr/bin/env node
import packageJson from "../../package.json" with { type: "json" };

// The version costs nothing: it is asked for by scripts and completions, before anything is loaded.
if (process.argv.length === 3 && (process.argv[2] === "--version" || process.argv[2] === "-V")) {
  process.stdout.write(`${packageJson.version}\n`);
} else {
  const { runCommandLine } = await import("./program.ts");
  await runCommandLine(process.argv, packageJson.version);
}
