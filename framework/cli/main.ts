#!/usr/bin/env node
import packageJson from "../../package.json" with { type: "json" };
import { unsupportedNode } from "../util/node-version.ts";
import { exitCode } from "./exit-code.ts";

// SQLite's driver ends an older Node.js by a segmentation fault, so this comes before anything else is loaded.
const problem = unsupportedNode(packageJson.engines.node, process.versions.node);
if (problem !== undefined) {
  process.stderr.write(`${problem}\n`);
  process.exitCode = exitCode.wrongUsage;
} else if (process.argv.length === 3 && (process.argv[2] === "--version" || process.argv[2] === "-V")) {
  // The version costs nothing: it is asked for by scripts and completions, before anything is loaded.
  process.stdout.write(`${packageJson.version}\n`);
} else {
  const { runCommandLine } = await import("./program.ts");
  await runCommandLine(process.argv, packageJson.version);
}
