import { inflateRawSync } from "node:zlib";
import type { Integer } from "./json.ts";

/** A decoded Avro value; `bytes` and `fixed` as a Buffer, a map as entries, a record by field name. */
export type AvroValue =
  | null
  | boolean
  | string
  | Integer
  | Buffer
  | readonly AvroValue[]
  | { readonly [name: string]: AvroValue };

type AvroRecord = Readonly<Record<string, AvroValue>>;
type Schema = string | readonly Schema[] | { readonly type: Schema; readonly [member: string]: unknown };

const magic = Buffer.from("Obj\u0001", "latin1");
const syncBytes = 16;

/**
 * The records of an Avro object container file (https://avro.apache.org/docs/1.12.0/specification/#object-container-files),
 * with the codecs in which Iceberg's writers leave manifests by default: `null` and `deflate`.
 *
 * @throws Error when the file is none, is damaged or has another codec
 */
export function decodeAvro(file: Buffer): readonly AvroRecord[] {
  if (!file.subarray(0, magic.length).equals(magic)) throw new Error("not an Avro file");
  const reader = new Reader(file, magic.length);
  const header = Object.fromEntries(
    reader.blocks(() => [reader.bytes().toString("utf8"), reader.bytes()] as const),
  );
  const schema = JSON.parse(header["avro.schema"]?.toString("utf8") ?? "null") as Schema;
  const codec = header["avro.codec"]?.toString("utf8") ?? "null";
  reader.take(syncBytes);
  const records: AvroRecord[] = [];
  while (!reader.isAtEnd()) {
    const count = Number(reader.long());
    const block = new Reader(decompressed(reader.bytes(), codec), 0);
    const types = new Map<string, Schema>();
    for (let index = 0; index < count; index += 1) records.push(block.value(schema, types) as AvroRecord);
    reader.take(syncBytes);
  }
  return records;
}

function decompressed(block: Buffer, codec: string): Buffer {
  if (codec === "null") return block;
  if (codec === "deflate") return inflateRawSync(block);
  throw new Error(`an Avro file with the codec ${codec}`);
}

class Reader {
  private readonly buffer: Buffer;
  private offset: number;

  constructor(buffer: Buffer, offset: number) {
    this.buffer = buffer;
    this.offset = offset;
  }

  isAtEnd(): boolean {
    return this.offset >= this.buffer.length;
  }

  take(length: number): Buffer {
    const end = this.offset + length;
    if (length < 0 || end > this.buffer.length) throw new Error("an Avro file that breaks off");
    const bytes = this.buffer.subarray(this.offset, end);
    this.offset = end;
    return bytes;
  }

  /** A zigzag varint of up to 64 bits. */
  long(): Integer {
    let raw = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const [byte = 0] = this.take(1);
      raw |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    const value = (raw >> 1n) ^ -(raw & 1n);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  bytes(): Buffer {
    return this.take(Number(this.long()));
  }

  /** The items of an array or a map. A block with a negative count also says its size. */
  blocks<T>(item: () => T): T[] {
    const items: T[] = [];
    for (;;) {
      const count = Number(this.long());
      if (count === 0) return items;
      if (count < 0) this.long();
      for (let index = 0; index < Math.abs(count); index += 1) items.push(item());
    }
  }

  /** @param types named types met so far, which later parts of the schema refer to by name */
  value(schema: Schema, types: Map<string, Schema>): AvroValue {
    if (Array.isArray(schema)) {
      const branch = (schema as readonly Schema[])[Number(this.long())];
      if (branch === undefined) throw new Error("an Avro file with an unknown branch of a union");
      return this.value(branch, types);
    }
    if (typeof schema === "string") return this.primitive(schema, types);
    const complex = schema as Exclude<Schema, string | readonly Schema[]>;
    if (typeof complex["name"] === "string") types.set(complex["name"], complex);
    switch (complex.type) {
      case "record": {
        const fields = complex["fields"] as readonly { readonly name: string; readonly type: Schema }[];
        return Object.fromEntries(fields.map(({ name, type }) => [name, this.value(type, types)]));
      }
      case "array":
        return this.blocks(() => this.value(complex["items"] as Schema, types));
      case "map":
        return this.blocks(() => [
          this.bytes().toString("utf8"),
          this.value(complex["values"] as Schema, types),
        ]);
      case "fixed":
        return this.take(Number(complex["size"]));
      case "enum":
        return (complex["symbols"] as readonly string[])[Number(this.long())] ?? null;
      default:
        return this.value(complex.type, types);
    }
  }

  private primitive(name: string, types: Map<string, Schema>): AvroValue {
    switch (name) {
      case "null":
        return null;
      case "boolean":
        return this.take(1)[0] === 1;
      case "int":
      case "long":
        return this.long();
      case "float":
        return this.take(4).readFloatLE();
      case "double":
        return this.take(8).readDoubleLE();
      case "bytes":
        return this.bytes();
      case "string":
        return this.bytes().toString("utf8");
      default: {
        const named = types.get(name);
        if (named === undefined) throw new Error(`an Avro file with the unknown type ${name}`);
        return this.value(named, types);
      }
    }
  }
}
