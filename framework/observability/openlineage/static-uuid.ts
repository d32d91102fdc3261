import { hashJson, type Json } from "../../util/hash.ts";

/**
 * A UUID of version 7 (RFC 9562) whose random part is a hash of what it names: the same name at the same instant is the
 * same UUID, in whichever process it is made, and they sort by their instants.
 */
export function staticUuid(at: string, name: Json): string {
  const time = Date.parse(at).toString(16).padStart(12, "0");
  const hash = hashJson(name);
  const variant = (8 + (parseInt(hash.slice(3, 4), 16) % 4)).toString(16);
  return [
    time.slice(0, 8),
    time.slice(8),
    `7${hash.slice(0, 3)}`,
    `${variant}${hash.slice(4, 7)}`,
    hash.slice(7, 19),
  ].join("-");
}
