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
  const formulas: DescribedField[] = [];
  for (const [name, field] of Object.entries(spec.fields)) {
    const found = described.fields.get(name);
    if (found === undefined) {
      const near = nearest(name, names)[0];
      missing.push(near === undefined ? name : `${name} (there is ${near})`);
    } else if (field.tracked && found.calculated) formulas.push(found);
    else {
      const problem = problemOf(field, found);
      if (problem !== undefined) broken.push(`${name} ${problem}`);
    }
  }
  const problemCount = missing.length + broken.length + formulas.length;
  if (problemCount === 0) return;
  const parts = [
    ...(missing.length === 0 ? [] : [`can't see ${missing.join(", ")}`]),
    ...broken,
    ...formulas.map(({ name }) => `${name} is a formula: its changes move no cursor, so it can't be tracked`),
  ];
  const advice = [
    ...(missing.length === 0
      ? []
      : [
          "give the integration user read access (field-level security), or take the field out of dbthub.yml",
        ]),
    ...(broken.length === 0
      ? []
      : ["give the field and its column a type that holds it, or take the field out of dbthub.yml"]),
    ...formulas.map((field) => formulaAdvice(field, spec, described)),
  ];
  fail({
    reason: "access-contract",
    message: `the access contract on ${described.name} is broken: ${parts.join("; ")}`,
    retryable: false,
    expected: `all ${Object.keys(spec.fields).length} declared fields, readable and of their types`,
    got: `${missing.length} missing, ${problemCount - missing.length} of another kind; ${names.length} visible`,
    where,
    next: `${advice.join("; ")}; nothing was written`,
  });
}

/** The formula still lands with each row that is read; its history is that of the fields from which it is computed. */
function formulaAdvice(formula: DescribedField, spec: Spec, described: DescribedObject): string {
  const inputs = fieldsIn(formula.calculatedFormula ?? "", described);
  const untracked = inputs.filter((name) => spec.fields[name]?.tracked !== true);
  const first = `set tracked: false on ${formula.name} in dbthub.yml`;
  if (inputs.length === 0) return `${first}, and track the fields from which it is computed`;
  if (untracked.length === 0) return `${first}; ${inputs.join(", ")}, from which it is computed, is tracked`;
  return `${first}, and tracked: true on ${untracked.join(", ")}, from which it is computed`;
}

/** Fields of the object itself that a formula names, outside of its texts; `Manager.Title` is another record's. */
function fieldsIn(formula: string, described: DescribedObject): readonly string[] {
  const names = formula.replaceAll(/"[^"]*"|'[^']*'/g, "").match(/[A-Za-z][\w.$]*/g) ?? [];
  return [...new Set(names)].filter((name) => described.fields.get(name)?.calculated === false);
}

function problemOf(field: FieldSpec, found: DescribedField): string | undefined {
  const types = accepted[field.type];
  const fits = types === "any-scalar" ? !notScalar.has(found.type) : types.includes(found.type);
  return fits ? undefined : `is a ${found.type}, which no ${field.type} holds`;
}
