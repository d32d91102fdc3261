/** `namespace/table` as in the lake: lower case, `sf_raw/sf_user`. */
export type AssetKey = string & { readonly __brand: "AssetKey" };

const keyPattern = /^[a-z][a-z0-9_]*\/[a-z][a-z0-9_]*$/;

/** Whether a text has the form of an {@link AssetKey}. */
export function isAssetKey(text: string): text is AssetKey {
  return keyPattern.test(text);
}

/**
 * Turns text into an {@link AssetKey}.
 *
 * @throws Error when the text has another form; definitions report it through their problems instead.
 */
export function assetKey(text: string): AssetKey {
  if (!isAssetKey(text)) {
    throw new Error(`expected an asset key like "sf_raw/sf_user" (lower case), got ${JSON.stringify(text)}`);
  }
  return text;
}

/** The two parts of a key. */
export function splitKey(key: AssetKey): { readonly namespace: string; readonly table: string } {
  const slash = key.indexOf("/");
  return { namespace: key.slice(0, slash), table: key.slice(slash + 1) };
}
