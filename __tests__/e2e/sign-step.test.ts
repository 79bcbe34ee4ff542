import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { KeyVersion, SigningAlgorithm, TrustRoot } from "../../lib";
import { Attestor } from "../../lib/constructs/attestor";
import { PipelineSource } from "../../lib/constructs/pipeline-source";
import { SignerPipeline } from "../../lib/constructs/signer-pipeline";
import {
  createKeyVersion,
  putAttestor,
  putOccurrence,
  type Sandbox,
  startSandbox,
  versionNames,
} from "../../lib/sandbox";
import { call, requested } from "../support/sandbox";
import { type CommandResult, describeUnless, findProgram, run } from "../support/terraform";
import { PROJECT, synthesizeStack } from "./support";

const DIGEST = `sha256:${"ab".repeat(32)}`;
const IMAGE = `us-central1-docker.pkg.dev/${PROJECT}/apps/app`;
const KEY = `projects/${PROJECT}/locations/global/keyRings/ring/cryptoKeys/key`;

interface Step {
  readonly id: string;
  readonly script: string;
  readonly env: string[];
}

/** The step that the pipeline would run, as its cloudbuild.yaml has it. */
function signStep(signing: number): Step {
  let text = "";
  synthesizeStack((stack) => {
    const version = (number: number) =>
      (number === signing ? KeyVersion.signing : KeyVersion.trusted)(`v${number}`, {
        number,
        algorithm: SigningAlgorithm.EC_SIGN_P256_SHA256,
      });
    const trustRoot = new TrustRoot(stack, "TrustRoot", {
      keyRingName: "ring",
      keyName: "key",
      location: "global",
      versions: [version(1), version(2)],
    });
    const pipeline = new SignerPipeline(stack, "Pipeline", {
      attestors: [new Attestor(stack, "Attestor", { attestorName: "build", noteName: "note", keys: [trustRoot] })],
      image: IMAGE,
      source: PipelineSource.ownTrigger(),
    });
    text = pipeline.renderCloudBuildConfig();
  });
  const steps = (parse(text) as { steps: Step[] }).steps;
  return steps[steps.length - 1];
}

function missing(): string | undefined {
  if (findProgram("gcloud") === undefined) {
    return "gcloud was not found";
  }
  return findProgram("curl") === undefined ? "curl was not found" : undefined;
}

