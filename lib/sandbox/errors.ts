import type { JsonObject } from "./json";

/**
 * Google's canonical error codes and the HTTP status each travels with.
 * Source: https://docs.cloud.google.com/apis/design/errors
 */
const HTTP_STATUS = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
} as const;

export type ErrorStatus = keyof typeof HTTP_STATUS;

/** An error in the form in which Google's APIs answer it. */
export class ApiError extends Error {
  readonly code: number;
  readonly status: string;

  constructor(
    status: ErrorStatus | number,
    message: string,
    readonly details: readonly JsonObject[] = [],
  ) {
    super(message);
    this.name = "ApiError";
    this.code = typeof status === "number" ? status : HTTP_STATUS[status];
    this.status = typeof status === "number" ? statusOf(status) : status;
  }

  toJSON(): JsonObject {
    const details = this.details.length === 0 ? {} : { details: [...this.details] };
    return { error: { code: this.code, message: this.message, status: this.status, ...details } };
  }
}

function statusOf(code: number): string {
  return Object.entries(HTTP_STATUS).find(([, http]) => http === code)?.[0] ?? "UNKNOWN";
}

export function notFound(name: string): ApiError {
  return new ApiError("NOT_FOUND", `${name} not found.`);
}

export function alreadyExists(name: string): ApiError {
  return new ApiError("ALREADY_EXISTS", `${name} already exists.`);
}

/** A request that is wrong; `field` in the form of protobuf: `default_admission_rule.evaluation_mode`. */
export function invalid(description: string, field?: string): ApiError {
  const violation: JsonObject = {
    "@type": "type.googleapis.com/google.rpc.BadRequest",
    fieldViolations: [{ field, description }],
  };
  return new ApiError("INVALID_ARGUMENT", description, field === undefined ? [] : [violation]);
}

export function precondition(message: string): ApiError {
  return new ApiError("FAILED_PRECONDITION", message);
}

/** Somebody else changed it since it was read. */
export function stale(message: string): ApiError {
  return new ApiError("ABORTED", message);
}

export function permissionDenied(permission: string, resource: string): ApiError {
  return new ApiError(
    "PERMISSION_DENIED",
    `Permission '${permission}' denied on resource '${resource}' (or it may not exist).`,
    [
      {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        reason: "IAM_PERMISSION_DENIED",
        domain: "iam.googleapis.com",
        metadata: { permission, resource },
      },
    ],
  );
}

export function unauthenticated(): ApiError {
  return new ApiError(
    "UNAUTHENTICATED",
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
  );
}
