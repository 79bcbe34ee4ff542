import { Construct } from "constructs";
import {
  AdmissionPolicy,
  type AdmissionPolicyProps,
  Attestor,
  EnforcedCluster,
  ExistingPolicy,
  KeyVersion,
  SigningAlgorithm,
  TrustRoot,
  type TrustRootProps,
} from "../../lib";
import {
  createKeyVersion,
  editCluster,
  putCluster,
  putPolicy,
  type Sandbox,
  type State,
  startSandbox,
  storedPolicy,
} from "../../lib/sandbox";
import { call } from "../support/sandbox";
import { describeIfTerraform } from "../support/terraform";
import { Deployment, PROJECT, type StackJson, synthesizeStack } from "./support";

const KEY = `projects/${PROJECT}/locations/global/keyRings/ring/cryptoKeys/key`;
const ATTESTOR = `projects/${PROJECT}/attestors/build`;

// The provider collects enabled APIs for nine seconds; the reference deployment has them.
const APIS = { enableApis: false };

/** A chain without identities: service accounts and IAM members cost the provider many seconds each. */
function chain(
  key: Partial<TrustRootProps> = {},
  policy: Partial<AdmissionPolicyProps> = {},
  ids = { trustRoot: "TrustRoot", attestor: "Attestor", policy: "Policy", wrapped: false },
): StackJson {
  return synthesizeStack((stack) => {
    const scope = ids.wrapped ? new Construct(stack, "Wrapper") : stack;
    const trustRoot = new TrustRoot(scope, ids.trustRoot, {
      keyRingName: "ring",
      keyName: "key",
      location: "global",
      versions: [KeyVersion.signing("first", { number: 1 })],
      ...APIS,
      ...key,
    });
    const attestor = new Attestor(scope, ids.attestor, { attestorName: "build", keys: [trustRoot], ...APIS });
    const admission = new AdmissionPolicy(scope, ids.policy, { existing: ExistingPolicy.ADOPT, ...APIS, ...policy });
    admission.addClusterRule({ location: "us-central1", clusterName: "prod", requiredAttestors: [attestor] });
  });
}

