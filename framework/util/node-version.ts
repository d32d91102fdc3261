/**
 * Says in one line why moraine can't run on this Node.js, or undefined when it can.
 *
 * @param required the range of package.json's `engines.node`, of the form `>=22.14`
 * @param found the running version, `22.14.0`
 */
export function unsupportedNode(required: string, found: string): string | undefined {
  const oldest = required.replace(">=", "");
  if (isAtLeast(found, oldest)) return undefined;
  return `moraine needs Node.js ${oldest} or newer, and this is Node.js ${found}: install a newer one (https://nodejs.org), or use \`npx moraine\` in a checkout of moraine, which brings its own`;
}

function isAtLeast(found: string, oldest: string): boolean {
  const [foundMajor = 0, foundMinor = 0] = found.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split(".").map(Number);
  return foundMajor === oldestMajor ? foundMinor >= oldestMinor : foundMajor > oldestMajor;
}
