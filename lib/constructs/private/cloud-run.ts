import type { CloudRunV2Job } from "@cdktf/provider-google/lib/cloud-run-v2-job";
import type { CloudRunV2Service } from "@cdktf/provider-google/lib/cloud-run-v2-service";
import { type TerraformProvider, TerraformStack, Token } from "cdktf";
import type { Construct } from "constructs";
import { exemptionMatches } from "../../vocabulary/exemption-pattern";
import { parseImageReference } from "../../vocabulary/image-reference";
import { parseRegionOrZone } from "../../vocabulary/location";
import { ProblemCode, show } from "../../vocabulary/problem";
import type { NameGrammar } from "../../vocabulary/resource-name";
import type { AdmissionPolicy } from "../admission-policy";
import { EvaluationMode } from "../admission-rule";
import { waitFor } from "./addressing";
import { resolveProject } from "./project";
import { pathOf, Refusals, refuse, warn } from "./refusals";

/** A service or a job: what they have in common here. */
export type CloudRunResource = CloudRunV2Service | CloudRunV2Job;

/** Source: https://docs.cloud.google.com/run/docs/reference/rest/v2/projects.locations.services (field `name`). */
const NAME: NameGrammar = {
  pattern: /^[a-z](?:[a-z0-9-]{0,47}[a-z0-9])?$/,
  allowed: "1 to 49 lower-case letters, digits and hyphens, starting with a letter, not ending with a hyphen",
};

/** What is checked of a service or job before it is made. */
export interface CloudRunPlacement {
  readonly location: string;
  readonly image: string;
  readonly policy: AdmissionPolicy;
  readonly serviceAccountEmail?: string;
  readonly project?: string;
  readonly provider?: TerraformProvider;
}

/** The project of a new service or job. */
export function validateCloudRun(
  scope: Construct,
  id: string,
  property: string,
  name: string,
  props: CloudRunPlacement,
): string {
  const refusals = new Refusals(pathOf(scope, id));
  const { policy, location, image } = props;
  const project = resolveProject(refusals, scope, { ...props, project: props.project ?? policy.project });
  checkPolicy(refusals, project, policy, image);
  refusals.name(property, name, NAME);
  if (refusals.literal("location", location) && parseRegionOrZone(location)?.kind !== "region") {
    refusals.add(
      ProblemCode.INVALID_LOCATION,
      `"location" is no region, got ${show(location)}; allowed: a region such as "us-central1"`,
    );
  }
  if (!Token.isUnresolved(image) && parseImageReference(image) === undefined) {
    refusals.add(
      ProblemCode.INVALID_IMAGE,
      `"image" is no image name, got ${show(image)}; allowed: REPOSITORY@sha256:DIGEST`,
    );
  }
  if (props.serviceAccountEmail !== undefined) {
    refusals.email("serviceAccountEmail", props.serviceAccountEmail);
  }
  refusals.throwIfAny();
  return project;
}

/** Cloud Run knows exempt images and the default rule, no rule of a cluster. */
function checkPolicy(refusals: Refusals, project: string, policy: AdmissionPolicy, image: string | undefined): void {
  if (project !== "" && project !== policy.project) {
    refusals.add(
      ProblemCode.PROJECT_MISMATCH,
      `Cloud Run is governed by the policy of its own project, got the project "${project}" and the policy of "${policy.project}" (${policy.node.path}); allowed: an AdmissionPolicy for "${project}"`,
    );
  }
  const { evaluationMode } = policy.defaultRuleData;
  const exempt =
    image !== undefined &&
    !Token.isUnresolved(image) &&
    policy.exemptImages.some((one) => exemptionMatches(one, image));
  // Whether an image of somebody else's resource is exempt is not known here.
  const foreign = image === undefined && policy.exemptImages.length > 0;
  if (evaluationMode === EvaluationMode.ALWAYS_ALLOW) {
    refusals.add(
      ProblemCode.INVALID_ADMISSION_RULE,
      `the default rule of ${policy.node.path} admits every image, got ${evaluationMode}; allowed: DefaultRule.requireAttestation(attestor)`,
    );
  } else if (evaluationMode === EvaluationMode.ALWAYS_DENY && !exempt && !foreign) {
    refusals.add(
      ProblemCode.INVALID_ADMISSION_RULE,
      `Cloud Run asks the default rule only, and that of ${policy.node.path} admits no image, got ${evaluationMode}; allowed: DefaultRule.requireAttestation(attestor), or an exempt image`,
    );
  }
}

