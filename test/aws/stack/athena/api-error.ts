/** An error of the API, by the name that SDKs see. */
export class ApiError extends Error {
  override readonly name: string;

  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

export function invalidRequest(message: string): ApiError {
  return new ApiError("InvalidRequestException", message);
}
