import { fail } from "../event/failure.ts";
import type { DescribedField, DescribedObject } from "../salesforce/describe.ts";
import { nearest } from "../util/nearest.ts";
import type { FieldSpec, Spec } from "./spec.ts";

/** Types of describe that a column can hold. */
const accepted: Readonly<Record<FieldSpec["type"], readonly string[] | "any-scalar">> = {
  string: "any-scalar",
  boolean: ["boolean"],
  int: ["int"],
  long: ["int", "long"],
  double: ["double", "currency", "percent", "int", "long"],
  date: ["date"],
  timestamp: ["datetime"],
};
const notScalar = new Set(["address", "location", "base64", "complexvalue", "anyType"]);

/**
 * Holds what describe shows against what the YAML declares, on every run: a field hidden by field-level security is
 * silently absent, and without this its column would silently turn to null for everybody.
 *
 * @throws FailureError `access-contract`, naming every field
 */
export function checkAccessContract(spec: Spec, described: DescribedObject, where: string): void {
  const names = [...described.fields.keys()];
  const missing: string[] = [];
  const broken: string[] = [];
  for (const [name, field] of Object.entries(spec.fields)) {
    const found = described.fields.get(name);
    if (found === undefined) {
      const near = nearest(name, names)[0];
      missing.push(near === undefined ? name : `${name} (there is ${near})`);
      continue;
    }
    const problem = problemOf(field, found);
    if (problem !== undefined) broken.push(`${name} ${problem}`);
  }
  if (missing.length === 0 && broken.length === 0) return;
  const parts = [
    ...(missing.length === 0 ? [] : [`can't see ${missing.join(", ")}`]),
    ...(broken.length === 0 ? [] : [broken.join("; ")]),
  ];
  fail({
    reason: "access-contract",
    message: `the access contract on ${described.name} is broken: ${parts.join("; ")}`,
    retryable: false,
    expected: `all ${Object.keys(spec.fields).length} declared fields, readable and of their types`,
    got: `${missing.length} missing, ${broken.length} of another kind; ${names.length} visible`,
    where,
    next: "give the integration user read access (field-level security), or take the field out of dbthub.yml; nothing was written",
  });
}

function problemOf(field: FieldSpec, found: DescribedField): string | undefined {
  if (field.tracked && found.calculated) {
    return "is a formula: its changes move no cursor, so it can't be tracked";
  }
  const types = accepted[field.type];
  const fits = types === "any-scalar" ? !notScalar.has(found.type) : types.includes(found.type);
  return fits ? undefined : `is a ${found.type}, which no ${field.type} holds`;
}
