import type { ArtifactRegistryRepositoryCleanupPolicies } from "@cdktf/provider-google/lib/artifact-registry-repository";
import type { TerraformProvider } from "cdktf";
import type { IConstruct } from "constructs";
import type { ArtifactRegistryImage } from "../../vocabulary/image-reference";
import { ProblemCode, show } from "../../vocabulary/problem";
import type { CleanupRule } from "../cleanup-policy";
import type { RepositoryOptions } from "../repository-options";
import type { Refusals } from "./refusals";
import { repeated } from "./repeated";
import { SharedRepository } from "./shared-repository";

/** The repository of a construct's images, unless it is one that exists. */
export function repositoryOf(
  user: IConstruct,
  image: Pick<ArtifactRegistryImage, "project" | "location" | "repositoryId">,
  props: RepositoryOptions & { readonly enableApis?: boolean; readonly provider?: TerraformProvider },
): SharedRepository | undefined {
  if (props.createRepository === false) {
    return undefined;
  }
  const { project, location, repositoryId } = image;
  const { cleanupPolicies } = props;
  return SharedRepository.of(user, {
    project,
    location,
    repositoryId,
    protect: props.deletionProtection !== false,
    immutableTags: props.immutableTags,
    scanning: props.vulnerabilityScanning,
    cleanup: cleanupPolicies && {
      policies: cleanupPolicies.map((policy) => toPolicy(policy._rule)),
      dryRun: props.cleanupDryRun !== false,
    },
    enableApis: props.enableApis,
    provider: props.provider,
  });
}

function toPolicy(rule: CleanupRule): ArtifactRegistryRepositoryCleanupPolicies {
  switch (rule.kind) {
    case "keep-most-recent": {
      const { id, keepCount, packageNamePrefixes } = rule;
      return { id, action: "KEEP", mostRecentVersions: { keepCount, packageNamePrefixes } };
    }
    case "keep": {
      const { id, tagState = "ANY", tagPrefixes, packageNamePrefixes, newerThan } = rule;
      return { id, action: "KEEP", condition: { tagState, tagPrefixes, packageNamePrefixes, newerThan } };
    }
    case "delete": {
      const { id, tagState = "ANY", tagPrefixes, packageNamePrefixes, olderThan } = rule;
      return { id, action: "DELETE", condition: { tagState, tagPrefixes, packageNamePrefixes, olderThan } };
    }
  }
}

// https://docs.cloud.google.com/artifact-registry/docs/repositories/cleanup-policy-overview
const MAX_POLICIES = 10;

/** Options of a repository, which only one that is created here can have. */
export function checkRepositoryOptions(refusals: Refusals, props: RepositoryOptions): void {
  const { immutableTags, vulnerabilityScanning, cleanupPolicies, cleanupDryRun } = props;
  if (props.createRepository === false) {
    const given = Object.entries({ immutableTags, vulnerabilityScanning, cleanupPolicies, cleanupDryRun });
    for (const [property] of given.filter(([, value]) => value !== undefined)) {
      refusals.add(
        ProblemCode.INVALID_OPTIONS,
        `"${property}" is for a repository that is created here, got "createRepository" false; allowed: either of them, and the settings of a repository where it is made`,
      );
    }
  }
  const rules = (cleanupPolicies ?? []).map((policy) => policy._rule);
  if (rules.length > MAX_POLICIES) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"cleanupPolicies" are too many, got ${rules.length}; allowed: ${MAX_POLICIES}`,
    );
  }
  for (const id of repeated(rules.map((rule) => rule.id))) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"cleanupPolicies" is there twice for the id ${show(id)}; allowed: each id once`,
    );
  }
  for (const rule of rules) {
    checkRule(refusals, rule);
  }
}

function checkRule(refusals: Refusals, rule: CleanupRule): void {
  refusals.form(
    "cleanupPolicies.id",
    rule.id,
    /^[a-z][a-z0-9-]{0,62}$/,
    "lower-case letters, digits and hyphens, starting with a letter",
  );
  if (rule.kind === "keep-most-recent") {
    if (!Number.isInteger(rule.keepCount) || rule.keepCount < 1) {
      refusals.add(
        ProblemCode.INVALID_OPTIONS,
        `"cleanupPolicies" keeps no number of images with ${show(rule.id)}, got ${show(rule.keepCount)}; allowed: 1 or more`,
      );
    }
    return;
  }
  const [property, age] = rule.kind === "delete" ? ["olderThan", rule.olderThan] : ["newerThan", rule.newerThan];
  if (age !== undefined) {
    refusals.form(`cleanupPolicies.${property}`, age, /^[1-9][0-9]*s$/, 'seconds such as "7776000s"');
  }
  if (rule.tagPrefixes !== undefined && rule.tagState !== "TAGGED") {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"cleanupPolicies" has beginnings of tags for images without tags as well with ${show(rule.id)}, got ${show(rule.tagState ?? "ANY")}; allowed: TagState.TAGGED`,
    );
  }
}
