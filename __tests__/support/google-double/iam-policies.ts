import { ApiError } from "./errors";
import { clone, type Json, type JsonObject, list, obj, str, strings } from "./json";
import type { Call, ServiceRouter } from "./router";

/** Refuses a policy before it is stored. */
export type PolicyCheck = (resource: string, policy: JsonObject) => void;

/** The IAM policies of every resource of every service, by the name of the resource. */
export class IamPolicies {
  private readonly policies = new Map<string, JsonObject>();
  private generation = 0;

  constructor(private readonly check: PolicyCheck) {}

  get(resource: string): JsonObject {
    return clone(this.policies.get(resource) ?? { etag: "ACAB" });
  }

  /** Stores a policy as a person at the console would, whatever the etag. */
  put(resource: string, policy: JsonObject): JsonObject {
    this.generation += 1;
    const bindings = list(policy.bindings).filter((b) => strings(b.members).length > 0);
    const etag = Buffer.from(`etag-${this.generation}`).toString("base64");
    const version = bindings.some((b) => b.condition !== undefined) ? 3 : 1;
    const stored: JsonObject = { ...policy, bindings, etag, version };
    this.policies.set(resource, clone(stored));
    return clone(stored);
  }

  delete(resource: string): void {
    this.policies.delete(resource);
  }

  /** Read, write and test, in both methods that Google's services use for reading. */
  routes(on: ServiceRouter, pattern: string, exists: (resource: string) => void): void {
    const read = (call: Call): Json => {
      exists(call.resource);
      return this.get(call.resource);
    };
    on("GET", `${pattern}:getIamPolicy`, read);
    on("POST", `${pattern}:getIamPolicy`, read);
    on("POST", `${pattern}:setIamPolicy`, (call) => {
      exists(call.resource);
      return this.set(call.resource, obj(call.body.policy), str(call.body.updateMask));
    });
    on("POST", `${pattern}:testIamPermissions`, (call) => ({ permissions: call.body.permissions ?? [] }));
  }

  private set(resource: string, policy: JsonObject, mask: string): JsonObject {
    const before = this.get(resource);
    if (str(policy.etag) !== "" && policy.etag !== before.etag) {
      throw new ApiError(
        "ABORTED",
        "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.",
      );
    }
    this.check(resource, policy);
    // Without a mask that names them, audit configurations stay as they are.
    const auditConfigs = mask.includes("auditConfigs") ? policy.auditConfigs : before.auditConfigs;
    return this.put(resource, { bindings: policy.bindings, auditConfigs });
  }
}
