import { SecretValues } from "../../observability/alerts/secret-values.ts";
import type { OpenConfig } from "./open-project.ts";

/** What a project's config names and does not hold, read from its target's provider when first asked. */
export function secretValuesOf(project: OpenConfig): SecretValues {
  return new SecretValues({
    secrets: {
      name: project.target.secrets.type,
      get: (name, options) => project.secrets.get(name, options),
    },
    remember: (value) => project.redactor.add(value),
  });
}
