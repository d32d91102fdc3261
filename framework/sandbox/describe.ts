import { organizationFields, userFields } from "./user-fields.ts";
import type { SandboxField } from "./user-fields.ts";

const soapTypes: Readonly<Record<SandboxField["type"], string>> = {
  address: "urn:address",
  boolean: "xsd:boolean",
  datetime: "xsd:dateTime",
  double: "xsd:double",
  email: "xsd:string",
  id: "tns:ID",
  int: "xsd:int",
  phone: "xsd:string",
  picklist: "xsd:string",
  reference: "tns:ID",
  string: "xsd:string",
  textarea: "xsd:string",
};

/** One field as `/sobjects/User/describe` shows it. */
function describeField(field: SandboxField) {
  const isCompound = field.type === "address";
  const isDouble = field.type === "double";
  return {
    aggregatable: !isCompound && field.type !== "boolean",
    aiPredictionField: false,
    autoNumber: false,
    byteLength: field.length * 3,
    calculated: field.formula !== undefined,
    calculatedFormula: field.formula === undefined ? null : "UPPER(LEFT(Division, 3))",
    cascadeDelete: false,
    caseSensitive: false,
    compoundFieldName: field.compoundFieldName ?? null,
    controllerName: null,
    createable: field.updateable,
    custom: field.custom,
    defaultValue: field.type === "boolean" ? field.defaultValue === 1 : null,
    defaultValueFormula: null,
    defaultedOnCreate: field.defaultValue !== null,
    dependentPicklist: false,
    deprecatedAndHidden: false,
    digits: field.type === "int" ? 9 : 0,
    displayLocationInDecimal: false,
    encrypted: false,
    externalId: false,
    extraTypeInfo: null,
    filterable: !isCompound,
    filteredLookupInfo: null,
    formulaTreatNullNumberAsZero: false,
    groupable: !isCompound && !isDouble && field.type !== "datetime",
    highScaleNumber: false,
    htmlFormatted: false,
    idLookup: field.type === "id" || field.name === "Username",
    inlineHelpText: null,
    label: field.label,
    length: field.length,
    mask: null,
    maskType: null,
    name: field.name,
    nameField: field.name === "Name",
    namePointing: false,
    nillable: field.nillable,
    permissionable: field.nillable && !isCompound,
    picklistValues: field.picklistValues.map((value) => ({
      active: true,
      defaultValue: value === field.defaultValue,
      label: value,
      validFor: null,
      value,
    })),
    polymorphicForeignKey: false,
    precision: isDouble ? 18 : 0,
    queryByDistance: isCompound,
    referenceTargetField: null,
    referenceTo: field.referenceTo,
    relationshipName: field.relationshipName ?? null,
    relationshipOrder: null,
    restrictedDelete: false,
    restrictedPicklist: field.picklistValues.length > 0 && !field.custom,
    scale: isDouble ? 15 : 0,
    searchPrefilterable: false,
    soapType: soapTypes[field.type],
    sortable: !isCompound,
    type: field.type,
    unique: field.unique,
    updateable: field.updateable,
    writeRequiresMasterRead: false,
  };
}

/** The summary of an object that `/sobjects` lists and that describe begins with. */
export function describeObject(name: "User" | "Organization", version: string) {
  const isUser = name === "User";
  const base = `/services/data/${version}/sobjects/${name}`;
  return {
    activateable: false,
    createable: isUser,
    custom: false,
    customSetting: false,
    deletable: false,
    deprecatedAndHidden: false,
    feedEnabled: isUser,
    hasSubtypes: false,
    keyPrefix: isUser ? "005" : "00D",
    label: name,
    labelPlural: isUser ? "Users" : "Organizations",
    layoutable: isUser,
    mergeable: false,
    mruEnabled: false,
    name,
    queryable: true,
    replicateable: true,
    retrieveable: true,
    searchable: isUser,
    triggerable: isUser,
    undeletable: false,
    updateable: true,
    urls: { describe: `${base}/describe`, rowTemplate: `${base}/{ID}`, sobject: base },
  };
}

/** The whole describe; fields in `hidden` (lower case) are absent, as field-level security makes them. */
export function describe(name: "User" | "Organization", version: string, hidden: ReadonlySet<string>) {
  const fields = (name === "User" ? userFields : organizationFields).filter(
    (field) => !hidden.has(field.name.toLowerCase()),
  );
  return {
    ...describeObject(name, version),
    childRelationships: [],
    compactLayoutable: name === "User",
    fields: fields.map(describeField),
    recordTypeInfos: [],
    supportedScopes: [{ label: "All", name: "everything" }],
  };
}
