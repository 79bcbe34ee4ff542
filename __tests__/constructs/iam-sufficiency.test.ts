import type { TerraformStack } from "cdktf";
import { ImagePlatform, SignedBuild } from "../../lib";
import { describeIfReference, type PredefinedRoles } from "../support/reference";
import {
  ATTESTOR,
  buildIn,
  KEY,
  NOTE,
  PROJECT,
  pipelineIn,
  REPOSITORY,
  signerIn,
  testStack,
  vettedIn,
} from "../support/synth";
import { template } from "../support/template";

/** One permission that a build needs, and on what. */
interface Need {
  readonly permission: string;
  readonly on: string;
  /** The call that needs it. */
  readonly method: string;
  /** The page that says so; "inferred" where none does. */
  readonly source: string;
}

const DOCS = "https://docs.cloud.google.com";

// What the build and sign scripts do, call by call.
const NEEDS: Need[] = [
  {
    permission: "artifactregistry.repositories.uploadArtifacts",
    on: REPOSITORY,
    method: "docker push",
    source: `${DOCS}/artifact-registry/docs/access-control`,
  },
  {
    permission: "binaryauthorization.attestors.get",
    on: ATTESTOR,
    method: "binaryauthorization.projects.attestors.get",
    source: `${DOCS}/binary-authorization/docs/reference/rest/v1/projects.attestors/get`,
  },
  {
    permission: "binaryauthorization.attestors.verifyImageAttested",
    on: ATTESTOR,
    method: "binaryauthorization.projects.attestors.validateAttestationOccurrence",
    source: "inferred",
  },
  {
    permission: "cloudkms.cryptoKeyVersions.viewPublicKey",
    on: KEY,
    method: "cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.getPublicKey",
    source: `${DOCS}/kms/docs/retrieve-public-key`,
  },
  {
    permission: "cloudkms.cryptoKeyVersions.useToSign",
    on: KEY,
    method: "cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.asymmetricSign",
    source: `${DOCS}/kms/docs/create-validate-signatures`,
  },
  {
    permission: "containeranalysis.notes.listOccurrences",
    on: NOTE,
    method: "containeranalysis.projects.notes.occurrences.list",
    source: `${DOCS}/binary-authorization/docs/making-attestations`,
  },
  {
    permission: "containeranalysis.notes.attachOccurrence",
    on: NOTE,
    method: "containeranalysis.projects.occurrences.create",
    source: `${DOCS}/binary-authorization/docs/making-attestations`,
  },
  {
    permission: "containeranalysis.occurrences.create",
    on: `projects/${PROJECT}`,
    method: "containeranalysis.projects.occurrences.create",
    source: `${DOCS}/binary-authorization/docs/making-attestations`,
  },
  {
    permission: "logging.logEntries.create",
    on: `projects/${PROJECT}`,
    method: "logging.entries.write",
    source: `${DOCS}/build/docs/securing-builds/configure-user-specified-service-accounts`,
  },
];

const PUSH_AND_LOG = NEEDS.filter(({ method }) => ["docker push", "logging.entries.write"].includes(method));

// What the steps of a signing build do on top of signing.
const CHECKS: Need[] = [
  {
    permission: "cloudbuild.builds.get",
    on: `projects/${PROJECT}`,
    method: "cloudbuild.projects.locations.builds.get, cloudbuild.projects.locations.triggers.get",
    source: `${DOCS}/build/docs/iam-roles-permissions`,
  },
  {
    permission: "containeranalysis.occurrences.list",
    on: `projects/${PROJECT}`,
    method: "containeranalysis.projects.occurrences.list",
    source: `${DOCS}/artifact-analysis/docs/ca-access-control`,
  },
];

const PLATFORMS = [ImagePlatform.LINUX_AMD64, ImagePlatform.LINUX_ARM64];

// What is in an index is read from the registry.
const READ_INDEX: Need = {
  permission: "artifactregistry.repositories.downloadArtifacts",
  on: REPOSITORY,
  method: "GET /v2/NAME/manifests/DIGEST",
  source: `${DOCS}/artifact-registry/docs/access-control`,
};

const MIRROR: Need = {
  permission: "artifactregistry.repositories.uploadArtifacts",
  on: `projects/${PROJECT}/locations/us-central1/repositories/vetted`,
  method: "gcrane cp",
  source: `${DOCS}/artifact-registry/docs/access-control`,
};

/** Each identity of the family that is made in a stack, and what it has to be able to do. */
const IDENTITIES: [name: string, account: string, build: (stack: TerraformStack) => unknown, needs: Need[]][] = [
  ["of a pipeline as it is by default", "my-app-signed", (stack) => pipelineIn(stack), NEEDS],
  [
    "of a pipeline that only creates attestations",
    "my-app-signed",
    (stack) => pipelineIn(stack, { createOnly: true }),
    NEEDS,
  ],
  ["of a build pipeline", "my-app-build", (stack) => buildIn(stack), PUSH_AND_LOG],
  [
    "of a build pipeline of several platforms",
    "my-app-build",
    (stack) => buildIn(stack, { platforms: PLATFORMS }),
    PUSH_AND_LOG,
  ],
  [
    "of a signing trigger for several platforms",
    "sign-my-app",
    (stack) =>
      signerIn(stack, {
        builds: [
          SignedBuild.ofPipeline(buildIn(stack, { platforms: PLATFORMS }), { repositoryUrl: "https://github.com/o/r" }),
        ],
      }),
    [...NEEDS.filter(({ method }) => method !== "docker push"), ...CHECKS, READ_INDEX],
  ],
  [
    "of vetted images",
    "vetted-images",
    (stack) => vettedIn(stack),
    [
      ...NEEDS.filter(({ method }) => method !== "docker push"),
      ...CHECKS.filter(({ permission }) => permission === "containeranalysis.occurrences.list"),
      MIRROR,
    ],
  ],
  [
    "of a signing trigger",
    "sign-my-app",
    (stack) => signerIn(stack),
    [...NEEDS.filter(({ method }) => method !== "docker push"), ...CHECKS],
  ],
];

