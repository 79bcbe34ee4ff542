import type { Json } from "./json";
import type { MethodId } from "./permissions";

/** One request as it came in, and how it was answered. The token is never kept. */
export interface RecordedRequest {
  /** RFC 3339. */
  readonly time: string;
  readonly verb: string;
  /** As sent, without the query: `/cloudkms/v1/projects/p/locations/l/keyRings`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** `cloudkms.cryptoKeyVersions.asymmetricSign`; undefined where it is no method that the sandbox speaks. */
  method?: MethodId | "sandbox.admission" | "sts.token" | "sts.introspect";
  /** Who asked; undefined where no token of this sandbox came. */
  principal?: string;
  body?: Json;
  /** The HTTP status of the answer; 0 while there is none, and where the connection was dropped. */
  status: number;
  /** What was answered instead of a result. */
  error?: string;
}

/** How many requests are remembered. A newcomer may leave the sandbox running for days. */
const LONGEST = 100_000;

/** The history of requests, oldest first. */
export class RequestsLog {
  readonly requests: RecordedRequest[] = [];
  /** What was asked for and is not spoken, each once. */
  readonly unknownRoutes: string[] = [];

  constructor(private readonly onAnswer: (request: RecordedRequest) => void = () => undefined) {}

  begin(request: RecordedRequest): void {
    this.requests.push(request);
    if (this.requests.length > LONGEST) {
      this.requests.splice(0, LONGEST / 10);
    }
  }

  answered(request: RecordedRequest): void {
    this.onAnswer(request);
  }

  unknown(what: string): void {
    if (!this.unknownRoutes.includes(what)) {
      this.unknownRoutes.push(what);
    }
  }
}
