/** A refusal in the words of the Iceberg REST specification: the HTTP status and the `type` of its error body. */
export class CatalogError extends Error {
  readonly status: 400 | 404 | 406 | 409;
  readonly type: string;

  constructor(status: CatalogError["status"], type: string, message: string) {
    super(message);
    this.name = "CatalogError";
    this.status = status;
    this.type = type;
  }
}

/** The request can't be carried out whatever the state of the table. */
export function badRequest(message: string): never {
  throw new CatalogError(400, "BadRequestException", message);
}

/** Another writer committed first; reading the table again and committing on top of it may succeed. */
export function commitFailed(message: string): never {
  throw new CatalogError(409, "CommitFailedException", message);
}

/** There is no such table. */
export function noSuchTable(name: string): never {
  throw new CatalogError(404, "NoSuchTableException", `Table does not exist: ${name}`);
}

/** There is no such namespace. */
export function noSuchNamespace(name: string): never {
  throw new CatalogError(404, "NoSuchNamespaceException", `Namespace does not exist: ${name}`);
}

/** The name is taken. */
export function alreadyExists(message: string): never {
  throw new CatalogError(409, "AlreadyExistsException", message);
}

/** The `type` of {@link nameTaken}, which a writer that tries again would get again. */
export const nameTakenType = "NameTakenException";

/** The name is the same as another apart from case. Engines that compare names without case would take one for the other. */
export function nameTaken(kind: "Namespace" | "Table" | "Column", name: string, other: string): never {
  throw new CatalogError(
    409,
    nameTakenType,
    `${kind} ${name} can't be made: ${other} is the same name apart from case`,
  );
}