describeUnless(missing(), "the sign step, run with the real gcloud", () => {
  let google: Sandbox;
  let folder: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "sign-"));
    writeFileSync(join(folder, "digest"), DIGEST);
    google = await startSandbox();
    await arrange();
  });

  afterEach(async () => {
    rmSync(folder, { recursive: true, force: true });
    await google.close();
  });

  /** Key, versions, note and attestor, as an apply of the chain leaves them. */
  async function arrange(trusted = [1, 2]): Promise<void> {
    const post = async (path: string, body: object) => {
      expect([200, 409]).toContain((await call(google, `POST ${path}`, body)).status);
    };
    const location = `cloudkms/v1/projects/${PROJECT}/locations/global`;
    await post(`${location}/keyRings?keyRingId=ring`, {});
    await post(`${location}/keyRings/ring/cryptoKeys?cryptoKeyId=key&skipInitialVersionCreation=true`, {
      purpose: "ASYMMETRIC_SIGN",
      versionTemplate: { algorithm: "EC_SIGN_P256_SHA256", protectionLevel: "HSM" },
    });
    for (let number = versionNames(google.state, KEY).length; number < 2; number++) {
      createKeyVersion(google.state, KEY);
    }
    await post(`containeranalysis/v1/projects/${PROJECT}/notes?noteId=note`, {
      attestation: { hint: { humanReadableName: "build" } },
    });
    const publicKeys = await Promise.all(
      trusted.map(async (number) => ({
        id: `//cloudkms.googleapis.com/v1/${KEY}/cryptoKeyVersions/${number}`,
        pkixPublicKey: {
          publicKeyPem: await google.publicKeyPem(`${KEY}/cryptoKeyVersions/${number}`),
          signatureAlgorithm: "ECDSA_P256_SHA256",
        },
      })),
    );
    putAttestor(google.state, `projects/${PROJECT}/attestors/build`, {
      userOwnedGrafeasNote: { noteReference: `projects/${PROJECT}/notes/note`, publicKeys },
    });
  }

  function sign(signing = 1, env: Record<string, string> = {}): Promise<CommandResult> {
    const step = signStep(signing);
    const script = join(folder, "sign.sh");
    writeFileSync(script, step.script, { mode: 0o755 });
    const declared = Object.fromEntries(
      step.env.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
    );
    return run(script, [], {
      cwd: folder,
      env: { ...google.environment(), ...declared, DIGEST_FILE: join(folder, "digest"), ...env },
    });
  }

  const signatures = () => requested(google, /:asymmetricSign$/).length;

  it("signs a digest once, and finds it signed the second time", async () => {
    const first = await sign();
    expect(first.output).toContain(`sign: ${IMAGE}@${DIGEST} has a valid attestation by ${KEY}/cryptoKeyVersions/1`);
    expect(first.exitCode).toBe(0);
    expect(Object.values(google.state.occurrences)).toHaveLength(1);
    expect(requested(google, /:validateAttestationOccurrence$/).length).toBeGreaterThan(0);

    const second = await sign();
    expect(second.exitCode).toBe(0);
    expect(signatures()).toBe(1);
    expect(google.unknownRoutes).toEqual([]);
  }, 60_000);

  it("fails, and uploads nothing, where the attestor does not know the key", async () => {
    await arrange([2]);
    const result = await sign(1);
    expect(result.exitCode).toBe(1);
    expect(Object.values(google.state.occurrences)).toEqual([]);
  }, 60_000);

  it("does not take an attestation by an older version for its own: after a rotation the new version signs", async () => {
    google.behaviour.duplicateAttestation = "same-image-and-key";
    expect((await sign(1)).exitCode).toBe(0);
    expect((await sign(2)).exitCode).toBe(0);
    expect(signatures()).toBe(2);
    expect(Object.values(google.state.occurrences)).toHaveLength(2);
  }, 60_000);

  it("fails with what to do, where an attestation by an older version is in the way", async () => {
    expect((await sign(1)).exitCode).toBe(0);
    const result = await sign(2);
    expect(result.exitCode).toBe(1);
    expect(result.output).toContain("an attestation by another key is in the way");
  }, 60_000);

  it("does not take a stored attestation for success that does not verify", async () => {
    google.behaviour.duplicateAttestation = "allow";
    const payload = Buffer.from("{}\n").toString("base64");
    putOccurrence(google.state, PROJECT, {
      kind: "ATTESTATION",
      noteName: `projects/${PROJECT}/notes/note`,
      resourceUri: `${IMAGE}@${DIGEST}`,
      attestation: {
        serializedPayload: payload,
        signatures: [{ publicKeyId: `//cloudkms.googleapis.com/v1/${KEY}/cryptoKeyVersions/1`, signature: payload }],
      },
    });
    const result = await sign();
    expect(result.exitCode).toBe(0);
    expect(signatures()).toBe(1);
  }, 60_000);

  it.each([
    ["the attestations cannot be listed", /^GET .*\/occurrences$/],
    ["the signature is refused", /:asymmetricSign$/],
    ["the attestation cannot be stored", /^POST .*\/occurrences$/],
    ["the attestation cannot be validated", /:validateAttestationOccurrence$/],
  ])(
    "fails where %s",
    async (_, route) => {
      google.faults.add({ match: route, fail: "PERMISSION_DENIED", times: 20 });
      const result = await sign();
      expect(result.exitCode).toBe(1);
      // An error of the list must never be taken for "none there".
      if (route.source.startsWith("^GET")) {
        expect(signatures()).toBe(0);
      }
    },
    60_000,
  );

  it("also stays closed where the build switches gcloud's questions off", async () => {
    await arrange([2]);
    const result = await sign(1, { CLOUDSDK_CORE_DISABLE_PROMPTS: "1" });
    expect(result.exitCode).toBe(1);
    expect(Object.values(google.state.occurrences)).toEqual([]);
  }, 60_000);

  it.each(["", "latest", `sha256:${"AB".repeat(32)}`, `${DIGEST}\nx`])(
    "refuses the digest %j",
    async (digest) => {
      writeFileSync(join(folder, "digest"), digest);
      const result = await sign();
      expect(result.exitCode).toBe(1);
      expect(result.output).toContain("no digest of a pushed image");
      expect(requested(google, /asymmetricSign|\/occurrences/)).toEqual([]);
    },
    30_000,
  );
});
