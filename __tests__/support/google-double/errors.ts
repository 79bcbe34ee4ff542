/** Google's canonical error codes and the HTTP status each travels with. */
const HTTP_STATUS = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
} as const;

export type ErrorStatus = keyof typeof HTTP_STATUS;

export class ApiError extends Error {
  readonly code: number;
  readonly status: string;

  constructor(status: ErrorStatus | number, message: string) {
    super(message);
    this.name = "ApiError";
    this.code = typeof status === "number" ? status : HTTP_STATUS[status];
    this.status = typeof status === "number" ? statusOf(status) : status;
  }

  toJSON(): { error: { code: number; message: string; status: string } } {
    return { error: { code: this.code, message: this.message, status: this.status } };
  }
}

function statusOf(code: number): string {
  const known = Object.entries(HTTP_STATUS).find(([, http]) => http === code);
  return known ? known[0] : "UNKNOWN";
}

export function notFound(name: string): ApiError {
  return new ApiError("NOT_FOUND", `${name} not found.`);
}

export function alreadyExists(name: string): ApiError {
  return new ApiError("ALREADY_EXISTS", `${name} already exists.`);
}

export function invalid(message: string): ApiError {
  return new ApiError("INVALID_ARGUMENT", message);
}

export function precondition(message: string): ApiError {
  return new ApiError("FAILED_PRECONDITION", message);
}
