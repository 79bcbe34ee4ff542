import { Environment } from "@marcbachmann/cel-js";
import type { Json } from "./template";

// What an API server does with a ValidatingAdmissionPolicy, as far as the guard uses it. Source:
// https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/

/** One request, as admission sees it. */
export interface AdmissionRequest {
  readonly username: string;
  readonly operation: "CREATE" | "UPDATE";
  readonly kind: string;
  /** The plural, with the subresource where there is one: `pods/ephemeralcontainers`. */
  readonly resource: string;
  readonly namespace: string;
  readonly object: Json;
  readonly oldObject?: Json;
}

/** What somebody may do, as RBAC's answer: everything where no name is given. */
export interface Permission {
  /** The user, or a group of service accounts. */
  readonly username: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string;
  readonly verb: string;
  readonly name?: string;
}

/** What came of a request: the messages of the checks that refused it. None: admitted. */
export type Refused = readonly string[];

class Check {
  public constructor(private readonly answer: (verb: string) => boolean) {}
  public check(verb: string): Decision {
    return new Decision(this.answer(verb));
  }
}

class Decision {
  public constructor(public readonly allowed: boolean) {}
}

interface Asked {
  readonly group: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name?: string;
}

class ResourceCheck extends Check {
  public constructor(
    private readonly authorizer: Authorizer,
    private readonly asked: Asked,
  ) {
    super((verb) => authorizer.allows(asked, verb));
  }
  public with(more: Partial<Asked>): ResourceCheck {
    return new ResourceCheck(this.authorizer, { ...this.asked, ...more });
  }
}

class GroupCheck {
  public constructor(
    private readonly authorizer: Authorizer,
    private readonly group: string,
  ) {}
  public resource(resource: string): ResourceCheck {
    return new ResourceCheck(this.authorizer, { group: this.group, resource, namespace: "" });
  }
}

// A server ends an expression that costs more, and a question to the authorizer is by far the dearest part of one.
// Source: PerCallLimit in k8s.io/apiserver, pkg/apis/cel, and pkg/cel/library/cost.go.
const COST_LIMIT = 1_000_000;
const COST_OF_CHECK = 350_000;

/** What one expression has cost so far. */
class Meter {
  private spent = 0;
  public reset(): void {
    this.spent = 0;
  }
  public charge(cost: number): void {
    this.spent += cost;
    if (this.spent > COST_LIMIT) {
      throw new Error("operation cancelled: actual cost limit exceeded");
    }
  }
}

class Authorizer {
  public constructor(
    private readonly permissions: readonly Permission[],
    private readonly username: string,
    private readonly meter: Meter,
  ) {}
  public as(username: string): Authorizer {
    return new Authorizer(this.permissions, username, this.meter);
  }
  public group(group: string): GroupCheck {
    return new GroupCheck(this, group);
  }
  public allows(asked: Asked, verb: string): boolean {
    this.meter.charge(COST_OF_CHECK);
    return this.permissions.some(
      (permission) =>
        subjectsOf(this.username).includes(permission.username) &&
        matches(permission.group, asked.group) &&
        matches(permission.resource, asked.resource) &&
        matches(permission.namespace, asked.namespace) &&
        matches(permission.verb, verb) &&
        (permission.name === undefined || permission.name === asked.name),
    );
  }
}

/** A service account is in the group of all, and in that of its namespace, without anybody putting it there. */
function subjectsOf(username: string): string[] {
  const [, namespace] = /^system:serviceaccount:([^:]+):/.exec(username) ?? [];
  return namespace === undefined
    ? [username]
    : [username, "system:serviceaccounts", `system:serviceaccounts:${namespace}`];
}

const matches = (granted: string, asked: string): boolean => granted === "*" || granted === asked;

// Declared types, as on the server: a misspelled function or a wrong argument is an error of the expression.
const environment = new Environment()
  .registerType("Authorizer", Authorizer)
  .registerType("GroupCheck", GroupCheck)
  .registerType("ResourceCheck", ResourceCheck)
  .registerType("Decision", Decision)
  .registerFunction(
    "Authorizer.serviceAccount(string, string): Authorizer",
    (self: Authorizer, ns: string, name: string) => self.as(`system:serviceaccount:${ns}:${name}`),
  )
  .registerFunction("Authorizer.group(string): GroupCheck", (self: Authorizer, group: string) => self.group(group))
  .registerFunction("GroupCheck.resource(string): ResourceCheck", (self: GroupCheck, name: string) =>
    self.resource(name),
  )
  .registerFunction("ResourceCheck.namespace(string): ResourceCheck", (self: ResourceCheck, namespace: string) =>
    self.with({ namespace }),
  )
  .registerFunction("ResourceCheck.name(string): ResourceCheck", (self: ResourceCheck, name: string) =>
    self.with({ name }),
  )
  .registerFunction("ResourceCheck.check(string): Decision", (self: ResourceCheck, verb: string) => self.check(verb))
  .registerFunction("Decision.allowed(): bool", (self: Decision) => self.allowed)
  .registerVariable("request", "map")
  .registerVariable("object", "dyn")
  .registerVariable("oldObject", "dyn")
  .registerVariable("variables", "map")
  .registerVariable("authorizer", "Authorizer");

/** Whether the policy has a rule for the request. */
export function isMatched(policy: Json, request: AdmissionRequest): boolean {
  const [group] = apiGroupOf(request.object);
  return policy.spec.matchConstraints.resourceRules.some(
    (rule: Json) =>
      rule.apiGroups.includes(group) &&
      rule.operations.includes(request.operation) &&
      rule.resources.includes(request.resource),
  );
}

function apiGroupOf(object: Json): string[] {
  return object.apiVersion.includes("/") ? object.apiVersion.split("/") : ["", object.apiVersion];
}

/** Judges one request by one policy. */
export function judge(policy: Json, request: AdmissionRequest, permissions: readonly Permission[]): Refused {
  if (!isMatched(policy, request)) {
    return [];
  }
  const meter = new Meter();
  const context = contextOf(policy, request, new Authorizer(permissions, request.username, meter));
  const value = (expression: string): unknown => {
    meter.reset();
    return environment.evaluate(expression, context);
  };
  try {
    const { matchConditions = [], validations } = policy.spec;
    if (matchConditions.some(({ expression }: Json) => value(expression) !== true)) {
      return [];
    }
    return validations
      .filter(({ expression }: Json) => value(expression) !== true)
      .map(({ message }: Json): string => message);
  } catch (error) {
    if (policy.spec.failurePolicy !== "Fail") {
      return [];
    }
    return [`failed: ${(error as Error).message}`];
  }
}

function contextOf(policy: Json, request: AdmissionRequest, authorizer: Authorizer): Record<string, unknown> {
  const [group, version] = apiGroupOf(request.object);
  const [resource, subResource = ""] = request.resource.split("/");
  const context: Record<string, unknown> = {
    request: {
      operation: request.operation,
      kind: { group, version, kind: request.kind },
      resource: { group, version, resource },
      subResource,
      namespace: request.namespace,
      name: request.object.metadata.name ?? "",
      userInfo: { username: request.username, groups: ["system:authenticated"] },
    },
    object: request.object,
    oldObject: request.oldObject ?? null,
    authorizer,
  };
  // Evaluated when first used, each may use the others.
  const variables: Record<string, unknown> = {};
  for (const { name, expression } of policy.spec.variables ?? []) {
    Object.defineProperty(variables, name, {
      enumerable: true,
      get: () => environment.evaluate(expression, context),
    });
  }
  return Object.assign(context, { variables });
}
