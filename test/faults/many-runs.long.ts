import { afterAll, beforeAll, expect, it } from "vitest";
import { testExtensions } from "../lakehouse/support.ts";
import { temporaryDirectory } from "../support/rig.ts";
import { bundledScript, finished, started } from "../support/scripts.ts";

let script: Awaited<ReturnType<typeof bundledScript>>;
beforeAll(async () => {
  script = await bundledScript("faults/many-runs-process");
});
afterAll(() => script.remove());

interface Measured {
  readonly number: number;
  readonly heapUsed: number;
  readonly files: number;
}

it("keeps heap and open files as they are over 10,000 runs in one process", async () => {
  const extensions = await testExtensions();
  const args = ["--expose-gc", script.file, temporaryDirectory(), extensions, "10000"];
  const lines = (await finished(started(process.execPath, args))).trim().split("\n");
  // Up to the first tenth is what a program needs once: code that is compiled, statements that are prepared.
  const [, early, ...later] = lines.map((line) => JSON.parse(line) as Measured);
  if (early === undefined) throw new Error("expected what was measured");
  expect(later.at(-1)?.number).toBe(10_000);
  for (const { heapUsed, files } of later) {
    expect(files).toBe(early.files);
    expect(heapUsed).toBeLessThan(early.heapUsed * 1.1);
  }
});
