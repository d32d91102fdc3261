import { expect, test } from "vitest";

import { connect, jsforceConnection, serve } from "./rig.ts";

test("jsforce describes User as Salesforce does", async () => {
  const conn = await jsforceConnection(await serve());
  const { fields, keyPrefix } = await conn.sobject("User").describe();
  const field = (name: string) => fields.find((each) => each.name === name);

  expect(keyPrefix).toBe("005");
  expect(fields.length).toBeGreaterThanOrEqual(40);
  expect(field("IsDeleted")).toBeUndefined();
  expect(field("Id")).toMatchObject({ type: "id", length: 18, nillable: false, updateable: false });
  expect(field("Division")).toMatchObject({ type: "string", length: 80, nillable: true, calculated: false });
  expect(field("Address")).toMatchObject({ type: "address", filterable: false, compoundFieldName: null });
  expect(fields.filter((each) => each.compoundFieldName === "Address").map((each) => each.name)).toEqual([
    "Street",
    "City",
    "State",
    "PostalCode",
    "Country",
    "Latitude",
    "Longitude",
    "GeocodeAccuracy",
  ]);
  expect(field("FirstName")?.compoundFieldName).toBe("Name");
  expect(field("ManagerId")).toMatchObject({
    type: "reference",
    referenceTo: ["User"],
    relationshipName: "Manager",
  });
  expect(field("Audit_Phase__c")).toMatchObject({
    type: "picklist",
    custom: true,
    restrictedPicklist: false,
  });
  expect(field("Audit_Phase__c")?.picklistValues?.map(({ value }) => value)).toEqual([
    "Planning",
    "Fieldwork",
    "Reporting",
    "Follow-up",
    "Closed",
  ]);
  expect(field("Division_Code__c")).toMatchObject({ calculated: true, custom: true, updateable: false });
});

test("every field that describe names can be selected, and filtered when it says so", async () => {
  const client = await connect(await serve());
  const { json } = await client.call("/services/data/v60.0/sobjects/User/describe");
  const fields = json.fields as { name: string; filterable: boolean; sortable: boolean }[];
  const names = fields.map((field) => field.name);
  const all = await client.query(`SELECT ${names.join(", ")} FROM User LIMIT 1`);
  expect(Object.keys(all.json.records[0])).toEqual(["attributes", ...names]);
  for (const { name, filterable, sortable } of fields) {
    const filtered = await client.query(`SELECT Id FROM User WHERE ${name} != null`);
    const sorted = await client.query(`SELECT Id FROM User ORDER BY ${name} LIMIT 1`);
    expect([name, filtered.status, sorted.status]).toEqual([
      name,
      filterable ? 200 : 400,
      sortable ? 200 : 400,
    ]);
  }
});

test("versions, resources, limits and single records are served", async () => {
  const sandbox = await serve();
  const client = await connect(sandbox);
  const versions = (await client.call("/services/data")).json as { version: string; label: string }[];
  expect(versions[0]).toMatchObject({ version: "50.0", label: "Winter '21" });
  expect(versions.at(-1)).toMatchObject({ version: "68.0", label: "Winter '27" });
  expect((await client.call("/services/data/v60.0")).json.query).toBe("/services/data/v60.0/query");
  const limits = await client.call("/services/data/v60.0/limits/");
  expect(limits.json.DailyApiRequests.Max).toBe(100_000);
  expect(limits.headers.get("sforce-limit-info")).toMatch(/^api-usage=\d+\/100000$/);
  expect((await client.call("/services/data/v12.0/limits")).json[0].errorCode).toBe("NOT_FOUND");

  const [user] = (await client.call("/services/data/v60.0/query/?q=SELECT+Id,Name+FROM+User+LIMIT+1")).json
    .records;
  const record = await client.call(user.attributes.url as string);
  expect(record.json).toMatchObject({ Id: user.Id, Name: user.Name });
  expect((await client.call("/services/data/v60.0/sobjects/User/005Qy0000000000AAA")).status).toBe(404);
  expect((await client.call("/services/data/v60.0/sobjects/Account/describe")).status).toBe(404);
});
