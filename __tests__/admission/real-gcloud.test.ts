import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  admit,
  nodeVerifier,
  type Occurrence,
  readOccurrences,
  validateAttestationOccurrence,
} from "../../lib/admission";
import { readAttestorsExport } from "../../lib/trust/gcloud-export";
import { known, type TrustModel } from "../../lib/trust/model";
import { SigningAlgorithm } from "../../lib/vocabulary/signing-algorithm";
import { GoogleDouble } from "../support/google-double";
import { describeUnless, findProgram, run } from "../support/terraform";
import { model, policy, REQUIRE, rule } from "./support";

const PROJECT = "my-secure-project";
const RING = `projects/${PROJECT}/locations/global/keyRings/ring`;
const DIGEST = `sha256:${"ab".repeat(32)}`;
const IMAGE = `us-central1-docker.pkg.dev/${PROJECT}/apps/app@${DIGEST}`;

/** Every algorithm that Cloud KMS offers, by name: a new one has to be thought of. */
const ALGORITHMS = [
  "EC_SIGN_P256_SHA256",
  "EC_SIGN_P384_SHA384",
  "RSA_SIGN_PKCS1_2048_SHA256",
  "RSA_SIGN_PKCS1_3072_SHA256",
  "RSA_SIGN_PKCS1_4096_SHA256",
  "RSA_SIGN_PKCS1_4096_SHA512",
  "RSA_SIGN_PSS_2048_SHA256",
  "RSA_SIGN_PSS_3072_SHA256",
  "RSA_SIGN_PSS_4096_SHA256",
  "RSA_SIGN_PSS_4096_SHA512",
];

test("these are the algorithms of Cloud KMS", () => {
  const offered = SigningAlgorithm.values().filter(({ inKms }) => inKms);
  expect(offered.map(({ kmsName }) => kmsName)).toEqual(ALGORITHMS);
});

const missing = findProgram("gcloud") === undefined ? "gcloud was not found" : undefined;

