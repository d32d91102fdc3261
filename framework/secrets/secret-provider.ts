/** One secret: named string fields, as Secrets Manager's JSON secrets hold them. */
export type Secret = Readonly<Record<string, string>>;

/** Where credentials come from. */
export interface SecretProvider {
  /** Short name for messages, e.g. `aws-secrets-manager`. */
  readonly name: string;
  /**
   * Reads one secret. `fresh` bypasses any cache: asked for once after credentials were refused, since secrets rotate.
   *
   * @throws FailureError `missing-secret` (absent, empty, malformed; the message says which and where it was looked for),
   * `credentials-refused` (the provider itself refused us), `unreachable`.
   */
  get(name: string, options?: { readonly fresh?: boolean; readonly signal?: AbortSignal }): Promise<Secret>;
}
