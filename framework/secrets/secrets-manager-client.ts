// Names the parts that are used, so that a bundle leaves out the rest. A lazy import of the package itself would keep it all.
export { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
