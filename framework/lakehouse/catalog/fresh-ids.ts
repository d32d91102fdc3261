type Json = Readonly<Record<string, unknown>>;

/** A partition spec or a sort order. */
interface Fields {
  readonly fields: readonly (Json & { readonly "source-id": number })[];
}

/** What of a request to make a table has ids. */
interface Numbered {
  readonly schema: Json;
  readonly "partition-spec"?: Fields | null | undefined;
  readonly "write-order"?: Fields | null | undefined;
}

/**
 * A request to make a table with ids as the catalog gives them: fields are numbered from 1, those of a struct before what
 * is inside them, and partition fields get theirs when the spec is added. The client's ids only say which field is
 * meant where.
 */
export function withFreshIds(request: Numbered): Numbered {
  const fresh = new Map<unknown, number>();
  const numbered = (id: unknown): number => {
    const next = fresh.size + 1;
    fresh.set(id, next);
    return next;
  };
  const schema = renumbered(request.schema, numbered) as Json;
  const identifiers = request.schema["identifier-field-ids"];
  const source = (id: number): number => fresh.get(id) ?? id;
  const spec = request["partition-spec"];
  const order = request["write-order"];
  return {
    schema: Array.isArray(identifiers)
      ? { ...schema, "identifier-field-ids": identifiers.map((id: number) => source(id)) }
      : schema,
    "partition-spec": spec && {
      ...spec,
      fields: spec.fields.map(({ "field-id": _id, ...field }) => ({
        ...field,
        "source-id": source(field["source-id"]),
      })),
    },
    "write-order": order && {
      ...order,
      fields: order.fields.map((field) => ({ ...field, "source-id": source(field["source-id"]) })),
    },
  };
}

/** A type with new ids; a primitive one, which is text, as it is. */
function renumbered(type: unknown, numbered: (id: unknown) => number): unknown {
  if (typeof type !== "object" || type === null) return type;
  const members = type as Json;
  const inside = (name: string) => renumbered(members[name], numbered);
  switch (members["type"]) {
    case "struct": {
      const fields = (members["fields"] as readonly Json[]).map((field) => ({
        ...field,
        id: numbered(field["id"]),
      }));
      return {
        ...members,
        fields: fields.map((field) => ({ ...field, type: renumbered((field as Json)["type"], numbered) })),
      };
    }
    case "list": {
      const id = numbered(members["element-id"]);
      return { ...members, "element-id": id, element: inside("element") };
    }
    case "map": {
      const [key, value] = [numbered(members["key-id"]), numbered(members["value-id"])];
      return {
        ...members,
        "key-id": key,
        key: inside("key"),
        "value-id": value,
        value: inside("value"),
      };
    }
    default:
      return type;
  }
}
