import fc from "fast-check";
import { expect, it } from "vitest";
import type { AwsClients } from "../../../framework/lakehouse/athena/aws-clients.ts";
import { readResultFile } from "../../../framework/lakehouse/athena/result-file.ts";
import { openResult } from "../../../framework/lakehouse/athena/results.ts";
import type { S3Objects } from "../../../framework/lakehouse/athena/s3-objects.ts";
import { collectRows } from "../../../framework/lakehouse/lakehouse.ts";

type Cell = string | undefined;

/** As Athena writes it. */
const lineOf = (cells: readonly Cell[]) =>
  `${cells.map((cell) => (cell === undefined ? "" : `"${cell.replaceAll('"', '""')}"`)).join(",")}\n`;

async function* cutAt(text: string, places: readonly number[]): AsyncGenerator<string> {
  let from = 0;
  for (const place of places.map((share) => Math.floor(share * text.length)).toSorted((a, b) => a - b)) {
    yield text.slice(from, place);
    from = place;
  }
  yield text.slice(from);
}

async function collect(lines: AsyncIterable<readonly Cell[]>): Promise<readonly (readonly Cell[])[]> {
  const collected: (readonly Cell[])[] = [];
  for await (const cells of lines) collected.push(cells);
  return collected;
}

it("a result file gives every cell back, wherever its text is cut", async () => {
  const cell = fc.option(fc.string({ unit: fc.constantFrom('"', ",", "\n", "\r", "a", "Ø") }), {
    nil: undefined,
  });
  const rows = fc
    .integer({ min: 1, max: 3 })
    .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width })));
  const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(rows, places, async (given, cuts) => {
      const text = given.map(lineOf).join("");
      expect(await collect(readResultFile(cutAt(text, cuts)))).toEqual(given);
    }),
    // A value at the very beginning of what is there, whose closing quote is not.
    { examples: [[[["\n"], ["a"]], [0.3]]] },
  );
});

it("an answer of many pages costs one request to Athena, and is read from its file", async () => {
  let requests = 0;
  const page = {
    NextToken: "more",
    ResultSet: {
      Rows: [],
      ResultSetMetadata: {
        ColumnInfo: [
          { Name: "id", Type: "varchar" },
          { Name: "n", Type: "bigint" },
        ],
      },
    },
  };
  const clients = { athena: async () => ({ send: async () => ((requests += 1), page) }) };
  const objects = {
    streamText: (uri: string) => cutAt(uri === "s3://results/x.csv" ? '"id","n"\n"",\n"a","7"\n' : "", [0.5]),
  };
  const { columns, rows } = await openResult(
    { clients: clients as unknown as AwsClients, objects: objects as unknown as S3Objects },
    { id: "x", hasHeader: true, location: "s3://results/x.csv" },
  );
  expect(await collectRows({ columns, rows })).toEqual([
    { id: "", n: null },
    { id: "a", n: 7 },
  ]);
  expect(requests).toBe(1);
});
