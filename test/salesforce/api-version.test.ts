import { expect, it } from "vitest";
import { defaultApiVersion } from "../../framework/salesforce/api-version.ts";
import { callsOf, serveOrg, signIn } from "./rig.ts";

it("asks for the default version, which is newer than the last one with SOAP login", async () => {
  const sandbox = await serveOrg(1);
  const { org } = await signIn({ given: [{ ...sandbox.credentials() }] });
  await org?.describe("User");
  expect(Number(defaultApiVersion)).toBeGreaterThan(64);
  expect(await callsOf(sandbox)).toContain(`/services/data/v${defaultApiVersion}/sobjects/User/describe`);
});

it("signs in by SOAP with version 64.0, the last that can, and reads by its own", async () => {
  const sandbox = await serveOrg(1);
  const { org } = await signIn({ given: [{ ...sandbox.credentials(), auth: "soap" }], apiVersion: "66.0" });
  await org?.describe("User");
  const paths = await callsOf(sandbox);
  expect(paths.filter((path) => path.includes("/Soap/"))).toEqual(["/services/Soap/u/64.0"]);
  expect(paths).toContain("/services/data/v66.0/sobjects/User/describe");
});

it("says which versions the org has and what to set when it has not the one asked for", async () => {
  const sandbox = await serveOrg(1);
  const { failure } = await signIn({ given: [{ ...sandbox.credentials() }], apiVersion: "99.0" });
  expect(failure).toMatchObject({
    reason: "access-contract",
    message: "the org has no API version 99.0",
    expected: "a version from 50.0 to 68.0",
    got: "99.0",
    retryable: false,
    next: 'set connection.api_version in dbthub.yml to one that the org has, like "68.0"',
  });
});
