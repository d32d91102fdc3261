// oxlint-disable-next-line no-control-regex -- they are what is removed
const escapes = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[@-_])/g;
// oxlint-disable-next-line no-control-regex -- they are what is removed
const controls = /[\u0000-\u001F\u007F-\u009F\u200B\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/g;
// oxlint-disable-next-line no-control-regex -- most texts, which need no cleaning
const plainAscii = /^[\u0020-\u007E]*$/;

/**
 * Text from data, logs or servers as it may be shown: one line, without escape sequences, control characters or
 * characters that turn the writing direction. Line ends and tabs become a space.
 */
export function cleanText(text: string): string {
  if (plainAscii.test(text)) return text;
  return text
    .replaceAll(escapes, "")
    .replaceAll(/[\r\n\t]+/g, " ")
    .replaceAll(controls, "");
}

/** What an event or a record is about: `sf_raw/sf_user`, `sales/orders[2026-01-31]`. */
export function unitName({
  key,
  partition,
}: {
  readonly key: string;
  readonly partition?: string | undefined;
}): string {
  return partition === undefined || partition === "" ? key : `${key}[${partition}]`;
}