describeIfTerraform("changes of a chain that is deployed", () => {
  let google: Sandbox;
  let deployment: Deployment;

  const keysOf = (attestor: string): { id: string; pem: string }[] => {
    const found = google.state.attestors[attestor] as {
      userOwnedGrafeasNote: { publicKeys: { id: string; pkixPublicKey: { publicKeyPem: string } }[] };
    };
    return found.userOwnedGrafeasNote.publicKeys.map((key) => ({
      id: key.id.replace(/^.*\//, ""),
      pem: key.pkixPublicKey.publicKeyPem,
    }));
  };

  // Applied once: every test goes on from a copy of what Google and Terraform held then.
  let applied: { readonly state: State; readonly deployment: Deployment };

  beforeAll(async () => {
    const first = await startSandbox();
    const deployment = Deployment.against(first);
    await deployment.apply(chain());
    applied = { state: structuredClone(first.state), deployment };
    await first.close();
  }, 120_000);

  afterAll(() => applied?.deployment.remove());

  beforeEach(async () => {
    google = await startSandbox({ state: structuredClone(applied.state) });
    deployment = applied.deployment.copy(google);
  });

  afterEach(async () => {
    deployment.remove();
    await google.close();
  });

  it("renaming and re-parenting every construct plans nothing", async () => {
    const renamed = chain({}, {}, { trustRoot: "Keys", attestor: "BuiltByUs", policy: "Admission", wrapped: true });
    expect(await deployment.planned(renamed)).toEqual([]);
  }, 120_000);

  it("a label on the key touches the key only, whether the public key is pinned or not", async () => {
    const [{ pem }] = keysOf(ATTESTOR);
    const pinned = [KeyVersion.signing("first", { number: 1, publicKeyPem: pem })];
    const labelled = ["update google_kms_crypto_key.my-secure-project_global_ring_key"];
    expect(await deployment.planned(chain({ labels: { team: "security" } }))).toEqual(labelled);
    expect(await deployment.planned(chain({ versions: pinned }))).toEqual([]);
    expect(await deployment.planned(chain({ versions: pinned, labels: { team: "security" } }))).toEqual(labelled);
  }, 120_000);

  it("a pinned version that was disabled by hand does not break the plan, and is not switched on again", async () => {
    const [{ pem }] = keysOf(ATTESTOR);
    google.state.cryptoKeyVersions[`${KEY}/cryptoKeyVersions/1`].state = "DISABLED";
    expect(await deployment.refused(chain())).toMatch(/cryptoKeyVersions\/1|FAILED_PRECONDITION|not enabled/i);
    const pinned = chain({ versions: [KeyVersion.signing("first", { number: 1, publicKeyPem: pem })] });
    expect(await deployment.planned(pinned)).toEqual([]);
  }, 120_000);

  it("rotates in steps, never with a moment in which the old key is gone from the attestor", async () => {
    const first = { number: 1 };
    const second = { number: 2, algorithm: SigningAlgorithm.RSA_SIGN_PSS_2048_SHA256 };
    const standby = chain({ versions: [KeyVersion.signing("first", first), KeyVersion.trusted("second", second)] });
    expect(await deployment.step(standby)).toEqual([
      "create google_kms_crypto_key_version.my-secure-project_global_ring_key_second",
      "update google_binary_authorization_attestor.my-secure-project_build",
      "update google_kms_crypto_key.my-secure-project_global_ring_key",
    ]);
    expect(keysOf(ATTESTOR).map((key) => key.id)).toEqual(["1", "2"]);

    const switched = chain({ versions: [KeyVersion.trusted("first", first), KeyVersion.signing("second", second)] });
    expect(await deployment.planned(switched)).toEqual([]);

    const retired = chain({ versions: [KeyVersion.retired("first", first), KeyVersion.signing("second", second)] });
    expect(await deployment.step(retired)).toEqual([
      "update google_binary_authorization_attestor.my-secure-project_build",
      "update google_kms_crypto_key_version.my-secure-project_global_ring_key_first",
    ]);
    expect(keysOf(ATTESTOR).map((key) => key.id)).toEqual(["2"]);
    expect(Object.values(google.state.cryptoKeyVersions)[0]).toMatchObject({ state: "DISABLED" });

    const destroyed = chain({ versions: [KeyVersion.destroyed("first", first), KeyVersion.signing("second", second)] });
    expect(await deployment.step(destroyed)).toEqual([
      "delete google_kms_crypto_key_version.my-secure-project_global_ring_key_first",
    ]);
    expect(Object.values(google.state.cryptoKeyVersions)[0]).toMatchObject({ state: "DESTROY_SCHEDULED" });
    expect(Object.values(google.state.cryptoKeyVersions)[1]).toMatchObject({ state: "ENABLED" });
  }, 300_000);

  it("a version made by hand in between is noticed, and correcting the number moves nothing", async () => {
    createKeyVersion(google.state, KEY);
    const wrong = chain({
      versions: [KeyVersion.signing("first", { number: 1 }), KeyVersion.trusted("second", { number: 2 })],
    });
    const terraform = await deployment.use(wrong);
    const failed = await terraform.tryApply();
    expect(failed.exitCode).toBe(1);
    expect(failed.output.replace(/[\s│]+/g, " ")).toContain(
      'key version "second" of projects/my-secure-project/locations/global/keyRings/ring/cryptoKeys/key is declared as number 2, but Cloud KMS gave it another one',
    );
    expect(keysOf(ATTESTOR).map((key) => key.id)).toEqual(["1"]);

    const corrected = chain({
      versions: [
        KeyVersion.signing("first", { number: 1 }),
        KeyVersion.unmanaged("by-hand", { number: 2 }),
        KeyVersion.trusted("second", { number: 3 }),
      ],
    });
    const planned = await deployment.step(corrected);
    // Terraform marks what was created with a failed postcondition as it is: nothing is replaced.
    expect(planned).toEqual(["update google_binary_authorization_attestor.my-secure-project_build"]);
    expect(keysOf(ATTESTOR).map((key) => key.id)).toEqual(["1", "3"]);
    expect(Object.values(google.state.cryptoKeyVersions)).toHaveLength(3);
  }, 300_000);

  // The provider hides the move alone; together with another change of the policy it must not slip through either.
  it.each([
    ["alone", {}],
    ["together with another change", { exemptImages: ["quay.io/example/*"] }],
  ])(
    "an attestor that moves to another project under its short name fails the plan, %s",
    async (_, change) => {
      const moved = synthesizeStack((stack) => {
        const policy = new AdmissionPolicy(stack, "Policy", { existing: ExistingPolicy.ADOPT, ...APIS, ...change });
        const attestor = Attestor.fromAttestorName(stack, "Attestor", "projects/other-project/attestors/build");
        policy.addClusterRule({ location: "us-central1", clusterName: "prod", requiredAttestors: [attestor] });
      });
      // What the chain had besides stays: only the policy is at stake here.
      const rest = chain();
      moved.resource = { ...rest.resource, ...moved.resource };
      moved.data = rest.data;
      expect(await deployment.refused(moved)).toContain(
        `The policy of ${PROJECT} would go on trusting ${ATTESTOR}, which the program does not require`,
      );
    },
    120_000,
  );

  it("from dry run to enforcement, and an exempt image, are updates of the policy alone", async () => {
    expect(await deployment.planned(chain({}, { exemptImages: ["quay.io/example/*"] }))).toEqual([
      "update google_binary_authorization_policy.my-secure-project",
    ]);
  }, 120_000);

  it("a released chain is forgotten and destroys nothing, and can be adopted again", async () => {
    const released = synthesizeStack((stack) => {
      const trustRoot = new TrustRoot(stack, "TrustRoot", {
        keyRingName: "ring",
        keyName: "key",
        location: "global",
        versions: [KeyVersion.signing("first", { number: 1 })],
        ...APIS,
      });
      const attestor = new Attestor(stack, "Attestor", { attestorName: "build", keys: [trustRoot], ...APIS });
      const policy = new AdmissionPolicy(stack, "Policy", { existing: ExistingPolicy.ADOPT, ...APIS });
      policy.addClusterRule({ location: "us-central1", clusterName: "prod", requiredAttestors: [attestor] });
      policy.release();
      attestor.release();
      trustRoot.release();
    });
    const before = google.requests.length;
    await deployment.apply(released);
    const writes = google.requests.slice(before).filter((request) => request.verb !== "GET");
    expect(writes.map((request) => `${request.verb} ${request.path}`)).toEqual([]);
    expect(storedPolicy(google.state, PROJECT)).toMatchObject({
      defaultAdmissionRule: { evaluationMode: "ALWAYS_DENY" },
    });

    const adopted = await (await deployment.use(chain({ adopt: true }))).plan();
    expect(adopted.output).toMatch(/[0-9]+ to import/);
  }, 180_000);

  it("a cluster managed elsewhere that has to enforce fails the plan until it does", async () => {
    putCluster(google.state, PROJECT, "europe-west1", "theirs");
    const json = synthesizeStack((stack) => {
      const policy = new AdmissionPolicy(stack, "Policy", { existing: ExistingPolicy.ADOPT, ...APIS });
      const attestor = Attestor.fromAttestorName(stack, "Attestor", "build");
      EnforcedCluster.fromClusterName(stack, "Theirs", {
        clusterName: "theirs",
        location: "europe-west1",
        policy,
        requiredAttestors: [attestor],
        requireEnforcement: true,
      });
    });
    const own = Deployment.against(google);
    try {
      expect(await own.refused(json)).toContain("--binauthz-evaluation-mode=PROJECT_SINGLETON_POLICY_ENFORCE");
      editCluster(google.state, `projects/${PROJECT}/locations/europe-west1/clusters/theirs`, {
        binaryAuthorization: { evaluationMode: "PROJECT_SINGLETON_POLICY_ENFORCE" },
      });
      await own.settle(json);
    } finally {
      own.remove();
    }
  }, 180_000);
});

/** The provider labels what it creates; gcloud does not. */
async function withoutTerraformLabel(google: Sandbox): Promise<void> {
  const answer = await call(google, `PATCH cloudkms/v1/${KEY}?updateMask=labels`, { labels: {} });
  expect(answer.status).toBe(200);
}

describeIfTerraform("adoption", () => {
  let google: Sandbox;

  beforeEach(async () => {
    google = await startSandbox();
  });

  afterEach(async () => {
    await google.close();
  });

  it("refuses to adopt a policy that trusts an attestor of the same short name in another project", async () => {
    putPolicy(google.state, PROJECT, {
      globalPolicyEvaluationMode: "ENABLE",
      defaultAdmissionRule: { evaluationMode: "ALWAYS_DENY", enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG" },
      clusterAdmissionRules: {
        "us-central1.prod": {
          evaluationMode: "REQUIRE_ATTESTATION",
          enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
          requireAttestationsBy: ["projects/old-project/attestors/build"],
        },
      },
    });
    const deployment = Deployment.against(google);
    try {
      expect(await deployment.refused(chain())).toContain("projects/old-project/attestors/build");
    } finally {
      deployment.remove();
    }
  }, 120_000);

  it("plans imports and no change for a chain that was made by hand", async () => {
    const made = Deployment.against(google);
    const adopting = Deployment.against(google);
    try {
      // Made by other means: the state of that is thrown away.
      await made.apply(chain({}, { existing: ExistingPolicy.REPLACE }));
      await withoutTerraformLabel(google);
      const json = synthesizeStack((stack) => {
        const trustRoot = new TrustRoot(stack, "TrustRoot", {
          keyRingName: "ring",
          keyName: "key",
          location: "global",
          versions: [KeyVersion.signing("first", { number: 1 })],
          adopt: true,
          ...APIS,
        });
        const attestor = new Attestor(stack, "Attestor", {
          attestorName: "build",
          keys: [trustRoot],
          adopt: true,
          ...APIS,
        });
        const policy = new AdmissionPolicy(stack, "Policy", { existing: ExistingPolicy.ADOPT, ...APIS });
        policy.addClusterRule({ location: "us-central1", clusterName: "prod", requiredAttestors: [attestor] });
      });
      const plan = await (await adopting.use(json)).plan();
      expect(plan.changes.map((change) => `${change.change.actions} ${change.address}`)).toEqual([]);
      expect(plan.output).toContain("6 to import");
      await adopting.apply(json);
    } finally {
      made.remove();
      adopting.remove();
    }
  }, 240_000);
});
