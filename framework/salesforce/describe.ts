import * as z from "zod";
import type { Session } from "./session.ts";

const fieldSchema = z.object({
  name: z.string(),
  /** `id`, `reference`, `string`, `picklist`, `boolean`, `datetime`, `double`, `address`, ... */
  type: z.string(),
  /** A formula: changes without moving any stamp. */
  calculated: z.boolean().default(false),
  /** The formula, where this user may read it: `UPPER(LEFT(Division, 3))`. */
  calculatedFormula: z.string().nullish(),
});

const describeSchema = z.object({
  name: z.string(),
  queryable: z.boolean(),
  fields: z.array(fieldSchema),
});

/** A field as describe shows it to the user who asks. */
export type DescribedField = z.output<typeof fieldSchema>;

/** An object's visible fields by name. A field hidden by field-level security is simply not there. */
export interface DescribedObject {
  readonly name: string;
  readonly fields: ReadonlyMap<string, DescribedField>;
}

/** Describes an object; read anew on every run, since access changes without notice. */
export async function describeObject(session: Session, object: string): Promise<DescribedObject> {
  const answer = await session.ask(
    (connection) => connection.describe(object),
    describeSchema,
    `describe of ${object}`,
  );
  return { name: answer.name, fields: new Map(answer.fields.map((field) => [field.name, field])) };
}
