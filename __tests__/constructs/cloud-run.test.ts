import { CloudRunV2Job } from "@cdktf/provider-google/lib/cloud-run-v2-job";
import { CloudRunV2Service } from "@cdktf/provider-google/lib/cloud-run-v2-service";
import { type TerraformStack, Testing } from "cdktf";
import {
  AdmissionPolicy,
  type AdmissionPolicyProps,
  DefaultRule,
  EnforcedJob,
  type EnforcedJobProps,
  EnforcedService,
  type EnforcedServiceProps,
} from "../../lib";
import { attestorIn, IMAGE, PROJECT, policyIn, problemsOf, refusalOf, testStack } from "../support/synth";
import { type Json, template, warnings } from "../support/template";

const DIGEST = `${IMAGE}@sha256:${"a".repeat(64)}`;

function policyWith(stack: TerraformStack, props: Partial<AdmissionPolicyProps> = {}): AdmissionPolicy {
  return policyIn(stack, { defaultRule: DefaultRule.requireAttestation(attestorIn(stack)), ...props });
}

type Props = Partial<Omit<EnforcedServiceProps, "serviceName">> & { readonly name?: string };

/** What a service and a job are told apart by. */
const KINDS = [
  {
    kind: "service",
    type: "google_cloud_run_v2_service",
    make: (stack: TerraformStack, { name, ...props }: Props = {}) =>
      new EnforcedService(stack, "Run", given(stack, { serviceName: name ?? "web" }, props) as EnforcedServiceProps)
        .service,
    l1: (stack: TerraformStack, config: object) =>
      new CloudRunV2Service(stack, "own", {
        name: "own",
        location: "us-central1",
        template: { containers: [{ image: DIGEST }] },
        ...config,
      }),
    enforce: (resource: Json, policy: AdmissionPolicy) => EnforcedService.enforce(resource, policy),
    podOf: (resource: Json) => resource.template,
  },
  {
    kind: "job",
    type: "google_cloud_run_v2_job",
    make: (stack: TerraformStack, { name, ...props }: Props = {}) =>
      new EnforcedJob(stack, "Run", given(stack, { jobName: name ?? "web" }, props) as EnforcedJobProps).job,
    l1: (stack: TerraformStack, config: object) =>
      new CloudRunV2Job(stack, "own", {
        name: "own",
        location: "us-central1",
        template: { template: { containers: [{ image: DIGEST }] } },
        ...config,
      }),
    enforce: (resource: Json, policy: AdmissionPolicy) => EnforcedJob.enforce(resource, policy),
    podOf: (resource: Json) => resource.template.template,
  },
] as const;

function given(stack: TerraformStack, name: object, props: object): object {
  const policy = "policy" in props ? props.policy : policyWith(stack);
  return { location: "us-central1", image: DIGEST, ...name, ...props, policy };
}

