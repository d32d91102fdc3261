/** Environment variables that point the AWS SDKs, in JavaScript and in Python, at the stack and at nothing else. */
export type AwsEnvironment = Readonly<Record<string, string>>;

/** The region of everything in the stack. */
export const region = "eu-central-1";

/** @param urls of moto, and of the Athena gateway where there is one */
export function awsEnvironment(urls: { readonly moto: string; readonly athena?: string }): AwsEnvironment {
  return {
    AWS_ENDPOINT_URL: urls.moto,
    ...(urls.athena === undefined ? {} : { AWS_ENDPOINT_URL_ATHENA: urls.athena }),
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: "testing",
    AWS_SECRET_ACCESS_KEY: "testing",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  };
}

/** Makes this process, and those it starts, use the stack; what the person's own shell says of AWS is left out. */
export function useAwsEnvironment(environment: AwsEnvironment): void {
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
  Object.assign(process.env, environment);
}
