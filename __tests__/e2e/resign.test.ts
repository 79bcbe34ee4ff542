import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { Attestor } from "../../lib/constructs/attestor";
import { ExistingSigner } from "../../lib/constructs/existing-signer";
import { KeyVersion } from "../../lib/constructs/key-version";
import { PipelineSource } from "../../lib/constructs/pipeline-source";
import { ResigningTrigger } from "../../lib/constructs/resigning-trigger";
import { TrustRoot } from "../../lib/constructs/trust-root";
import { createKeyVersion, putAttestor, putPolicy, type Sandbox, startSandbox } from "../../lib/sandbox";
import { SigningAlgorithm } from "../../lib/vocabulary/signing-algorithm";
import { pythonMissing } from "../support/recorded-apis";
import { call, requested } from "../support/sandbox";
import { type CommandResult, describeUnless, findProgram, run } from "../support/terraform";
import { admitted } from "./signer";
import { PROJECT, synthesizeStack } from "./support";

// A rotation, as docs/rotation.md tells it: sign with the first version, switch, sign everything again, retire.

const KEY = `projects/${PROJECT}/locations/global/keyRings/ring/cryptoKeys/key`;
const PATH = `us-central1-docker.pkg.dev/${PROJECT}/apps/app`;
const image = (letter: string) => `${PATH}@sha256:${letter.repeat(64)}`;
const SIGNED = ["a", "b", "c"].map(image);

interface Step {
  readonly id: string;
  readonly script: string;
  readonly env: string[];
}

/** The script of a signer outside of Cloud Build, and the steps that sign again, for a signing version. */
function scripts(signing: number): { readonly sign: string; readonly steps: readonly Step[] } {
  let sign = "";
  let build = "";
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
    const attestors = [new Attestor(stack, "Attestor", { attestorName: "build", keys: [trustRoot] })];
    sign = new ExistingSigner(stack, "Signer", {
      member: `serviceAccount:jenkins@${PROJECT}.iam.gserviceaccount.com`,
      attestors,
    }).renderSignScript({ imagePrefix: PATH });
    build = new ResigningTrigger(stack, "Resign", {
      triggerName: "resign",
      attestors,
      source: PipelineSource.ownTrigger(),
    }).renderCloudBuildConfig();
  });
  return { sign, steps: (parse(build) as { steps: Step[] }).steps };
}

function missing(): string | undefined {
  const program = ["gcloud", "curl"].find((name) => findProgram(name) === undefined);
  return program === undefined ? pythonMissing() : `${program} was not found`;
}

