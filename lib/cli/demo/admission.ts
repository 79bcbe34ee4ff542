import { AUDIT_LABEL_PREFIX } from "../../admission";
import { type JsonObject, list, obj, str } from "../../sandbox/json";
import type { Call } from "./client";
import type { DemoCluster } from "./configuration";

const BREAK_GLASS = "image-policy.k8s.io/break-glass";
const DEVELOPER = "developer@example.com";

/** What the webhook answered about a pod. */
export interface Answer {
  readonly allowed: boolean;
  /** Google's words; empty where it is admitted. */
  readonly message: string;
}

/** Asks as a cluster does when somebody creates a pod. */
export async function askAbout(
  image: string,
  pod: { readonly name: string; readonly breakGlass?: true },
  { project, location, name }: DemoCluster,
  call: Call,
): Promise<Answer> {
  const labels = pod.breakGlass ? { labels: { [BREAK_GLASS]: "true" } } : {};
  const review = {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: pod.name,
      kind: { group: "", version: "v1", kind: "Pod" },
      operation: "CREATE",
      namespace: "shop",
      userInfo: { username: DEVELOPER },
      object: {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: pod.name, namespace: "shop", ...labels },
        spec: { containers: [{ name: "main", image }] },
      },
    },
  };
  const answered = await call("POST", `admission/projects/${project}/locations/${location}/clusters/${name}`, review);
  const response = obj(answered.response);
  return { allowed: response.allowed === true, message: str(obj(response.status).message) };
}

/** What the audit log says of the break-glass of a pod, in a line; undefined where it says nothing. */
export async function auditedBreakGlass(pod: string, call: Call): Promise<string | undefined> {
  const { entries } = await call("GET", "logs");
  const entry = list(entries).find((one) => str(obj(one.protoPayload).resourceName).endsWith(`/pods/${pod}`));
  const [label, value] =
    Object.entries(obj(entry?.labels)).find(
      ([name]) => name.startsWith(AUDIT_LABEL_PREFIX) && name.endsWith("break-glass"),
    ) ?? [];
  if (entry === undefined || label === undefined) {
    return undefined;
  }
  const { methodName, resourceName, authenticationInfo } = obj(entry.protoPayload) as JsonObject;
  const who = str(obj(authenticationInfo).principalEmail);
  return `${who}, ${str(methodName)}, ${str(resourceName)}, label ${label}: ${JSON.stringify(value)}`;
}
