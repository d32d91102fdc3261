import { errorAt } from "../salesforce-error.ts";
import { organizationFields, userFields } from "../user-fields.ts";
import type { SandboxField } from "../user-fields.ts";

/** The object a query reads, with the fields that its user may see. */
export interface Entity {
  readonly name: "User" | "Organization";
  /** The query's own text and alias, for error messages and `u.Name`. */
  readonly query: string;
  readonly alias: string | undefined;
  readonly fields: readonly SandboxField[];
}

/**
 * Finds the object of a query; `hidden` are lower-case names that field-level security keeps away.
 *
 * @throws SalesforceError `INVALID_TYPE` for any other object.
 */
export function findEntity(
  query: string,
  name: string,
  alias: string | undefined,
  hidden: ReadonlySet<string>,
): Entity {
  const known = ({ user: "User", organization: "Organization" } as const)[name.toLowerCase() as "user"] as
    | Entity["name"]
    | undefined;
  if (known === undefined) {
    throw errorAt(
      query,
      name,
      "INVALID_TYPE",
      `sObject type '${name}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.`,
    );
  }
  const fields = known === "User" ? userFields : organizationFields;
  return {
    name: known,
    query,
    alias,
    fields: fields.filter((field) => !hidden.has(field.name.toLowerCase())),
  };
}

/**
 * Finds a field by its name in any case, with or without the object or its alias before it.
 *
 * @throws SalesforceError `INVALID_FIELD` in Salesforce's words when there is none, or when it leads to another object.
 */
export function resolveField(entity: Entity, path: string): SandboxField {
  const [first = "", ...rest] = path.split(".");
  const isPrefixed =
    rest.length === 1 &&
    [entity.name, entity.alias].some((name) => name?.toLowerCase() === first.toLowerCase());
  if (rest.length > 0 && !isPrefixed) {
    throw errorAt(
      entity.query,
      path,
      "INVALID_FIELD",
      `Didn't understand relationship '${first}' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.`,
    );
  }
  const name = isPrefixed ? (rest[0] ?? "") : first;
  const found = entity.fields.find((field) => field.name.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw errorAt(
    entity.query,
    path,
    "INVALID_FIELD",
    `No such column '${name}' on entity '${entity.name}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.`,
  );
}