/** Says of an image that is a tag what has to be attested. */
export function warnOfTag(construct: Construct, image: string): void {
  if (!Token.isUnresolved(image) && parseImageReference(image)?.digest === undefined) {
    warn(
      construct,
      ProblemCode.UNPINNED_IMAGE,
      `"image" ${show(image)} is a tag: what it names when it is deployed has to be attested, and may be another image than the one that was signed; name the digest`,
    );
  }
}

/** Switches enforcement on for a resource that somebody else declares. */
export function enforceOn(resource: CloudRunResource, policy: AdmissionPolicy): void {
  const refusals = new Refusals(resource.node.path);
  const project = resolveProject(refusals, resource, { project: resource.projectInput, provider: resource.provider });
  checkPolicy(refusals, project, policy, undefined);
  refusals.throwIfAny();
  const { breakglassJustification } = resource.binaryAuthorizationInput ?? {};
  if (breakglassJustification !== undefined) {
    refuse(
      resource.node.path,
      ProblemCode.ENFORCEMENT_NOT_HELD,
      `a break-glass justification in a configuration bypasses the policy for good, got ${show(breakglassJustification)}; allowed: "gcloud run services update NAME --breakglass=JUSTIFICATION" in an incident`,
    );
  }
  resource.putBinaryAuthorization({ useDefault: true });
  waitFor(resource, policy.resource);
}

interface Overridden {
  readonly rawOverrides?: {
    readonly binary_authorization?: unknown;
    readonly lifecycle?: { readonly ignore_changes?: unknown };
  };
}

interface StackOverrides {
  readonly rawOverrides?: { readonly resource?: { readonly [type: string]: Record<string, unknown> | undefined } };
}

/** Checks once more when the app is synthesized: a later line may have switched enforcement off, or bypassed it. */
export function holdCloudRun(construct: Construct, resource: CloudRunResource): void {
  construct.node.addValidation({
    validate: () => {
      const found = notEnforcing(resource);
      return found === undefined
        ? []
        : [
            // CDKTF puts the path before it.
            `[${ProblemCode.ENFORCEMENT_NOT_HELD}] enforcement was switched off or bypassed after the construct had switched it on, got ${found}; allowed: binary_authorization with use_default, and no break-glass justification`,
          ];
    },
  });
}

function notEnforcing(resource: CloudRunResource): string | undefined {
  const overrides = (resource as unknown as Overridden).rawOverrides ?? {};
  if (overrides.binary_authorization !== undefined) {
    return `an override of binary_authorization to ${JSON.stringify(overrides.binary_authorization)}`;
  }
  const stack = (TerraformStack.of(resource) as unknown as StackOverrides).rawOverrides;
  if (stack?.resource?.[resource.terraformResourceType]?.[resource.friendlyUniqueId] !== undefined) {
    return "an override of the resource by the stack";
  }
  const input = resource.binaryAuthorizationInput;
  if (input?.useDefault !== true || input.policy !== undefined || input.breakglassJustification !== undefined) {
    return `binary_authorization ${JSON.stringify(input) ?? "left out"}`;
  }
  const ignored = overrides.lifecycle?.ignore_changes ?? resource.lifecycle?.ignoreChanges ?? [];
  const ignores =
    ignored === "all" ||
    (Array.isArray(ignored) && ignored.some((entry) => /^(all|binary_authorization)/.test(`${entry}`)));
  return ignores ? "a lifecycle that ignores its changes" : undefined;
}
