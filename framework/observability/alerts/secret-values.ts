import type { SecretValue } from "../../definition/alerts.ts";
import { fail } from "../../event/failure.ts";
import type { SecretProvider } from "../../secrets/secret-provider.ts";

/** Reads what a config names and does not hold. Every value is remembered, so that no text shows it from then on. */
export class SecretValues {
  readonly #secrets: SecretProvider;
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #remember: (value: string) => void;

  constructor(options: {
    readonly secrets: SecretProvider;
    /** @default process.env */
    readonly environment?: Readonly<Record<string, string | undefined>>;
    /** Hides a value in everything that is stored, shown or sent. */
    readonly remember: (value: string) => void;
  }) {
    this.#secrets = options.secrets;
    this.#environment = options.environment ?? process.env;
    this.#remember = options.remember;
  }

  /** @param options `fresh`: it may have been rotated. @throws FailureError `missing-secret`, and what the provider throws */
  async read(
    value: SecretValue,
    options: { readonly fresh?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<string> {
    const found =
      value.env === undefined
        ? (await this.#secrets.get(value.secret, options))[value.field]
        : this.#environment[value.env];
    if (found !== undefined && found !== "") {
      this.#remember(found);
      return found;
    }
    return fail({
      reason: "missing-secret",
      message:
        value.env === undefined
          ? `secret ${value.secret} has no field ${value.field}`
          : `the variable ${value.env} is not set`,
      retryable: false,
      next:
        value.env === undefined
          ? `add ${value.field} to the secret ${value.secret}`
          : `set ${value.env} for this user, in the unit's environment file or the shell`,
    });
  }

  /** The same of what may stand in the config as it is. */
  async text(
    value: string | SecretValue,
    options: Parameters<SecretValues["read"]>[1] = {},
  ): Promise<string> {
    return typeof value === "string" ? value : this.read(value, options);
  }
}