describeUnless(missing(), "signing again, with the real gcloud", () => {
  const [first, second] = [scripts(1), scripts(2)];
  let google: Sandbox;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "resign-"));
    mkdirSync(join(folder, "binauthz"));
    google = await startSandbox({
      behaviour: { duplicateAttestation: "same-image-and-key" },
      seed: { clusters: [{ project: PROJECT, location: "us-central1", name: "prod" }] },
    });
    const post = async (path: string, body: object) => {
      expect([200, 409]).toContain((await call(google, `POST ${path}`, body)).status);
    };
    const location = `cloudkms/v1/projects/${PROJECT}/locations/global`;
    await post(`${location}/keyRings?keyRingId=ring`, {});
    await post(`${location}/keyRings/ring/cryptoKeys?cryptoKeyId=key`, {
      purpose: "ASYMMETRIC_SIGN",
      versionTemplate: { algorithm: "EC_SIGN_P256_SHA256", protectionLevel: "HSM" },
    });
    createKeyVersion(google.state, KEY);
    await post(`containeranalysis/v1/projects/${PROJECT}/notes?noteId=build`, {
      attestation: { hint: { humanReadableName: "build" } },
    });
    await trust([1, 2]);
    putPolicy(google.state, PROJECT, {
      defaultAdmissionRule: {
        evaluationMode: "REQUIRE_ATTESTATION",
        enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
        requireAttestationsBy: [`projects/${PROJECT}/attestors/build`],
      },
    });
  }, 60_000);

  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await google.close();
  });

  async function trust(numbers: readonly number[]): Promise<void> {
    const publicKeys = await Promise.all(
      numbers.map(async (number) => ({
        id: `//cloudkms.googleapis.com/v1/${KEY}/cryptoKeyVersions/${number}`,
        pkixPublicKey: {
          publicKeyPem: await google.publicKeyPem(`${KEY}/cryptoKeyVersions/${number}`),
          signatureAlgorithm: "ECDSA_P256_SHA256",
        },
      })),
    );
    putAttestor(google.state, `projects/${PROJECT}/attestors/build`, {
      userOwnedGrafeasNote: { noteReference: `projects/${PROJECT}/notes/build`, publicKeys },
    });
  }

  function bash(script: string, env: Record<string, string>): Promise<CommandResult> {
    const file = join(folder, "step.sh");
    writeFileSync(file, script, { mode: 0o755 });
    return run(file, [], { cwd: folder, env: { ...google.environment(), ...env } });
  }

  const sign = (images: string) => bash(first.sign, { IMAGES: images });

  /** Runs the build that signs again over a list, until a step fails. */
  async function resign(list: string): Promise<CommandResult> {
    writeFileSync(join(folder, "images.txt"), list);
    let last: CommandResult = { exitCode: 0, stdout: "", stderr: "", output: "" };
    let output = "";
    for (const step of second.steps) {
      const env = Object.fromEntries(
        step.env.map((entry) => {
          const [name, value] = [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)];
          return [name, value.replace(/^\/binauthz/, join(folder, "binauthz"))];
        }),
      );
      last = await bash(step.script, env);
      output += last.output;
      if (last.exitCode !== 0) {
        break;
      }
    }
    return { ...last, output };
  }

  /** Which images have an attestation by a version. */
  const signedBy = (number: number) =>
    Object.values(google.state.occurrences)
      .filter((one) => JSON.stringify(one).includes(`${KEY}/cryptoKeyVersions/${number}"`))
      .map(({ resourceUri }) => resourceUri)
      .sort();

  /** Which of the images the cluster would run now. */
  async function running(): Promise<string[]> {
    const allowed = await Promise.all(SIGNED.map((one) => admitted(google, one)));
    return SIGNED.filter((_, index) => allowed[index]);
  }

  test("the signer signs what it is given, and nothing outside of the prefix", async () => {
    const result = await sign(SIGNED.join(" "));
    expect(result.exitCode).toBe(0);
    expect(signedBy(1)).toEqual(SIGNED);
    expect(await running()).toEqual(SIGNED);
    for (const refused of [
      "",
      PATH,
      `${PATH}:latest`,
      `${PATH}-evil@sha256:${"a".repeat(64)}`,
      `${PATH}/../x@sha256:${"a".repeat(64)}`,
    ]) {
      expect([refused, (await sign(refused)).exitCode]).toEqual([refused, 1]);
    }
    // Nothing is signed where one of them is refused.
    expect((await sign(`${image("d")} ${PATH}:latest`)).exitCode).toBe(1);
    expect(Object.values(google.state.occurrences)).toHaveLength(3);
  }, 120_000);

  test("an interruption in the middle: what could not be signed remains, and the build fails", async () => {
    // The second image's signature is refused, as after a lost permission.
    google.faults.add({ match: /:asymmetricSign$/, fail: "PERMISSION_DENIED", skip: 1, times: 1 });
    const result = await resign(`# what runs in prod\n${SIGNED.join("\n")}\n`);
    expect(result.exitCode).toBe(1);
    expect(result.output).toContain(`${SIGNED[1]} has no valid attestation by ${KEY}/cryptoKeyVersions/2`);
    expect(signedBy(2)).toEqual([SIGNED[0], SIGNED[2]]);
    // Nothing stops meanwhile; whoever retired the old version now would stop what remains.
    expect(await running()).toEqual(SIGNED);
    await trust([2]);
    expect(await running()).toEqual([SIGNED[0], SIGNED[2]]);
    await trust([1, 2]);
  }, 120_000);

  test("run again, it signs the rest and nothing twice; what was never attested is not signed, and remains", async () => {
    const before = requested(google, /:asymmetricSign$/).length;
    const result = await resign(`${SIGNED.join("\n")}\n${image("d")}\nnginx:latest\n`);
    expect(result.exitCode).toBe(1);
    expect(result.output).toContain(`${image("d")} was never attested by projects/${PROJECT}/attestors/build`);
    expect(result.output).toContain('"nginx:latest" has no digest');
    expect(signedBy(2)).toEqual(SIGNED);
    expect(requested(google, /:asymmetricSign$/)).toHaveLength(before + 1);
  }, 120_000);

  test("the list may be what binauthz admit says of running pods", async () => {
    const decisions = [
      { image: `${PATH}:v1`, runningDigest: SIGNED[0].split("@")[1], category: "admitted" },
      { image: `${PATH}:v2@${SIGNED[1].split("@")[1]}`, category: "admitted" },
      { image: SIGNED[2], category: "denied" },
      { image: "registry.k8s.io/pause:3.9", category: "exempt" },
    ];
    const result = await resign(JSON.stringify({ schemaVersion: 1, decisions }));
    expect(result.stdout).toBe("remaining: nothing; as far as this list goes, the old version may be retired\n");
    expect(result.exitCode).toBe(0);
    expect(readFileSync(join(folder, "binauthz/images"), "utf8")).toBe(SIGNED.map((one) => `${one}\n`).join(""));
  }, 120_000);

  test("after that the old version is retired, and everything is still attested", async () => {
    await trust([2]);
    expect(await running()).toEqual(SIGNED);
    expect((await resign(SIGNED.join("\n"))).exitCode).toBe(0);
  }, 120_000);

  test.each([
    "",
    "# nothing\n",
    "{",
    "{}",
    '{"schemaVersion":2,"decisions":[]}',
    '{"schemaVersion":1,"decisions":[{}]}',
  ])(
    "fails for the list %j",
    async (list) => {
      const result = await resign(list);
      expect(result.exitCode).toBe(1);
      expect(result.stderr).toMatch(/^read-list: the list /);
    },
    30_000,
  );
});
