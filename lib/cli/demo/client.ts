import { tokenFor } from "../../sandbox";
import { type JsonObject, obj, str } from "../../sandbox/json";

/** Calls the sandbox as a principal. `call("GET", "cloudkms/v1/…")` */
export type Call = (verb: string, path: string, body?: JsonObject) => Promise<JsonObject>;

/** What an API answered instead of a result. */
export class CallError extends Error {
  public constructor(
    message: string,
    public readonly status: number,
  ) {
    super(message);
  }
}

/** A client that speaks for one principal, in IAM's form. */
export function clientOf(url: string, principal: string, signal: AbortSignal): Call {
  const headers = { Authorization: `Bearer ${tokenFor(principal)}`, "Content-Type": "application/json" };
  return async (method, path, body) => {
    const answer = await fetch(`${url}/${path}`, { method, headers, body: body && JSON.stringify(body), signal });
    const json = (await answer.json()) as JsonObject;
    if (!answer.ok) {
      throw new CallError(
        `${method} ${path} answered ${answer.status}: ${str(obj(json.error).message)}`,
        answer.status,
      );
    }
    return json;
  };
}
