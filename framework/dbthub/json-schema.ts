import * as z from "zod";
import { specSchema } from "./spec.ts";

/** The JSON Schema of `dbthub.yml` for editors, as text; `dbthub.schema.json` beside this file is its copy on disk. */
export function jsonSchemaText(): string {
  const schema = z.toJSONSchema(specSchema, { io: "input", target: "draft-7" });
  return `${JSON.stringify({ title: "moraine dbthub.yml", ...schema }, null, 2)}\n`;
}
