/** One HTTP request to an org. */
export interface HttpRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Statuses of 400 and above whose answers the caller reads itself; the others are thrown. */
  readonly reads?: (status: number) => boolean;
}

/** A whole answer; header names in lower case. */
export interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
