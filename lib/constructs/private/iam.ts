import { ArtifactRegistryRepositoryIamMember } from "@cdktf/provider-google/lib/artifact-registry-repository-iam-member";
import { BinaryAuthorizationAttestorIamMember } from "@cdktf/provider-google/lib/binary-authorization-attestor-iam-member";
import { ContainerAnalysisNoteIamMember } from "@cdktf/provider-google/lib/container-analysis-note-iam-member";
import { KmsCryptoKeyIamMember } from "@cdktf/provider-google/lib/kms-crypto-key-iam-member";
import { ProjectIamMember } from "@cdktf/provider-google/lib/project-iam-member";
import type { TerraformProvider, TerraformResource } from "cdktf";
import type { Construct, IConstruct } from "constructs";
import { memberLabel } from "../../vocabulary/member";
import { ProblemCode } from "../../vocabulary/problem";
import { ROLES } from "../../vocabulary/roles";
import { shortHash } from "../../vocabulary/short-hash";
import { fixAddress, getOrCreate, stackChild, waitFor } from "./addressing";
import { Refusals, refuse } from "./refusals";
import { forget } from "./terraform-block";

/** What is opened: the resource of the cloud that the binding is on. */
export type Opened =
  | { readonly kind: "key"; readonly cryptoKeyId: string }
  | { readonly kind: "note"; readonly project: string; readonly note: string }
  | { readonly kind: "attestor"; readonly project: string; readonly attestor: string }
  | { readonly kind: "repository"; readonly project: string; readonly location: string; readonly repositoryId: string }
  | { readonly kind: "project"; readonly project: string }
  | { readonly kind: "secret"; readonly project: string; readonly secret: string }
  | { readonly kind: "topic"; readonly project: string; readonly topic: string }
  | { readonly kind: "service-account"; readonly project: string; readonly email: string };

/** One binding: who may do what where. */
export interface Binding {
  readonly opened: Opened;
  readonly role: string;
  /** The name of the role for the address, where the role itself is a reference. */
  readonly roleLabel?: string;
  readonly member: string;
  readonly provider?: TerraformProvider;
  readonly after?: readonly (TerraformResource | undefined)[];
}

/** Who asked for a binding: it goes when the last of them is released. */
const askers = new WeakMap<TerraformResource, Set<IConstruct>>();

/** Every binding of an app. */
const written = new WeakMap<IConstruct, (Binding & { readonly resource: TerraformResource })[]>();

/** Leaves the bindings alone that a construct asked for, unless another one did as well. */
export function releaseBindings(scope: Construct): void {
  for (const resource of stackChild(scope, "Grants").node.children as TerraformResource[]) {
    const users = askers.get(resource);
    if (users?.delete(scope) && users.size === 0) {
      forget(resource);
    }
  }
}

/** What the app grants to a member, wherever it does: asked for when the app is synthesized, and complete then. */
export function grantedTo(scope: IConstruct, member: string): readonly { role: string; opened: Opened }[] {
  return (written.get(scope.node.root) ?? []).filter(
    (binding) => binding.member === member && binding.resource.node.scope?.node.tryFindChild(binding.resource.node.id),
  );
}

/** The projects of these in which the app lets a member change provenance and scans: complete when it is synthesized. */
export function editableEvidence(scope: IConstruct, member: string, projects: ReadonlySet<string>): readonly string[] {
  return grantedTo(scope, member).flatMap(({ role, opened }) =>
    role === ROLES.OCCURRENCES_EDITOR && opened.kind === "project" && projects.has(opened.project)
      ? [opened.project]
      : [],
  );
}

/** Refuses what is no member, and what would let everybody in. */
export function checkMember(scope: Construct, member: string): void {
  const refusals = new Refusals(scope.node.path);
  refusals.member("member", member);
  refusals.throwIfAny();
}

