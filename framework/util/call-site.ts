import { fileURLToPath } from "node:url";
import { shownPath } from "./shown-path.ts";

/**
 * Remembers who called a function of ours, for messages. The stack is recorded at once, its text and the source maps
 * are read only when the result is called.
 *
 * @param callee the function whose caller is meant
 * @returns gives `assets/user.ts:12:22`; for a call by way of a helper in another file, the helper's place and, behind
 * it, that of the outermost call; undefined when the stack names no file
 */
export function callSite(callee: (...args: never[]) => unknown): () => string | undefined {
  const site: { readonly stack?: string } = {};
  Error.captureStackTrace(site, callee);
  return () => {
    // Behind the first `at async` stand those who wait for the call, not who made it.
    const [calls = ""] = (site.stack ?? "").split("\n    at async ");
    const frames = calls.split("\n").flatMap(readFrame);
    const own = frames.filter(({ file }) => !/[\\/]node_modules[\\/]/.test(file));
    const shown = own.length === 0 ? frames : own;
    const [inner, outer] = [shown[0], shown.at(-1)];
    if (inner === undefined || outer === undefined) return undefined;
    return inner.file === outer.file ? inner.place : `${inner.place}, called from ${outer.place}`;
  };
}

function readFrame(line: string): readonly { readonly file: string; readonly place: string }[] {
  const [, url, position] = /^\s*at (?:[^(/]*\()?(.+?)(:\d+:\d+)\)?$/.exec(line) ?? [];
  if (url === undefined || url.startsWith("node:") || !/^file:|[\\/]/.test(url)) return [];
  const file = url.startsWith("file:") ? fileURLToPath(url) : url;
  return [{ file, place: `${shownPath(file)}${position}` }];
}
