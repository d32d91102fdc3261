import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import * as z from "zod";

const project = resolve(import.meta.dirname, "../..");

/** What a request of the SDK needs, where the action has not the request's own name. */
const actionsOfRequests: Readonly<Record<string, readonly string[]>> = {
  "s3:AbortMultipartUpload": ["s3:AbortMultipartUpload"],
  "s3:CompleteMultipartUpload": ["s3:PutObject"],
  "s3:CopyObject": ["s3:GetObject", "s3:PutObject"],
  "s3:CreateMultipartUpload": ["s3:PutObject"],
  "s3:DeleteObjects": ["s3:DeleteObject"],
  "s3:HeadBucket": ["s3:ListBucket"],
  "s3:HeadObject": ["s3:GetObject"],
  "s3:ListMultipartUploads": ["s3:ListBucketMultipartUploads"],
  "s3:ListObjectsV2": ["s3:ListBucket"],
  "s3:ListParts": ["s3:ListMultipartUploadParts"],
  "s3:UploadPart": ["s3:PutObject"],
  // What every principal may do.
  "sts:GetCallerIdentity": [],
};

/** What is needed by who asks in our name or is asked by us, beside the requests of our own code. */
const actionsOfOthers: Readonly<Record<string, readonly string[]>> = {
  "Athena, with the rights of who asks it": [
    "glue:CreateDatabase",
    "glue:CreateTable",
    "glue:DeleteTable",
    "glue:GetDatabase",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:GetTable",
    "glue:UpdateTable",
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetBucketLocation",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
  ],
  "dbt-athena": [
    "athena:GetDataCatalog",
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:GetWorkGroup",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
    "glue:GetDatabases",
    "glue:GetTables",
  ],
  "S3 and Secrets Manager, with a key of one's own": ["kms:Decrypt", "kms:GenerateDataKey"],
  "moraine-alert@.service": ["sns:Publish"],
};

const statementSchema = z.object({
  Sid: z.string(),
  Effect: z.literal("Allow"),
  Action: z.array(z.string()),
  Resource: z.array(z.string()),
});

/** The policy as Terraform would write it, with ARNs that say what they stand for. */
function readPolicy(): readonly z.infer<typeof statementSchema>[] {
  const text = readFileSync(join(project, "deploy/terraform/policy.json.tftpl"), "utf8")
    .replaceAll(/^%\{.*\}\n/gm, "")
    .replaceAll(/\$\{jsonencode\((.*)\)\}/g, (_, expression: string) =>
      JSON.stringify([`arn:${expression}`]),
    );
  return z
    .object({ Version: z.literal("2012-10-17"), Statement: z.array(statementSchema) })
    .parse(JSON.parse(text)).Statement;
}

const statements = readPolicy();
const allowed = new Set(statements.flatMap(({ Action }) => Action));

/** Every request to AWS that the framework makes, as `service:Request`, with the files that make it. */
function requests(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const framework = join(project, "framework");
  for (const entry of readdirSync(framework, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
    const text = readFileSync(join(entry.parentPath, entry.name), "utf8");
    for (const request of requestsOf(text)) found.set(request, [...(found.get(request) ?? []), entry.name]);
  }
  return found;
}

const services: Readonly<Record<string, string>> = { "secrets-manager": "secretsmanager" };

/** The names in `export { AbcCommand } from "@aws-sdk/client-xyz"`, or in an import of the same form. */
function requestsOf(text: string): string[] {
  const imports = /(?:im|ex)port\s*\{([^}]*)\}\s*from\s*"@aws-sdk\/client-([\w-]+)"/g;
  const named = [...text.matchAll(imports)].flatMap(([, names = "", client = ""]) => {
    const service = services[client] ?? client;
    return [...names.matchAll(/\b([A-Z]\w+)Command\b/g)].map(([, name]) => `${service}:${name}`);
  });
  return text.includes('"@aws-sdk/lib-storage"') ? [...named, "s3:CreateMultipartUpload"] : named;
}

describe("the policy of deploy/terraform", () => {
  const made = requests();
  const needed = new Set([...made.keys()].flatMap((request) => actionsOfRequests[request] ?? [request]));

  it("allows every request that the code makes", () => {
    expect(made.has("secretsmanager:GetSecretValue")).toBe(true);
    const refused = [...made].filter(([request]) =>
      (actionsOfRequests[request] ?? [request]).some((action) => !allowed.has(action)),
    );
    expect(refused).toEqual([]);
  });

  it("sees each command that the code names", () => {
    const named = new Set([...made.keys()].map((request) => request.split(":")[1]));
    const all = readdirSync(join(project, "framework"), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
      .flatMap((text) => [...text.matchAll(/new (?:\w+\.)?([A-Z]\w+)Command\(/g)].map(([, name]) => name));
    expect(all.filter((name) => !named.has(name))).toEqual([]);
  });

  it("allows nothing that neither the code nor Athena nor dbt needs", () => {
    const others = new Set(Object.values(actionsOfOthers).flat());
    expect([...allowed].filter((action) => !needed.has(action) && !others.has(action))).toEqual([]);
  });

  it("names actions and resources, never all of them", () => {
    expect([...allowed].filter((action) => action.includes("*"))).toEqual([]);
    expect(statements.flatMap(({ Resource }) => Resource)).not.toContain("*");
  });

  it("lets VACUUM delete, for without that it succeeds and deletes nothing", () => {
    expect(statements.find(({ Sid }) => Sid === "KeepFiles")).toMatchObject({
      Action: expect.arrayContaining(["s3:DeleteObject"]) as string[],
      Resource: ["arn:object_arns"],
    });
  });
});
