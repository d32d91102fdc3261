/**
 * Loads Ink as if the process ran on no build server. Ink decides once, while it loads, and then draws nothing; who
 * comes here has decided for a terminal already (`--progress live`).
 */
export async function loadWithoutCi<T>(load: () => Promise<T>): Promise<T> {
  const names = ["CI", "CONTINUOUS_INTEGRATION"] as const;
  const kept = names.map((name) => [name, process.env[name]] as const);
  for (const name of names) delete process.env[name];
  try {
    return await load();
  } finally {
    for (const [name, value] of kept) {
      if (value !== undefined) process.env[name] = value;
    }
  }
}