// With one of these a build could let itself, or others, do more than sign.
const DANGEROUS =
  /setIamPolicy$|\.(?:attestors|policy|notes)\.(?:create|update|delete)$|cryptoKey(?:Version)?s\.(?:create|update|destroy|restore)$|\.iam\.|^iam\.|resourcemanager\.projects\.(?:update|delete)|cloudbuild\.(?!\w+\.(?:get|list)$)/;

interface Bound {
  readonly role: string;
  readonly on: string;
}

interface Granted {
  readonly bound: Bound[];
  readonly permissionsOf: (role: string) => readonly string[];
}

/** What an identity is granted, on what, and what that permits. */
function grantedTo(roles: PredefinedRoles, account: string, build: (stack: TerraformStack) => unknown): Granted {
  const stack = testStack();
  build(stack);
  const t = template(stack);
  const custom = Object.values(t.resources("google_project_iam_custom_role")).map((role): [string, string[]] => [
    `projects/${role.project}/roles/${role.role_id}`,
    role.permissions,
  ]);
  const permissions = new Map<string, readonly string[]>([
    ...Object.entries(roles).map(([name, role]): [string, readonly string[]] => [name, role.permissions]),
    ...custom,
  ]);
  return {
    bound: t
      .bindings()
      .filter((binding) => binding.endsWith(` to serviceAccount:${account}@${PROJECT}.iam.gserviceaccount.com`))
      .map((binding) => {
        const [, role, on] = /^(\S+) on (\S+) to /.exec(binding) ?? [];
        return { role, on };
      }),
    permissionsOf: (role) => {
      const found = permissions.get(role);
      if (found === undefined) {
        throw new Error(`nothing is known of ${role}`);
      }
      return found;
    },
  };
}

test("every permission has a call that needs it, and a source", () => {
  const all = [...NEEDS, ...CHECKS, READ_INDEX, MIRROR];
  expect(new Set(all.map((need) => `${need.permission} on ${need.on}`)).size).toBe(all.length);
  for (const need of all) {
    expect(need.source).toMatch(/^(?:https:\/\/docs\.cloud\.google\.com\/\S+|inferred)$/);
  }
});

describeIfReference("against Google's table of predefined roles", (roles) => {
  describe.each(IDENTITIES)("the identity %s", (_, account, build, needs) => {
    const { bound, permissionsOf } = grantedTo(roles, account, build);
    // A permission on the project counts for everything in it; here none is granted above the resource that needs it.
    const uncovered = (bindings: readonly Bound[]): string[] =>
      needs
        .filter(
          (need) => !bindings.some(({ role, on }) => on === need.on && permissionsOf(role).includes(need.permission)),
        )
        .map((need) => `${need.permission} on ${need.on}`);

    test("may do everything that its build does, each on the resource itself", () => {
      expect(uncovered(bound)).toEqual([]);
    });

    test.each(bound)("needs $role on $on", (binding) => {
      expect(uncovered(bound.filter((other) => other !== binding))).not.toEqual([]);
    });

    test("may do nothing that would open the chain", () => {
      expect(
        bound.flatMap(({ role }) => permissionsOf(role).filter((permission) => DANGEROUS.test(permission))),
      ).toEqual([]);
    });
  });

  test("only the editor of occurrences may change what others attested, and createOnly goes without it", () => {
    const changing = (createOnly: boolean): string[] => {
      const { bound, permissionsOf } = grantedTo(roles, "my-app-signed", (stack) => pipelineIn(stack, { createOnly }));
      return bound
        .map(({ role }) => role)
        .filter((role) =>
          permissionsOf(role).some((one) => /^containeranalysis\.occurrences\.(?:update|delete)$/.test(one)),
        );
    };
    expect(changing(false)).toEqual(["roles/containeranalysis.occurrences.editor"]);
    expect(changing(true)).toEqual([]);
  });

  test("the check of dangers can fail", () => {
    const dangers = (role: string) => roles[role].permissions.filter((permission) => DANGEROUS.test(permission));
    expect(dangers("roles/cloudkms.admin")).toEqual(
      expect.arrayContaining(["cloudkms.cryptoKeyVersions.destroy", "cloudkms.cryptoKeys.setIamPolicy"]),
    );
    expect(dangers("roles/binaryauthorization.policyEditor")).toContain("binaryauthorization.policy.update");
    expect(dangers("roles/binaryauthorization.attestorsEditor")).toContain("binaryauthorization.attestors.update");
    expect(dangers("roles/cloudbuild.builds.builder")).not.toEqual([]);
  });
});