/** Refuses a grant on what was released: it would be in no state, or be forgotten with the next apply. */
export function checkNotReleased(scope: Construct, released: boolean): void {
  if (released) {
    refuse(
      scope.node.path,
      ProblemCode.INVALID_STATE,
      "a grant was asked for after release(); allowed: grants before it, or in the program that adopts the resource",
    );
  }
}

/**
 * Writes a binding in the stack of a construct; the same binding asked for twice, by whomever, is one resource. Its
 * address comes from what it says, so that nothing moves when the asking construct does.
 */
export function grantBinding(scope: Construct, binding: Binding): TerraformResource {
  const { opened, role, member } = binding;
  const label = binding.roleLabel ?? role.replace(/^roles\//, "");
  const id = [
    openedLabel(opened),
    label.replace(/\./g, "-"),
    memberLabel(member).replace(/[^A-Za-z0-9-]+/g, "-"),
    shortHash(JSON.stringify(opened), label, member),
  ].join("_");
  const grants = stackChild(scope, "Grants");
  const resource = getOrCreate(grants, id, () => {
    const made = fixAddress(memberResource(grants, id, binding), id);
    const bindings = written.get(scope.node.root) ?? [];
    bindings.push({ ...binding, resource: made });
    written.set(scope.node.root, bindings);
    return made;
  });
  const users = askers.get(resource) ?? new Set();
  askers.set(resource, users.add(scope));
  waitFor(resource, ...(binding.after ?? []));
  return resource;
}

function openedLabel(opened: Opened): string {
  return `${opened.kind}-${openedName(opened).replace(/[^A-Za-z0-9-]+/g, "-")}`;
}

function openedName(opened: Opened): string {
  switch (opened.kind) {
    case "key":
      return opened.cryptoKeyId.split("/").pop() ?? "";
    case "note":
      return opened.note;
    case "attestor":
      return opened.attestor;
    case "repository":
      return opened.repositoryId;
    case "project":
      return opened.project;
    case "secret":
      return opened.secret;
    case "topic":
      return opened.topic;
    case "service-account":
      return opened.email.split("@")[0];
  }
}

function memberResource(scope: Construct, id: string, binding: Binding): TerraformResource {
  const { opened, role, member, provider } = binding;
  switch (opened.kind) {
    case "key":
      return new KmsCryptoKeyIamMember(scope, id, { cryptoKeyId: opened.cryptoKeyId, role, member, provider });
    case "note":
      return new ContainerAnalysisNoteIamMember(scope, id, {
        project: opened.project,
        note: opened.note,
        role,
        member,
        provider,
      });
    case "attestor":
      return new BinaryAuthorizationAttestorIamMember(scope, id, {
        project: opened.project,
        attestor: opened.attestor,
        role,
        member,
        provider,
      });
    case "repository":
      return new ArtifactRegistryRepositoryIamMember(scope, id, {
        project: opened.project,
        location: opened.location,
        repository: opened.repositoryId,
        role,
        member,
        provider,
      });
    case "project":
      return new ProjectIamMember(scope, id, { project: opened.project, role, member, provider });
    case "secret": {
      const { SecretManagerSecretIamMember } = require("./signer-iam") as typeof import("./signer-iam");
      return new SecretManagerSecretIamMember(scope, id, {
        project: opened.project,
        secretId: opened.secret,
        role,
        member,
        provider,
      });
    }
    case "topic": {
      const { PubsubTopicIamMember } = require("./signer-iam") as typeof import("./signer-iam");
      return new PubsubTopicIamMember(scope, id, {
        project: opened.project,
        topic: opened.topic,
        role,
        member,
        provider,
      });
    }
    case "service-account": {
      const { ServiceAccountIamMember } = require("./signer-iam") as typeof import("./signer-iam");
      return new ServiceAccountIamMember(scope, id, {
        serviceAccountId: `projects/${opened.project}/serviceAccounts/${opened.email}`,
        role,
        member,
        provider,
      });
    }
  }
}
