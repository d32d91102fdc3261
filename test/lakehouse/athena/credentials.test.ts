import { expect, it, onTestFinished, vi } from "vitest";
import { assetKey } from "../../../framework/definition/asset-key.ts";
import { FailureError } from "../../../framework/event/failure.ts";
import { openAthenaLakehouse } from "../../../framework/lakehouse/athena/athena-lakehouse.ts";
import { temporaryDirectory } from "../../support/rig.ts";

it("the target's profile is named in what to do about its credentials, not the environment's", async () => {
  for (const name of ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"]) vi.stubEnv(name, "/dev/null");
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  vi.stubEnv("AWS_PROFILE", "another");
  const lake = openAthenaLakehouse({
    location: "s3://lake/tables",
    region: "eu-central-1",
    profile: "prod",
    workDir: temporaryDirectory(),
  });
  onTestFinished(async () => {
    await lake.close();
    vi.unstubAllEnvs();
  });
  for (const ask of [() => lake.query("SELECT 1"), () => lake.exists(assetKey("sf_raw/sf_user"))]) {
    const failure = await ask().catch((error: unknown) =>
      error instanceof FailureError ? error.failure : error,
    );
    expect(failure).toMatchObject({
      reason: "credentials-refused",
      next: expect.stringContaining("aws sts get-caller-identity --profile prod"),
    });
  }
});
