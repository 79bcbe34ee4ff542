import { type JsonObject, type RecordedRequest, type Sandbox, tokenFor } from "../../lib/sandbox";

/** What the sandbox answered. */
export interface Answer {
  readonly status: number;
  readonly json: JsonObject;
}

/**
 * Calls the sandbox the way curl would: `call(sandbox, "GET binaryauthorization/v1/projects/p/policy")`.
 * @param principal in IAM's form; left out, the owner
 */
export async function call(sandbox: Sandbox, request: string, body?: object, principal?: string): Promise<Answer> {
  const [method, path] = request.split(" ");
  const response = await fetch(`${sandbox.url}/${path}`, {
    method,
    headers: {
      "Content-Type": "application/json",
      Authorization: `Bearer ${tokenFor(principal ?? sandbox.state.owner)}`,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: response.status, json: (await response.json()) as JsonObject };
}

/** The recorded requests whose `VERB /path` matches. */
export function requested(sandbox: Sandbox, matcher: RegExp): RecordedRequest[] {
  return sandbox.requests.filter(({ verb, path }) => matcher.test(`${verb} ${path}`));
}
