const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const suffixAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/**
 * The 18-character form of a 15-character record id. The three added characters carry which of the others are
 * upper case, five bits each, so that two ids stay different where case is ignored.
 */
export function withChecksum(id15: string): string {
  let suffix = "";
  for (let block = 0; block < 15; block += 5) {
    let bits = 0;
    for (let offset = 0; offset < 5; offset += 1) {
      if (/[A-Z]/.test(id15.charAt(block + offset))) bits |= 1 << offset;
    }
    suffix += suffixAlphabet.charAt(bits);
  }
  return id15 + suffix;
}

/** The 18-character form of an id in either form; undefined when the text is no record id at all. */
export function longId(text: string): string | undefined {
  if (/^[0-9A-Za-z]{15}$/.test(text)) return withChecksum(text);
  return /^[0-9A-Za-z]{18}$/.test(text) ? text : undefined;
}

/** `number` in base 62, padded to `width`; text order is number order. */
function toBase62(number: number, width: number): string {
  let text = "";
  for (let rest = number; text.length < width; rest = Math.floor(rest / 62)) {
    text = base62.charAt(rest % 62) + text;
  }
  return text;
}

/**
 * Makes the ids of one kind of record (`005` User, `00D` Organization, `750` Bulk job, `01g` locator): prefix, three characters that stand for
 * the instance, a zero, and the running number.
 */
export function recordId(prefix: string, instance: string, number: number): string {
  return withChecksum(`${prefix}${instance}0${toBase62(number, 8)}`);
}
