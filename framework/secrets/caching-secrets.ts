import type { Secret, SecretProvider } from "./secret-provider.ts";

/**
 * Remembers each secret for the life of the process, so that Secrets Manager is asked once. `fresh` asks again and
 * replaces what was remembered; a failure is never remembered, and callers at the same time share one request.
 */
export function cachingSecrets(provider: SecretProvider): SecretProvider {
  const known = new Map<string, Promise<Secret>>();
  return {
    name: provider.name,
    get: async (name, options = {}) => {
      const remembered = options.fresh === true ? undefined : known.get(name);
      if (remembered !== undefined) return remembered;
      const reading = provider.get(name, options);
      known.set(name, reading);
      try {
        return await reading;
      } catch (error) {
        if (known.get(name) === reading) known.delete(name);
        throw error;
      }
    },
  };
}
