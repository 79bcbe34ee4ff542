import { ApiError, type ErrorStatus, invalid } from "./errors";
import { type JsonObject, num, str } from "./json";
import type { RecordedRequest } from "./requests-log";

/** Requests that are to fail. */
export interface Fault {
  /**
   * Matched against the id of the method, `cloudkms.cryptoKeyVersions.asymmetricSign`, and against verb and path,
   * `POST /cloudkms/v1/projects/…`.
   */
  readonly match: RegExp;
  /** `PERMISSION_DENIED`, `RESOURCE_EXHAUSTED`, `UNAVAILABLE`, …, an HTTP status, or `drop`: the connection is closed without an answer. */
  readonly fail: ErrorStatus | number | "drop";
  /**
   * How many matching requests fail. gcloud repeats 503 and dropped connections by itself, four times; it does not repeat
   * 429. terraform and curl repeat in ways of their own.
   *
   * @default 1
   */
  readonly times?: number;
  /**
   * How many matching requests pass before the first one fails.
   *
   * @default 0
   */
  readonly skip?: number;
  /** @default "arranged failure" */
  readonly message?: string;
}

interface Planned {
  readonly fault: Fault;
  skip: number;
  left: number;
}

/** The failures that are arranged. The first that matches counts. */
export class Faults {
  private readonly planned: Planned[] = [];

  add(fault: Fault): void {
    this.planned.push({ fault, skip: fault.skip ?? 0, left: fault.times ?? 1 });
  }

  clear(): void {
    this.planned.length = 0;
  }

  /** What has not happened yet. */
  list(): JsonObject[] {
    return this.planned
      .filter(({ left }) => left > 0)
      .map(({ fault, skip, left }) => ({ match: fault.match.source, fail: fault.fail, times: left, skip }));
  }

  /** What is to happen to a request; undefined where nothing is. */
  take(request: Pick<RecordedRequest, "verb" | "path" | "method">): ApiError | "drop" | undefined {
    const subjects = [request.method ?? "", `${request.verb} ${request.path}`];
    for (const planned of this.planned) {
      const { fault } = planned;
      if (
        planned.left === 0 ||
        !subjects.some((subject) =>
          new RegExp(fault.match.source, fault.match.flags.replace(/[gy]/g, "")).test(subject),
        )
      ) {
        continue;
      }
      if (planned.skip > 0) {
        planned.skip -= 1;
        return undefined;
      }
      planned.left -= 1;
      return fault.fail === "drop" ? "drop" : new ApiError(fault.fail, fault.message ?? "arranged failure");
    }
    return undefined;
  }
}

/** Reads `{"match": "asymmetricSign", "fail": 503, "times": 2}`. */
export function readFault(body: JsonObject): Fault {
  const { fail } = body;
  const match = str(body.match);
  const known = typeof fail === "number" ? fail >= 400 && fail <= 599 : FAILURES.includes(str(fail));
  if (match === "" || !known) {
    throw invalid(`A fault needs "match", a regular expression, and "fail": 400 to 599 or ${FAILURES.join(", ")}.`);
  }
  const counts = { times: count(body, "times", 1), skip: count(body, "skip", 0) };
  try {
    return {
      match: new RegExp(match),
      fail: fail as Fault["fail"],
      ...counts,
      message: str(body.message) || undefined,
    };
  } catch {
    throw invalid(`"match" is no regular expression: ${JSON.stringify(match)}`);
  }
}

function count(body: JsonObject, field: string, normal: number): number {
  const value = body[field] === undefined ? normal : num(body[field]);
  if (!Number.isInteger(value) || value < 0) {
    throw invalid(`"${field}" has to be a whole number.`);
  }
  return value;
}

const FAILURES: readonly string[] = [
  "drop",
  "INVALID_ARGUMENT",
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "ABORTED",
  "RESOURCE_EXHAUSTED",
  "INTERNAL",
  "UNAVAILABLE",
];
