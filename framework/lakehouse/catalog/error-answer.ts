import * as z from "zod";
import { FailureError } from "../../event/failure.ts";
import { isDiskFull } from "../disk-full.ts";
import { CatalogError } from "./catalog-error.ts";

/** The HTTP status and the error body of the REST specification for whatever a handler threw. */
export function errorAnswer(error: unknown): { readonly status: number; readonly body: unknown } {
  if (error instanceof CatalogError) return answer(error.status, error.type, error.message);
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    const where = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
    return answer(400, "BadRequestException", `Invalid request${where}: ${issue?.message ?? "unknown"}`);
  }
  if (error instanceof FailureError) {
    const { reason, message, where } = error.failure;
    const words = `${reason}: ${message}${where === undefined ? "" : `: ${where}`}`;
    // Clients repeat a request that was answered with 500 and above; here that would not help.
    const isFinal = reason === "credentials-refused" || reason === "missing-secret";
    return isFinal ? answer(403, "ForbiddenException", words) : answer(500, "InternalServerError", words);
  }
  // Not 5xx "commit state unknown": the pointer is known not to have moved, so clients may clean up what they wrote.
  if (isDiskFull(error)) return answer(507, "InsufficientStorageException", "No space left on device");
  if (isBusy(error))
    return answer(503, "ServiceUnavailableException", "The catalog is locked by another process");
  return answer(500, "InternalServerError", error instanceof Error ? error.message : String(error));
}

function answer(status: number, type: string, message: string): { status: number; body: unknown } {
  return { status, body: { error: { message, type, code: status } } };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY");
}
