import { MAX_SUBJECT } from "../../vocabulary/member";
import { ProblemCode, show } from "../../vocabulary/problem";
import type { FederatedIdentityKind, GithubIdentityOptions, GitlabIdentityOptions } from "../federated-identity";
import { isAnchored } from "./pipeline";
import type { Refusals } from "./refusals";

/** What a provider of a workload identity pool is told of an identity. */
export interface FederatedClaims {
  readonly kind: "github" | "gitlab";
  readonly issuerUri: string;
  /** The audiences that are taken; the provider's own name where there is none. */
  readonly audiences?: string[];
  readonly mapping: Readonly<Record<string, string>>;
  readonly condition: string;
  /** The value of `google.subject` of the jobs that sign. */
  readonly subject: string;
  /** The value of `attribute.signer` of the jobs that sign: everything that a grant depends on, in one attribute. */
  readonly signer: string;
  /** For texts: the branch or tag by its short name, and the environment. */
  readonly ref: { readonly kind: "branch" | "tag"; readonly name: string };
  readonly environment?: string;
}

const NUMBER = /^[1-9][0-9]*$/;
const GITHUB_REF = /^refs\/(heads|tags)\/([A-Za-z0-9._+-]+(?:\/[A-Za-z0-9._+-]+)*)$/;
const GITLAB_REF = /^[A-Za-z0-9._+-]+(?:\/[A-Za-z0-9._+-]+)*$/;
const WORKFLOW_REF =
  /^[A-Za-z0-9._-]+\/[A-Za-z0-9._-]+\/\.github\/workflows\/[A-Za-z0-9._-]+\.ya?ml@(?:refs\/(?:heads|tags)\/[A-Za-z0-9._+/-]+|[0-9a-f]{40})$/;
const ENVIRONMENT = /^[A-Za-z0-9._/-]+$/;
const ISSUER = /^https:\/\/[a-z0-9.-]+(?::[0-9]+)?(?:\/[A-Za-z0-9._/-]*[A-Za-z0-9._-])?$/;

/** What a provider has to be told; for an identity that was checked. */
export function federatedClaims(identity: FederatedIdentityKind, additionalCondition?: string): FederatedClaims {
  const claims = identity.kind === "github" ? github(identity.options, identity.issuerUri) : gitlab(identity);
  return additionalCondition === undefined
    ? claims
    : { ...claims, condition: `${claims.condition} && (${additionalCondition})` };
}

function github(options: GithubIdentityOptions, issuerUri: string): FederatedClaims {
  const { ownerId, repositoryId, ref, workflowRef, environment } = options;
  const [, kind, name] = GITHUB_REF.exec(ref) ?? [];
  const subject = "assertion.repository_id + '@' + assertion.ref";
  const workflow = workflowRef === undefined ? "" : " + '@' + assertion.job_workflow_ref";
  return {
    kind: "github",
    issuerUri,
    mapping: {
      // Not the token's own subject: that one holds names, and may be longer than a pool takes.
      "google.subject": subject,
      "attribute.repository_id": "assertion.repository_id",
      "attribute.repository_owner_id": "assertion.repository_owner_id",
      "attribute.ref": "assertion.ref",
      "attribute.job_workflow_ref": "assertion.job_workflow_ref",
      "attribute.signer": `${subject}${workflow}${environmentMapping(environment)}`,
    },
    // The claims are text, the numbers too.
    condition: all({
      repository_owner_id: ownerId,
      repository_id: repositoryId,
      ref,
      job_workflow_ref: workflowRef,
      environment,
    }).concat(" && assertion.event_name != 'pull_request_target'"),
    subject: `${repositoryId}@${ref}`,
    signer: [
      repositoryId,
      ref,
      ...(workflowRef === undefined ? [] : [workflowRef]),
      ...environmentOf(environment),
    ].join("@"),
    ref: { kind: kind === "tags" ? "tag" : "branch", name },
    environment,
  };
}

function gitlab(identity: FederatedIdentityKind & { readonly kind: "gitlab" }): FederatedClaims {
  const { namespaceId, projectId, branch, tag, environment } = identity.options;
  const ref = { kind: tag === undefined ? "branch" : "tag", name: tag ?? branch ?? "" } as const;
  const subject = "assertion.project_id + '@' + assertion.ref_type + '/' + assertion.ref";
  return {
    kind: "gitlab",
    issuerUri: identity.issuerUri,
    audiences: [identity.audience],
    mapping: {
      "google.subject": subject,
      "attribute.namespace_id": "assertion.namespace_id",
      "attribute.project_id": "assertion.project_id",
      "attribute.ref": "assertion.ref",
      "attribute.signer": `${subject}${environmentMapping(environment)}`,
    },
    condition: all({
      namespace_id: namespaceId,
      project_id: projectId,
      ref_protected: "true",
      ref_type: ref.kind,
      ref: ref.name,
      environment,
    }).concat(" && assertion.pipeline_source != 'merge_request_event'"),
    subject: `${projectId}@${ref.kind}/${ref.name}`,
    signer: [projectId, `${ref.kind}/${ref.name}`, ...environmentOf(environment)].join("@"),
    ref,
    environment,
  };
}

/**
 * The environment in the attribute that grants are on: another provider of the pool may take jobs of the same repository
 * and ref, and not ask for it.
 */
