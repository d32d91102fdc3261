import * as z from "zod";
import { durationSchema as duration, freshnessSchema } from "../definition/written-freshness.ts";
import { defaultApiVersion } from "../salesforce/api-version.ts";

const share = z.number().min(0).max(1);
const severity = z.enum(["warn", "error"]);
const apiName = z.string().regex(/^[A-Za-z]\w*$/, "expected an API name like Division or Audit_Phase__c");
const columnName = z.string().regex(/^[a-z][a-z0-9_]*$/, "expected a column name in lower case");

const verdict = {
  severity: severity.default("error"),
  quarantine: z
    .boolean()
    .default(false)
    .meta({ description: "Land rows that break the rule in <table>__rejected instead" }),
};

/** A rule that is switched on by `true` or by an object that says more. */
const flag = z.union([
  z.literal(true).transform(() => ({ severity: "error" as const, quarantine: false })),
  z.strictObject(verdict),
]);

const fieldSchema = z.strictObject({
  column: columnName.meta({ description: "Column of the table that holds the field" }),
  type: z
    .enum(["string", "boolean", "int", "long", "double", "date", "timestamp"])
    .default("string")
    .meta({ description: "Type of the column" }),
  tracked: z
    .boolean()
    .default(false)
    .meta({ description: "Its changes make history: a formula field is refused, since it moves no cursor" }),
  required: flag.optional(),
  unique: z
    .union([
      z.literal(true).transform(() => ({ severity: "error" as const })),
      z.strictObject({ severity: severity.default("error") }),
    ])
    .optional(),
  accepted_values: z.strictObject({ values: z.array(z.string()).min(1), ...verdict }).optional(),
  pattern: z.strictObject({ regex: z.string().min(1), ...verdict }).optional(),
  range: z.strictObject({ min: z.number().optional(), max: z.number().optional(), ...verdict }).optional(),
});

const connectionSchema = z.strictObject({
  type: z.literal("salesforce"),
  secret: z.string().min(1).meta({ description: "Name of the secret that holds the credentials" }),
  auth: z.enum(["jwt-bearer", "client-credentials", "refresh-token", "password", "soap"]).optional(),
  api_version: z
    .string()
    .regex(/^\d+\.0$/, `expected a version like "${defaultApiVersion}", in quotes`)
    .default(defaultApiVersion),
  request_timeout: duration.prefault("120s"),
  daily_calls_share: share
    .default(0.9)
    .meta({ description: "Stop when this share of the day's API calls is used" }),
  read_method: z.enum(["auto", "rest", "bulk"]).default("auto"),
});

const cursorSchema = z.strictObject({
  field: apiName.meta({ description: "SystemModstamp, or LastModifiedDate" }),
  settle: duration.prefault("5m").meta({ description: "Rows younger than this may still change unseen" }),
  overlap: duration.prefault("10m").meta({ description: "How far back each window reads again" }),
  read_tail: z.boolean().default(true).meta({ description: "Also land what is younger than settle" }),
});

const deletesSchema = z.strictObject({
  deleted_when: z.enum(["inactive", "absent", "either"]).default("either"),
  active_field: apiName.default("IsActive"),
  sweep: z.enum(["every-run", "never"]).default("every-run"),
});

const breakerSchema = z.strictObject({
  max_retired_share: share.default(0.05),
  max_visible_drop: share.default(0.2),
});

/** What a `dbthub.yml` may hold; the JSON Schema for editors is made from it. */
export const specSchema = z.strictObject({
  description: z.string().optional(),
  group: z.string().optional(),
  owners: z.array(z.string()).default([]),
  tags: z.array(z.string()).default([]),
  connection: connectionSchema,
  object: apiName.meta({ description: "API name of the Salesforce object" }),
  fields: z.record(apiName, fieldSchema),
  cursor: cursorSchema,
  write_disposition: z.enum(["append", "merge", "replace"]).default("merge"),
  merge_strategy: z.enum(["upsert", "insert-only"]).default("insert-only"),
  merge_key: z.array(columnName).default([]),
  deletes: deletesSchema.prefault({}),
  breaker: breakerSchema.prefault({}),
  volume: z
    .strictObject({
      min_rows: z.int().min(0).optional(),
      max_rows: z.int().optional(),
      severity: severity.default("error"),
    })
    .optional(),
  refresh: duration
    .optional()
    .meta({ description: "Ask the source at most this often; default whenever a run asks" }),
  freshness: freshnessSchema.optional(),
  keep_packages: z.int().min(0).default(2).meta({ description: "Finished load packages left on disk" }),
});

/** A `dbthub.yml` as parsed, with defaults; durations in milliseconds. */
export type Spec = z.output<typeof specSchema>;

/** One field of a {@link Spec}. */
export type FieldSpec = Spec["fields"][string];

/** Columns that the load fills itself, beside the mapped fields. */
export const systemColumns = {
  extracted_at: "timestamp",
  load_id: "string",
  op: "string",
  delete_reason: "string",
} as const;

/** Column of a field that {@link checkSpec} has found to be mapped. */
export function columnOf(spec: Spec, field: string): string {
  const mapped = spec.fields[field];
  if (mapped === undefined) throw new Error(`Internal error: expected field ${field} to be mapped`);
  return mapped.column;
}
