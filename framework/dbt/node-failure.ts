import type { Failure } from "../event/failure.ts";

/** What another attempt may get past: commits that met another writer's, and services that were busy or away. */
const transient =
  /conflict|ICEBERG_COMMIT_ERROR|TABLE_NOT_ENABLED_FOR_CONCURRENT|Throttling|TooManyRequests|Rate exceeded|Connection (?:refused|reset|error)|Could not establish connection|timed? ?out|HTTP (?:429|500|502|503|504)|INTERNAL_ERROR/i;

/** What dbt says of a failure in fields. `what` failed, e.g. `dbt could not make sf_raw/sf_user`; `where` is its file. */
export function nodeFailure(what: string, message: string, where: string): Failure {
  const lines = message
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^compiled code at /i.test(line));
  const [title = "", ...rest] = lines;
  // "Runtime Error in model x (models/x.sql)" says nothing that the fields do not say.
  const said = /^(?:\w+ )*Error in /.test(title) ? rest : lines;
  return {
    reason: "dbt-failed",
    message: `${what}: ${said[0] ?? (title === "" ? "it gave no reason" : title)}`,
    ...(said.length > 1 ? { got: said.slice(1, 6).join("\n") } : {}),
    where,
    detail: message,
    retryable: transient.test(message),
  };
}