function environmentOf(environment: string | undefined): readonly string[] {
  return environment === undefined ? [] : [`environment/${environment}`];
}

function environmentMapping(environment: string | undefined): string {
  return environment === undefined ? "" : " + '@environment/' + assertion.environment";
}

function all(claims: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(claims)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `assertion.${name} == '${value}'`)
    .join(" && ");
}

/** Refuses an identity that means more than one repository at one ref, and text that a condition could not hold. */
export function checkIdentity(refusals: Refusals, identity: FederatedIdentityKind, additionalCondition?: string): void {
  const before = refusals.count;
  check(refusals, "identity.issuerUri", identity.issuerUri, ISSUER, "https://HOST, without a slash at the end");
  check(refusals, "identity.environment", identity.options.environment, ENVIRONMENT, "letters, digits, and ._/-");
  if (identity.kind === "github") {
    const { ownerId, repositoryId, ref, workflowRef } = identity.options;
    const numbers = "digits, as text; names can be given up and taken by somebody else";
    check(refusals, "identity.ownerId", ownerId, NUMBER, numbers);
    check(refusals, "identity.repositoryId", repositoryId, NUMBER, numbers);
    check(refusals, "identity.ref", ref, GITHUB_REF, "one branch or tag by its full name, such as refs/heads/main");
    check(
      refusals,
      "identity.workflowRef",
      workflowRef,
      WORKFLOW_REF,
      "OWNER/REPOSITORY/.github/workflows/FILE@REF, with the full name of a branch or tag, or a commit",
    );
  } else {
    checkGitlab(refusals, identity.options);
  }
  if (additionalCondition !== undefined) {
    checkCondition(refusals, additionalCondition);
  }
  if (refusals.count === before) {
    checkSubject(refusals, identity);
  }
}

function checkGitlab(refusals: Refusals, options: GitlabIdentityOptions): void {
  const numbers = "digits, as text; names can be given up and taken by somebody else";
  check(refusals, "identity.namespaceId", options.namespaceId, NUMBER, numbers);
  check(refusals, "identity.projectId", options.projectId, NUMBER, numbers);
  check(refusals, "identity.branch", options.branch, GITLAB_REF, "one branch by its short name, such as main");
  check(refusals, "identity.tag", options.tag, GITLAB_REF, "one tag by its short name, such as v1");
  if ((options.branch === undefined) === (options.tag === undefined)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"identity" has to name a branch or a tag, got ${options.branch === undefined ? "neither" : "both"}; allowed: one of them, and a second signer for the other`,
    );
  }
}

function check(refusals: Refusals, property: string, value: string | undefined, form: RegExp, allowed: string): void {
  if (value === undefined || !refusals.literal(property, value)) {
    return;
  }
  if (typeof value !== "string" || !form.test(value)) {
    refusals.add(ProblemCode.INVALID_OPTIONS, `"${property}" is not valid, got ${show(value)}; allowed: ${allowed}`);
  }
}

/** A condition of the caller's own can only narrow, since it is joined with the others; an open one narrows too little. */
function checkCondition(refusals: Refusals, condition: string): void {
  if (!refusals.literal("additionalCondition", condition)) {
    return;
  }
  // With a comment, or text in which brackets mean nothing, it could end the brackets that are put around it.
  const bare = condition.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, '"');
  if (/\/\/|\w"|""/.test(bare)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"additionalCondition" cannot be joined with the others, got ${show(condition)}; allowed: no comments, and no raw or triple-quoted text`,
    );
    return;
  }
  const unanchored = [
    ...condition.matchAll(
      /\.\s*(?:contains\s*\([^)]*\)|startsWith\s*\(\s*(['"])[^'"]*[^/:@'"]\1\s*\)|endsWith\s*\([^)]*\))/g,
    ),
    ...[...condition.matchAll(/\.\s*matches\s*\(\s*(['"])(.*?)\1\s*\)/g)].filter(([, , text]) => !isAnchored(text)),
  ].map(([text]) => text);
  if (unanchored.length > 0) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"additionalCondition" compares with a part of a claim, got ${unanchored.join(" and ")}: what merely looks alike would be let in; allowed: "==", "in", "matches" with an expression that is anchored at both ends, or "startsWith" up to a "/"`,
    );
  }
  if (!condition.includes("assertion.") || !balanced(condition)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"additionalCondition" is no condition on the token, got ${show(condition)}; allowed: an expression about assertion.CLAIM, with its brackets closed`,
    );
  }
}

/** Whether brackets outside of quotes close in order: the condition is put into a pair of its own. */
function balanced(condition: string): boolean {
  const bare = condition.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, "");
  let depth = 0;
  for (const character of bare) {
    depth += character === "(" ? 1 : character === ")" ? -1 : 0;
    if (depth < 0) {
      return false;
    }
  }
  return depth === 0 && !/['"]/.test(bare);
}

function checkSubject(refusals: Refusals, identity: FederatedIdentityKind): void {
  const { subject } = federatedClaims(identity);
  if (subject.length > MAX_SUBJECT) {
    refusals.add(
      ProblemCode.LIMIT_EXCEEDED,
      `the subject of the identity has ${subject.length} characters, got ${show(subject)}; allowed: ${MAX_SUBJECT}, with a shorter name of the branch or tag`,
    );
  }
}
