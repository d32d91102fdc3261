import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import * as z from "zod";

// With tools that not every machine has. What is missing is skipped, by name.
const deploy = resolve(import.meta.dirname, "../../deploy");

function run(command: string, args: readonly string[], input?: string) {
  // Nothing here may look for a newer Terraform.
  const env = { ...process.env, CHECKPOINT_DISABLE: "1" };
  const { status, stdout, stderr } = spawnSync(command, args, {
    env,
    encoding: "utf8",
    ...(input === undefined ? {} : { input }),
  });
  return { status, output: `${stdout}${stderr}`, stdout };
}

function has(command: string): boolean {
  return spawnSync(command, ["--version"]).status === 0;
}

describe.runIf(has("terraform"))("terraform", () => {
  const terraform = join(deploy, "terraform");

  it("finds nothing to format", () => {
    expect(run("terraform", ["fmt", "-check", "-diff", terraform])).toMatchObject({ status: 0, stdout: "" });
  });

  it.each([
    ["no key of one's own", [], 8],
    ["one", ["arn:aws:kms:eu-central-1:123456789012:key/k"], 9],
  ])("writes a policy that is JSON, with %s", (_, keys, statements) => {
    const values = {
      workgroup_arn: "arn:w",
      catalog_arn: "arn:c",
      glue_catalog: "arn:g",
      glue_default: "arn:d",
      glue_databases: ["arn:db"],
      glue_tables: ["arn:t"],
      bucket_arns: ["arn:b"],
      object_arns: ["arn:b/*"],
      secret_arn: "arn:s",
      topic_arn: "arn:n",
      kms_key_arns: keys,
    };
    const template = join(terraform, "policy.json.tftpl");
    // An empty folder has no provider to be asked for.
    const { stdout } = run(
      "terraform",
      [`-chdir=${import.meta.dirname}`, "console"],
      `templatefile(${JSON.stringify(template)}, ${JSON.stringify(values)})\n`,
    );
    const policy = z
      .object({ Statement: z.array(z.object({ Resource: z.array(z.string()).min(1) })) })
      .parse(JSON.parse(stdout.replace(/^<<EOT\n|\nEOT\n*$/g, "")));
    expect(policy.Statement).toHaveLength(statements);
  });
});

describe.runIf(has("systemd-analyze"))("systemd", () => {
  const units = ["moraine.service", "moraine.timer", "moraine-daemon.service", "moraine-alert@.service"];

  it.each(units)("finds nothing wrong with %s", (unit) => {
    expect(run("systemd-analyze", ["verify", "--man=no", join(deploy, "systemd", unit)])).toMatchObject({
      status: 0,
      output: "",
    });
  });
});

describe.runIf(has("hadolint"))("hadolint", () => {
  it("finds nothing wrong with the Dockerfile", () => {
    expect(run("hadolint", [join(deploy, "Dockerfile")])).toMatchObject({ status: 0, output: "" });
  });
});
