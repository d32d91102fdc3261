import { Ajv } from "ajv";
import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { jsonSchemaText } from "../../framework/dbthub/json-schema.ts";
import { shippedYaml } from "./rig.ts";

const file = new URL("../../framework/dbthub/dbthub.schema.json", import.meta.url);

/** `MORAINE_WRITE_SCHEMA=1 npx vitest run test/dbthub/json-schema.test.ts` writes the file anew; then format it. */
it("ships the JSON Schema that the parser's own schema gives", () => {
  if (process.env["MORAINE_WRITE_SCHEMA"] !== undefined) writeFileSync(file, jsonSchemaText());
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(JSON.parse(jsonSchemaText()));
});

it("accepts the shipped YAML and refuses a misspelled key, as editors will", () => {
  const validate = new Ajv({ strict: false }).compile(JSON.parse(jsonSchemaText()) as object);
  expect(validate(parse(shippedYaml))).toBe(true);
  expect(validate(parse(shippedYaml.replace("merge_strategy", "merge_stratgy")))).toBe(false);
});