describe.each(KINDS)("an enforced $kind", ({ kind, type, make, l1, enforce, podOf }) => {
  function synth(props: Props = {}) {
    const stack = testStack();
    make(stack, props);
    return template(stack);
  }

  test("enforces the policy of the project, and has no justification to bypass it", () => {
    expect(synth().resource(type).binary_authorization).toEqual({ use_default: true });
  });

  test("waits for the policy and for its API", () => {
    const t = synth();
    expect(t.resource(type).depends_on).toEqual([
      `google_project_service.${PROJECT}_run`,
      `google_binary_authorization_policy.${PROJECT}`,
    ]);
    expect(t.danglingDependencies()).toEqual([]);
    expect(synth({ enableApis: false }).resource(type).depends_on).toEqual([
      `google_binary_authorization_policy.${PROJECT}`,
    ]);
  });

  test("says where it is, and has an address of that", () => {
    const t = synth();
    expect(Object.keys(t.resources(type))).toEqual([`${PROJECT}_us-central1_web`]);
    expect(t.resource(type)).toMatchObject({ project: PROJECT, location: "us-central1", name: "web" });
  });

  test("runs the image as the account, with the variables", () => {
    const pod = podOf(
      synth({ serviceAccountEmail: `run@${PROJECT}.iam.gserviceaccount.com`, environment: { MODE: "prod" } }).resource(
        type,
      ),
    );
    expect(pod.service_account).toBe(`run@${PROJECT}.iam.gserviceaccount.com`);
    expect(pod.containers).toEqual([{ image: DIGEST, env: [{ name: "MODE", value: "prod" }] }]);
  });

  test("is protected, unless told", () => {
    expect(synth().resource(type).deletion_protection).toBe(true);
    expect(synth({ deletionProtection: false }).resource(type).deletion_protection).toBe(false);
  });

  test("may run an exempt image under a rule that denies", () => {
    const stack = testStack();
    make(stack, { policy: policyIn(stack, { exemptImages: [`${IMAGE}@*`] }) });
    expect(template(stack).resource(type).binary_authorization).toEqual({ use_default: true });
  });

  test("warns of a tag", () => {
    const stack = testStack();
    make(stack, { image: `${IMAGE}:v1` });
    expect(warnings(stack)).toEqual([
      `Stack/Run: [UNPINNED_IMAGE] "image" "${IMAGE}:v1" is a tag: what it names when it is deployed has to be attested, and may be another image than the one that was signed; name the digest`,
    ]);
    const pinned = testStack();
    make(pinned);
    expect(warnings(pinned)).toEqual([]);
  });

  test("of the same program is switched on, its address left alone", () => {
    const stack = testStack();
    const policy = policyWith(stack);
    enforce(l1(stack, {}), policy);
    expect(template(stack).resource(type, "own")).toMatchObject({
      binary_authorization: { use_default: true },
      depends_on: [`google_binary_authorization_policy.${PROJECT}`],
    });
  });

  test.each<[string, (resource: Json) => void, string]>([
    [
      "the switch",
      (own) => own.putBinaryAuthorization({ useDefault: false }),
      'binary_authorization {"useDefault":false}',
    ],
    [
      "a justification",
      (own) => own.putBinaryAuthorization({ useDefault: true, breakglassJustification: "later" }),
      'binary_authorization {"breakglassJustification":"later","useDefault":true}',
    ],
    ["the block that is gone", (own) => own.resetBinaryAuthorization(), "binary_authorization left out"],
    [
      "an override",
      (own) => own.addOverride("binary_authorization.breakglass_justification", "later"),
      'an override of binary_authorization to {"breakglass_justification":"later"}',
    ],
    [
      "a lifecycle",
      (own) => {
        own.lifecycle = { ignoreChanges: ["binary_authorization"] };
      },
      "a lifecycle that ignores its changes",
    ],
  ])("is not synthesized where a later line bypasses it by %s", (_, bypass, got) => {
    for (const construct of [
      (stack: TerraformStack): Json => make(stack),
      (stack: TerraformStack): Json => {
        const own = l1(stack, {});
        enforce(own, policyWith(stack));
        return own;
      },
    ]) {
      const stack = testStack();
      bypass(construct(stack));
      expect(() => Testing.synth(stack, true)).toThrow(
        `[ENFORCEMENT_NOT_HELD] enforcement was switched off or bypassed after the construct had switched it on, got ${got}; allowed: binary_authorization with use_default, and no break-glass justification`,
      );
    }
  });

  test.each<[string, (stack: TerraformStack) => Props, string[]]>([
    [
      "a policy that admits nothing",
      (stack) => ({ policy: policyIn(stack) }),
      [
        "[INVALID_ADMISSION_RULE] Cloud Run asks the default rule only, and that of Stack/Policy admits no image, got ALWAYS_DENY; allowed: DefaultRule.requireAttestation(attestor), or an exempt image",
      ],
    ],
    [
      "a policy that admits everything",
      (stack) => ({
        policy: AdmissionPolicy.fromExport(
          stack,
          "Policy",
          "defaultAdmissionRule: { evaluationMode: ALWAYS_ALLOW, enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG }\n",
        ),
      }),
      [
        "[INVALID_ADMISSION_RULE] the default rule of Stack/Policy admits every image, got ALWAYS_ALLOW; allowed: DefaultRule.requireAttestation(attestor)",
      ],
    ],
    [
      "another project than the policy's",
      () => ({ project: "other-project" }),
      [
        `[PROJECT_MISMATCH] Cloud Run is governed by the policy of its own project, got the project "other-project" and the policy of "${PROJECT}" (Stack/Policy); allowed: an AdmissionPolicy for "other-project"`,
      ],
    ],
    [
      "a name, a zone, an image and an account that are none",
      () => ({ name: "Web_1", location: "us-central1-a", image: "Not an image", serviceAccountEmail: "run" }),
      [
        `[INVALID_NAME] "${kind}Name" is not valid, got "Web_1"; allowed: 1 to 49 lower-case letters, digits and hyphens, starting with a letter, not ending with a hyphen`,
        '[INVALID_LOCATION] "location" is no region, got "us-central1-a"; allowed: a region such as "us-central1"',
        '[INVALID_IMAGE] "image" is no image name, got "Not an image"; allowed: REPOSITORY@sha256:DIGEST',
        '[INVALID_MEMBER] "serviceAccountEmail" is no e-mail address, got "run"; allowed: NAME@PROJECT.iam.gserviceaccount.com',
      ],
    ],
  ])("is refused with %s", (_, props, said) => {
    const stack = testStack();
    const options = props(stack);
    expect(problemsOf(() => make(stack, options)).map(({ code, message }) => `[${code}] ${message}`)).toEqual(said);
  });

  test("of the same program is refused with a justification in its configuration", () => {
    const stack = testStack();
    const own = l1(stack, { binaryAuthorization: { useDefault: true, breakglassJustification: "later" } });
    expect(refusalOf(() => enforce(own, policyWith(stack)))).toEqual([
      '[ENFORCEMENT_NOT_HELD] Stack/own: a break-glass justification in a configuration bypasses the policy for good, got "later"; allowed: "gcloud run services update NAME --breakglass=JUSTIFICATION" in an incident',
    ]);
  });

  test("snapshot", () => {
    expect(synth().resource(type)).toMatchSnapshot();
  });
});

test("no property of either has anything to do with break-glass", () => {
  for (const { type, make } of KINDS) {
    const stack = testStack();
    make(stack);
    expect(JSON.stringify(template(stack).resource(type))).not.toMatch(/breakglass/i);
  }
});