// The payload, the digest of it that is signed, the order of the calls and what is stored are gcloud's; the key is that of
// the stand-in for Cloud KMS.
describeUnless(missing, "what the real gcloud signs", () => {
  let google: GoogleDouble;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "gcloud-witness-"));
    google = await GoogleDouble.start({ requireToken: true });
    await post(`cloudkms/v1/projects/${PROJECT}/locations/global/keyRings?keyRingId=ring`, {});
  });

  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await google?.stop();
  });

  async function post(path: string, body: unknown): Promise<void> {
    const token = google.terraformEnv().GOOGLE_OAUTH_ACCESS_TOKEN;
    const answer = await fetch(`${google.url}/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(200);
  }

  async function gcloud(...args: string[]): Promise<string> {
    const env = { ...google.gcloudEnv(join(folder, "config")), CLOUDSDK_CORE_PROJECT: PROJECT };
    const { exitCode, stdout, output } = await run("gcloud", args, { env });
    expect([exitCode, output]).toEqual([0, expect.any(String)]);
    return stdout;
  }

  /** A key, an attestor of its own that carries it, and the attestation by gcloud as gcloud lists it. */
  async function signedWith(algorithm: string): Promise<{ trust: TrustModel; occurrences: readonly Occurrence[] }> {
    const id = algorithm.toLowerCase().replaceAll("_", "-");
    await post(`cloudkms/v1/${RING}/cryptoKeys?cryptoKeyId=${id}&skipInitialVersionCreation=true`, {
      purpose: "ASYMMETRIC_SIGN",
      versionTemplate: { algorithm, protectionLevel: "HSM" },
    });
    const version = google.createKeyVersion(`${RING}/cryptoKeys/${id}`);
    const attestor = `projects/${PROJECT}/attestors/${id}`;
    const note = `projects/${PROJECT}/notes/${id}`;
    await post(`containeranalysis/v1/projects/${PROJECT}/notes?noteId=${id}`, {
      attestation: { hint: { humanReadableName: id } },
    });
    google.putAttestor(attestor, { userOwnedGrafeasNote: { noteReference: note, publicKeys: [] } });
    const keyId = `//cloudkms.googleapis.com/v1/${version}`;
    await gcloud(
      ...["container", "binauthz", "attestors", "public-keys", "add", `--attestor=${attestor}`],
      ...[`--keyversion=${version}`, `--public-key-id-override=${keyId}`],
    );
    await gcloud(
      ...["beta", "container", "binauthz", "attestations", "sign-and-create", `--project=${PROJECT}`],
      ...[`--artifact-url=${IMAGE}`, `--attestor=${attestor}`, `--keyversion=${version}`],
      ...[`--public-key-id-override=${keyId}`],
    );
    const list = ["container", "binauthz", "attestations", "list", `--attestor=${attestor}`, "--format=json"];
    const describe = ["container", "binauthz", "attestors", "describe", attestor, "--format=json"];
    const occurrences = readOccurrences("attestations.json", await gcloud(...list));
    const { attestors } = readAttestorsExport("attestor.json", JSON.parse(await gcloud(...describe)));
    const requires = { ...rule("REQUIRE_ATTESTATION", [attestor]), enforcementMode: REQUIRE.enforcementMode };
    const policies = [policy({ project: PROJECT, defaultRule: known(requires) })];
    return { trust: model({ attestors, policies, clusters: [] }), occurrences };
  }

  function decide(trust: TrustModel, image: string, occurrences: readonly Occurrence[]) {
    const pod = { images: [{ image, container: "app", kind: "container" as const }] };
    return admit({ target: { kind: "default", project: PROJECT }, pod }, trust, { occurrences }, nodeVerifier());
  }

  test.each(ALGORITHMS)(
    "with %s is admitted, and nothing else is",
    async (algorithm) => {
      const { trust, occurrences } = await signedWith(algorithm);
      expect(occurrences).toHaveLength(1);
      const [occurrence] = occurrences;
      const [attestor] = trust.attestors;
      const { attestation, noteName, resourceUri } = occurrence;
      expect(decide(trust, IMAGE, occurrences)).toMatchObject({
        verdict: "admitted",
        images: [{ decidedBy: "rule", hints: [] }],
      });
      const request = { attestation, occurrenceNote: noteName, occurrenceResourceUri: resourceUri };
      expect(validateAttestationOccurrence(attestor, request, nodeVerifier())).toEqual({ result: "VERIFIED" });

      expect(decide(trust, IMAGE, []).verdict).toBe("denied");
      expect(decide(trust, IMAGE.replace("sha256:a", "sha256:b"), occurrences).verdict).toBe("denied");
      for (const damaged of damages(occurrence)) {
        const { verdict, images } = decide(trust, IMAGE, [damaged]);
        expect([damaged, verdict, images[0].verdict]).toEqual([damaged, "denied", "denied"]);
      }
    },
    120_000,
  );

  test("what was met is all modelled", () => {
    expect(google.unknownRoutes).toEqual([]);
    expect(google.occurrences(PROJECT)).toHaveLength(ALGORITHMS.length);
  });
});

/** The occurrence with one bit of the signature or of the payload turned: the first, the last, and some between. */
function damages(occurrence: Occurrence): Occurrence[] {
  const { attestation } = occurrence;
  const [{ publicKeyId, signature }] = attestation.signatures;
  const signatures = turned(signature).map((text) => ({
    ...attestation,
    signatures: [{ publicKeyId, signature: text }],
  }));
  const payloads = turned(attestation.serializedPayload).map((serializedPayload) => ({
    ...attestation,
    serializedPayload,
  }));
  return [...signatures, ...payloads].map((damaged) => ({ ...occurrence, attestation: damaged }));
}

function turned(base64: string): string[] {
  const bytes = Buffer.from(base64, "base64");
  return [0, 7, 8, 8 * 31 + 3, 4 * bytes.length, 8 * bytes.length - 1].map((bit) => {
    const copy = Buffer.from(bytes);
    copy[bit >> 3] ^= 1 << (bit & 7);
    return copy.toString("base64");
  });
}
