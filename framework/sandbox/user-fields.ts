/** The types of describe that a User has. */
type FieldType =
  | "address"
  | "boolean"
  | "datetime"
  | "double"
  | "email"
  | "id"
  | "int"
  | "phone"
  | "picklist"
  | "reference"
  | "string"
  | "textarea";

/** One field of an object: what describe says of it, and how its column is kept. */
export interface SandboxField {
  readonly name: string;
  readonly label: string;
  readonly type: FieldType;
  /** Characters; 0 where Salesforce says 0 (booleans, dates, numbers). */
  readonly length: number;
  readonly nillable: boolean;
  readonly updateable: boolean;
  readonly unique: boolean;
  readonly custom: boolean;
  /** The compound field that shows this one too. */
  readonly compoundFieldName: string | undefined;
  readonly picklistValues: readonly string[];
  readonly referenceTo: readonly string[];
  readonly relationshipName: string | undefined;
  /** SQL expression of a formula field; such a field moves no stamp. */
  readonly formula: string | undefined;
  /** What a record has that does not say: also the column's default, so that seeding need not write it. */
  readonly defaultValue: string | number | null;
}

/** The values of `Audit_Phase__c`, in the order of the work. */
export const auditPhases = ["Planning", "Fieldwork", "Reporting", "Follow-up", "Closed"] as const;

/**
 * The divisions that a pipeline should accept. `NA` is one (it is text, not a missing value); the seed also holds a
 * few rows outside the list: `N/A`, null and the empty string.
 */
export const divisions = [
  "Finance",
  "Operations",
  "Sales",
  "Marketing",
  "Human Resources",
  "IT",
  "Legal",
  "Økonomi",
  "NA",
] as const;

type Traits = Partial<Omit<SandboxField, "name" | "label" | "type">> & { readonly label?: string };

function field(name: string, type: FieldType, traits: Traits = {}): SandboxField {
  return {
    label: name.replace(/__c$/, "").replace(/([a-z])([A-Z])|_/g, "$1 $2"),
    length: 0,
    nillable: true,
    updateable: true,
    unique: false,
    custom: name.endsWith("__c"),
    compoundFieldName: undefined,
    picklistValues: [],
    referenceTo: [],
    relationshipName: undefined,
    formula: undefined,
    defaultValue: null,
    ...traits,
    name,
    type,
  };
}

const text = (name: string, length: number, traits: Traits = {}): SandboxField =>
  field(name, "string", { length, ...traits });

const inAddress = { compoundFieldName: "Address" } as const;
const inName = { compoundFieldName: "Name" } as const;
const system = { nillable: false, updateable: false } as const;
const reference = (name: string, to: string, traits: Traits = {}): SandboxField =>
  field(name, "reference", {
    length: 18,
    referenceTo: [to],
    relationshipName: name.replace(/Id$/, ""),
    ...traits,
  });
const required = (defaultValue: string, ...others: readonly string[]): Traits => ({
  length: 40,
  nillable: false,
  picklistValues: [defaultValue, ...others],
  defaultValue,
});

/** Fields of User in describe's order. There is no `IsDeleted`: users are deactivated, never deleted. */
export const userFields: readonly SandboxField[] = [
  field("Id", "id", { ...system, label: "User ID", length: 18 }),
  text("Username", 80, { nillable: false, unique: true }),
  text("LastName", 80, { ...inName, nillable: false }),
  text("FirstName", 40, inName),
  text("Name", 121, { ...inName, ...system, label: "Full Name" }),
  text("CompanyName", 80, { defaultValue: "Moraine Audit" }),
  text("Division", 80),
  text("Department", 80),
  text("Title", 80),
  field("Street", "textarea", { ...inAddress, length: 255 }),
  text("City", 40, inAddress),
  text("State", 80, { ...inAddress, label: "State/Province" }),
  text("PostalCode", 20, { ...inAddress, label: "Zip/Postal Code" }),
  text("Country", 80, inAddress),
  field("Latitude", "double", inAddress),
  field("Longitude", "double", inAddress),
  field("GeocodeAccuracy", "picklist", {
    ...inAddress,
    length: 40,
    picklistValues: ["Address", "NearAddress", "Block", "Street", "Zip", "City", "State", "Unknown"],
  }),
  field("Address", "address", { updateable: false }),
  field("Email", "email", { length: 128, nillable: false }),
  field("Phone", "phone", { length: 40 }),
  field("MobilePhone", "phone", { length: 40, label: "Mobile" }),
  text("Alias", 8, { nillable: false }),
  text("CommunityNickname", 40, { nillable: false, unique: true, label: "Nickname" }),
  field("IsActive", "boolean", { nillable: false, defaultValue: 1, label: "Active" }),
  field("TimeZoneSidKey", "picklist", required("Europe/Copenhagen", "UTC", "America/New_York")),
  reference("UserRoleId", "UserRole"),
  field("LocaleSidKey", "picklist", required("en_US", "da_DK", "de_DE")),
  field("ReceivesInfoEmails", "boolean", { nillable: false, defaultValue: 0 }),
  field("EmailEncodingKey", "picklist", required("UTF-8", "ISO-8859-1")),
  reference("ProfileId", "Profile", { nillable: false, defaultValue: "00eQy0000000001IAA" }),
  field("UserType", "picklist", { ...required("Standard", "Guest"), updateable: false }),
  field("LanguageLocaleKey", "picklist", required("en_US", "da", "de")),
  text("EmployeeNumber", 20),
  reference("ManagerId", "User"),
  field("LastLoginDate", "datetime", { updateable: false }),
  field("CreatedDate", "datetime", system),
  reference("CreatedById", "User", { ...system, defaultValue: "005Qy0000000001IAA" }),
  field("LastModifiedDate", "datetime", system),
  reference("LastModifiedById", "User", { ...system, defaultValue: "005Qy0000000001IAA" }),
  field("SystemModstamp", "datetime", system),
  text("FederationIdentifier", 512, { label: "SAML Federation ID" }),
  field("NumberOfFailedLogins", "int", { nillable: false, updateable: false, defaultValue: 0 }),
  field("Audit_Phase__c", "picklist", { length: 255, picklistValues: auditPhases }),
  text("Division_Code__c", 1300, { updateable: false, formula: `upper(substr("Division", 1, 3))` }),
];

/** Fields of Organization: enough to learn which org answers. */
export const organizationFields: readonly SandboxField[] = [
  field("Id", "id", { ...system, length: 18, label: "Organization ID" }),
  text("Name", 80),
  text("InstanceName", 5, { updateable: false }),
  text("OrganizationType", 40, { updateable: false }),
  field("IsSandbox", "boolean", system),
  field("CreatedDate", "datetime", system),
  field("LastModifiedDate", "datetime", system),
  field("SystemModstamp", "datetime", system),
];

const userFieldsByName = new Map(userFields.map((entry) => [entry.name.toLowerCase(), entry]));

/** The User field of that name in any case, as Salesforce finds it. */
export function findUserField(name: string): SandboxField | undefined {
  return userFieldsByName.get(name.toLowerCase());
}

/** Whether a field has a column of its own (compound fields are put together from others, formulas are computed). */
export function isStored(entry: SandboxField): boolean {
  return entry.type !== "address" && entry.formula === undefined;
}
