import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "vitest";
import type { OpenLineageEvent } from "../../../framework/observability/openlineage/event.ts";

const directory = join(import.meta.dirname, "schemas");
const ajv = new Ajv2020({
  strict: false,
  formats: {
    uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    uri: (text: string) => URL.canParse(text),
    "date-time": (text: string) => /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) && !Number.isNaN(Date.parse(text)),
  },
});
for (const file of readdirSync(directory).filter((name) => name.endsWith(".json")))
  ajv.addSchema(JSON.parse(readFileSync(join(directory, file), "utf8")) as object);

function expectValid(schemaUrl: string, value: unknown): void {
  const validate = ajv.getSchema(schemaUrl);
  if (validate === undefined) throw new Error(`expected a published schema ${schemaUrl}`);
  expect([validate(value), validate.errors]).toEqual([true, null]);
}

/** Every facet in an event, however deep, with the schema that it names. */
function facetsIn(value: unknown): readonly { readonly schemaUrl: string; readonly facet: object }[] {
  if (typeof value !== "object" || value === null) return [];
  const { _schemaURL: schemaUrl } = value as { readonly _schemaURL?: string };
  const own = schemaUrl === undefined ? [] : [{ schemaUrl, facet: value }];
  return [...own, ...Object.values(value).flatMap(facetsIn)];
}

/** Fails unless an event, and each of its facets, follows the published schema that it names. */
export function expectPublished(event: OpenLineageEvent): void {
  expectValid(event.schemaURL, event);
  const facets = facetsIn(event);
  expect(facets.length).toBeGreaterThan(0);
  for (const { schemaUrl, facet } of facets) expectValid(schemaUrl, facet);
}

/** The events of a text of JSON lines; each is a published one. */
export function eventsIn(lines: string): readonly OpenLineageEvent[] {
  const events = lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as OpenLineageEvent);
  for (const event of events) expectPublished(event);
  return events;
}

/** `START crm.raw.users`, for each. */
export function namesOf(events: readonly OpenLineageEvent[]): readonly string[] {
  return events.map(({ eventType, job }) => `${eventType} ${job.name}`);
}
