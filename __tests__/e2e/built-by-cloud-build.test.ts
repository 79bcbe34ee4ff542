import { createHash } from "node:crypto";
import { AdmissionPolicy, Attestor, ExistingPolicy } from "../../lib";
import { type JsonObject, putAttestor, putOccurrence, type Sandbox, startSandbox } from "../../lib/sandbox";
import { call } from "../support/sandbox";
import { describeIfTerraform } from "../support/terraform";
import { admitted } from "./signer";
import { Deployment, PROJECT, synthesizeStack } from "./support";

// The attestor without a key of one's own, and its two traps of order, as docs/attestor.md tells them.

const ATTESTOR = `projects/${PROJECT}/attestors/built-by-cloud-build`;
const NOTE = `projects/${PROJECT}/notes/built-by-cloud-build`;
const REPOSITORY = `us-central1-docker.pkg.dev/${PROJECT}/apps/web`;
const DIGEST = `sha256:${"ab".repeat(32)}`;
const RING = "projects/verified-builder/locations/us-central1/keyRings/attestor";
const VERSION = `${RING}/cryptoKeys/builtByGCB/cryptoKeyVersions/1`;

const policy = () =>
  synthesizeStack((stack) => {
    const apis = { enableApis: false };
    new AdmissionPolicy(stack, "Policy", { existing: ExistingPolicy.ADOPT, ...apis }).addClusterRule({
      location: "us-central1",
      clusterName: "prod",
      requiredAttestors: [Attestor.builtByCloudBuild(stack, "CloudBuild")],
    });
  });

/** Cloud Build's own key, note and attestor, as it makes them with the first image that it builds in the project. */
async function firstBuild(google: Sandbox): Promise<void> {
  const post = async (path: string, body: object) => {
    expect((await call(google, `POST ${path}`, body)).status).toBe(200);
  };
  await post(`cloudkms/v1/${RING.split("/keyRings")[0]}/keyRings?keyRingId=attestor`, {});
  await post(`cloudkms/v1/${RING}/cryptoKeys?cryptoKeyId=builtByGCB`, {
    purpose: "ASYMMETRIC_SIGN",
    versionTemplate: { algorithm: "EC_SIGN_P256_SHA256" },
  });
  await post(`containeranalysis/v1/projects/${PROJECT}/notes?noteId=built-by-cloud-build`, { attestation: {} });
  const publicKeyPem = await google.publicKeyPem(VERSION);
  putAttestor(google.state, ATTESTOR, {
    userOwnedGrafeasNote: {
      noteReference: NOTE,
      publicKeys: [
        {
          id: `//cloudkms.googleapis.com/v1/${VERSION}`,
          pkixPublicKey: { publicKeyPem, signatureAlgorithm: "ECDSA_P256_SHA256" },
        },
      ],
    },
  });
}

/** What Cloud Build does when a build of an image has ended. */
async function attestBuild(google: Sandbox): Promise<void> {
  const critical = {
    identity: { "docker-reference": REPOSITORY },
    image: { "docker-manifest-digest": DIGEST },
    type: "Google cloud binauthz container signature",
  };
  const payload = Buffer.from(`${JSON.stringify({ critical }, null, 2)}\n`);
  const digest = { sha256: createHash("sha256").update(payload).digest("base64") };
  const { json } = await call(google, `POST cloudkms/v1/${VERSION}:asymmetricSign`, { digest });
  putOccurrence(google.state, PROJECT, {
    noteName: NOTE,
    resourceUri: `https://${REPOSITORY}@${DIGEST}`,
    attestation: {
      serializedPayload: payload.toString("base64"),
      signatures: [{ publicKeyId: `//cloudkms.googleapis.com/v1/${VERSION}`, signature: json.signature }],
    } as JsonObject,
  });
}

describeIfTerraform("built-by-cloud-build, with the real provider", () => {
  test("a policy cannot require it before the first build; a deploy is refused until the build has ended", async () => {
    const google = await startSandbox({
      behaviour: { refuseMissingAttestors: true },
      seed: { clusters: [{ project: PROJECT, location: "us-central1", name: "prod" }] },
    });
    const deployment = Deployment.against(google);
    try {
      const json = policy();
      await expect(deployment.apply(json)).rejects.toThrow(`the attestor ${ATTESTOR} does not exist`);
      // Nothing is half done: the policy is as it was.
      expect(google.state.policies).toEqual({});

      await firstBuild(google);
      await deployment.apply(json);

      // A step of the build that deploys the image comes before the attestation.
      const image = `${REPOSITORY}@${DIGEST}`;
      expect(await admitted(google, image)).toBe(false);
      await attestBuild(google);
      expect(await admitted(google, image)).toBe(true);
      expect(google.unknownRoutes).toEqual([]);
    } finally {
      deployment.remove();
      await google.close();
    }
  }, 180_000);
});
