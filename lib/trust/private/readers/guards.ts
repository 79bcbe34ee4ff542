import { type Guard, known, type Value } from "../../model";
import { type Attribute, type AttributeMap, isRecord, NotKnown, own } from "../attribute";
import type { Resource, Surroundings } from "../resource";
import { textOf } from "./evidence";

const KINDS: Readonly<Record<string, Guard["kind"]>> = {
  ValidatingAdmissionPolicy: "policy",
  ValidatingAdmissionPolicyBinding: "policy-binding",
  ClusterRole: "role",
  Role: "role",
  ClusterRoleBinding: "role-binding",
  RoleBinding: "role-binding",
};

/**
 * The objects of Kubernetes that decide who may do what, as manifests. Whether one is about break-glass is seen only where
 * all of them are: a binding names its policy, and the policy the label.
 *
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
 */
export function readGuards(around: Surroundings): Guard[] {
  return around
    .ofType("kubernetes_manifest")
    .filter(({ mode }) => mode === "managed")
    .flatMap((resource): Guard[] => {
      const manifest = resource.block.raw("manifest");
      const object = isRecord(manifest) ? (manifest as AttributeMap) : {};
      const word = own(object, "kind");
      return typeof word === "string" && Object.hasOwn(KINDS, word)
        ? [guardOf(resource, KINDS[word], word, object)]
        : [];
    });
}

/** What says whether a policy and its binding refuse: a field of its own, where `Fail` and nothing are the same. */
const REFUSES = ["failurePolicy", "validationActions"];

function guardOf(resource: Resource, kind: Guard["kind"], word: string, object: AttributeMap): Guard {
  return { name: nameOf(resource, word, object), kind, ...partsOf(kind, object), origin: resource.origin };
}

function partsOf(kind: Guard["kind"], object: AttributeMap): Omit<Guard, "name" | "kind" | "origin"> {
  const field = (name: string) => own(object, name) as Attribute | undefined;
  const always = { refuses: known(true), subjects: known([]) };
  switch (kind) {
    case "policy":
      return { ...always, refuses: failsClosed(field("spec")), content: textOf([field("spec")], REFUSES) };
    case "policy-binding": {
      const of = textAt(field("spec"), "policyName");
      return { ...always, refuses: denies(field("spec")), of, content: textOf([field("spec")], REFUSES) };
    }
    case "role":
      return { ...always, content: textOf([field("rules")]) };
    case "role-binding": {
      const of = textAt(field("roleRef"), "name");
      return { ...always, of, subjects: subjectsOf(field("subjects")), content: textOf([field("roleRef")]) };
    }
  }
}

/** Kubernetes takes `Fail` where nothing is said. */
function failsClosed(spec: Attribute | undefined): Value<boolean> {
  const value = isRecord(spec) ? own(spec, "failurePolicy") : spec;
  return value instanceof NotKnown ? value.value : known([undefined, null, "", "Fail"].includes(value as string));
}

function denies(spec: Attribute | undefined): Value<boolean> {
  const actions = isRecord(spec) ? own(spec, "validationActions") : spec;
  return actions instanceof NotKnown ? actions.value : known(Array.isArray(actions) && actions.includes("Deny"));
}

function textAt(block: Attribute | undefined, field: string): Value<string> {
  const value = isRecord(block) ? own(block, field) : block;
  return value instanceof NotKnown ? value.value : known(typeof value === "string" ? value : "");
}

function subjectsOf(value: Attribute | undefined): Value<readonly string[]> {
  const text = textOf([value]);
  if (text.state !== "known") {
    return text;
  }
  const named = (Array.isArray(value) ? value : []).map((subject) => {
    const parts = isRecord(subject) ? ["kind", "namespace", "name"].map((field) => own(subject, field)) : [];
    return parts.filter((part) => typeof part === "string" && part !== "").join("/");
  });
  return known(named.sort());
}

function nameOf(resource: Resource, word: string, object: AttributeMap): string {
  const metadata = own(object, "metadata");
  const text = (field: string) => {
    const value = isRecord(metadata) ? own(metadata, field) : undefined;
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const parts = [word, text("namespace"), text("name") ?? `\${${resource.address}.name}`];
  return parts.filter((part) => part !== undefined).join("/");
}
