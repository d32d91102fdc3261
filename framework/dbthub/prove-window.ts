import { fail } from "../event/failure.ts";
import type { Extraction } from "./extraction.ts";
import { sourceCountCheck } from "./quality-rules.ts";

/** The source's COUNT() of the closed window, the rows read, and how many of these had moved on meanwhile. */
export interface Proof {
  readonly counted: number;
  readonly read: number;
  readonly moved: number;
}

const maxReads = 3;

/**
 * Reads the closed window and proves it: the source's own COUNT() must equal the rows read. While we read, a user may
 * change and so leave the window for the open tail; such users are looked up and allowed for. Whatever stays unexplained is
 * read again, and in the end is a failure: nothing has been written by then.
 *
 * @throws FailureError `proof-failed`
 */
export async function readProvenWindow(extraction: Extraction): Promise<Proof> {
  const { org, window, context, spec } = extraction.options;
  const range = extraction.range(window.lo, window.hi);
  for (let number = 1; ; number++) {
    const before = await org.count(range);
    const ids = await extraction.keep(
      "window",
      org.read(range, { method: extraction.method, count: before }),
      before,
    );
    let proof: Proof = { counted: before, read: ids.size, moved: 0 };
    if (before !== ids.size) {
      const counted = await org.count(range);
      const moved = counted === ids.size ? 0 : await countMoved(extraction, ids);
      proof = { counted, read: ids.size, moved };
    }
    const isProven = proof.counted <= proof.read && proof.counted >= proof.read - proof.moved;
    if (isProven || number === maxReads) {
      context.reportCheck(sourceCountCheck, {
        passed: isProven,
        value: proof.read,
        expected: proof.counted,
        metadata: { moved: { type: "rows", value: proof.moved } },
      });
    }
    if (isProven) return proof;
    if (number === maxReads) {
      fail({
        reason: "proof-failed",
        message: `${spec.object}: the source counts other rows than it gives; nothing was written`,
        retryable: false,
        expected: `${proof.counted} rows by COUNT()`,
        got: `${proof.read} rows read, ${maxReads} times over`,
        where: `${spec.cursor.field} from ${window.lo?.toISOString() ?? "the beginning"} to ${window.hi.toISOString()}`,
        next: `run again; if it stays, check sharing and field access of the integration user`,
      });
    }
    context.log(`COUNT() says ${proof.counted}, read ${proof.read}; reading the window again`, "warn");
  }
}

async function countMoved(extraction: Extraction, ids: ReadonlySet<string>): Promise<number> {
  const { org, window, spec } = extraction.options;
  const tail = { ...extraction.range(window.hi, undefined), fields: ["Id", spec.cursor.field] };
  let moved = 0;
  for await (const page of org.read(tail, { method: "rest", count: 0 })) {
    for (const { Id } of page) if (ids.has(String(Id))) moved += 1;
  }
  return moved;
}
