// Tries the build on the Node.js versions that moraine supports, from the npm package `node`, and sees an older one
// refused. The other tests run on the version that package.json brings.
import { spawnSync } from "node:child_process";

// On the oldest one the pipeline alone: jsforce's own client, which judges the sandbox, needs 22.19 (its undici says so).
const supported = [
  { version: "22.14.0", tests: "test/smoke" },
  { version: "22", tests: "" },
  { version: "26", tests: "" },
];
const refused = "20";

for (const { version, tests } of supported) {
  console.log(`\nNode.js ${version}`);
  const { status } = onNode(version, `vitest run --config vitest.smoke.config.ts ${tests}`, {
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}

const { status, stderr } = onNode(refused, "node dist/moraine.js list", { encoding: "utf8" });
const said = stderr.split("\n").filter((line) => line.startsWith("moraine needs Node.js"));
console.log(`\nNode.js ${refused}: exit ${status}, ${said.join("\n")}`);
if (status !== 2 || said.length !== 1) process.exit(1);

function onNode(version, command, options) {
  const env = { ...process.env, MORAINE_TEST_NODE: version };
  return spawnSync("npx", ["--yes", "--package", `node@${version}`, "--call", command], { env, ...options });
}
