import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { PipelineSource } from "../../lib";
import { Attestor } from "../../lib/constructs/attestor";
import { BuildPipeline } from "../../lib/constructs/build-pipeline";
import { SignedBuild } from "../../lib/constructs/signed-build";
import { SigningGate } from "../../lib/constructs/signing-gate";
import { SigningTrigger } from "../../lib/constructs/signing-trigger";
import { TrustRoot } from "../../lib/constructs/trust-root";
import { putAttestor, putBuild, putOccurrence, type Sandbox, startSandbox } from "../../lib/sandbox";
import { pythonMissing } from "../support/recorded-apis";
import { call, requested } from "../support/sandbox";
import type { Json } from "../support/template";
import { type CommandResult, describeUnless, findProgram, run } from "../support/terraform";
import { PROJECT, type StackJson, synthesizeStack } from "./support";

// A whole signing build, step after step as Cloud Build runs them, by bash, python3 and the real gcloud.

const recorded = (name: string): Json =>
  JSON.parse(readFileSync(join(__dirname, "../fixtures/cloud-build", `${name}.json`), "utf8"));

const LOCATION = `projects/${PROJECT}/locations/us-central1`;
const IMAGE = `us-central1-docker.pkg.dev/${PROJECT}/apps/app`;
const KEYS = `projects/${PROJECT}/locations/global/keyRings/ring/cryptoKeys`;
const URL = "https://github.com/khalkie/gcb-prod-prov";

interface Step {
  readonly id: string;
  readonly script: string;
  readonly env: string[];
}

interface Signer {
  /** The trigger that builds, as its resource in Terraform has it. */
  readonly stack: StackJson;
  readonly builderEmail: string;
  readonly steps: readonly Step[];
  readonly chained: readonly Step[];
}

/** A builder, a signer, and a second signer that asks for the first one's attestation. */
function synthesized(): Signer {
  let rest: Omit<Signer, "stack"> | undefined;
  const stack = synthesizeStack((scope) => {
    const attestor = (name: string) =>
      new Attestor(scope, name, {
        attestorName: name,
        keys: [
          new TrustRoot(scope, `${name}-key`, {
            keyRingName: "ring",
            keyName: name,
            location: "global",
            createKeyRing: name === "build",
          }),
        ],
      });
    const [first, second] = [attestor("build"), attestor("release")];
    const build = new BuildPipeline(scope, "Build", {
      image: IMAGE,
      source: PipelineSource.push({ repository: `${LOCATION}/connections/c/repositories/r` }),
    });
    const signer = (name: string, one: Attestor, gates: SigningGate[]) =>
      new SigningTrigger(scope, `sign-${name}`, {
        triggerName: `sign-${name}`,
        location: "us-central1",
        attestors: [one],
        builds: [SignedBuild.ofPipeline(build, { repositoryUrl: URL })],
        provenanceTimeout: "1s",
        gates,
      });
    const steps = (trigger: SigningTrigger) => (parse(trigger.renderCloudBuildConfig()) as { steps: Step[] }).steps;
    rest = {
      builderEmail: build.serviceAccountEmail,
      steps: steps(signer("build", first, [])),
      chained: steps(signer("release", second, [SigningGate.attestedBy(first)])),
    };
  });
  return { stack, ...(rest as Omit<Signer, "stack">) };
}

function missing(): string | undefined {
  const program = ["gcloud", "curl"].find((name) => findProgram(name) === undefined);
  return program === undefined ? pythonMissing() : `${program} was not found`;
}

describeUnless(missing(), "a signing build, run with the real gcloud", () => {
  const signer = synthesized();
  let google: Sandbox;
  let folder: string;
  let trigger: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "signing-build-"));
    mkdirSync(join(folder, "binauthz"));
    google = await startSandbox();
    await arrange();
  });

  afterEach(async () => {
    rmSync(folder, { recursive: true, force: true });
    await google.close();
  });

  async function post(path: string, body: object): Promise<Json> {
    const { status, json } = await call(google, `POST ${path}`, body);
    expect([200, 409]).toContain(status);
    return json;
  }

  /** Keys, notes, attestors and triggers, as an apply leaves them. */
  async function arrange(): Promise<void> {
    await post(`cloudkms/v1/projects/${PROJECT}/locations/global/keyRings?keyRingId=ring`, {});
    for (const name of ["build", "release"]) {
      await post(`cloudkms/v1/${KEYS.replace("/cryptoKeys", "")}/cryptoKeys?cryptoKeyId=${name}`, {
        purpose: "ASYMMETRIC_SIGN",
        versionTemplate: { algorithm: "EC_SIGN_P256_SHA256", protectionLevel: "HSM" },
      });
      await post(`containeranalysis/v1/projects/${PROJECT}/notes?noteId=${name}`, {
        attestation: { hint: { humanReadableName: name } },
      });
      const version = `${KEYS}/${name}/cryptoKeyVersions/1`;
      putAttestor(google.state, `projects/${PROJECT}/attestors/${name}`, {
        userOwnedGrafeasNote: {
          noteReference: `projects/${PROJECT}/notes/${name}`,
          publicKeys: [
            {
              id: `//cloudkms.googleapis.com/v1/${version}`,
              pkixPublicKey: {
                publicKeyPem: await google.publicKeyPem(version),
                signatureAlgorithm: "ECDSA_P256_SHA256",
              },
            },
          ],
        },
      });
    }
    trigger = (await post(`cloudbuild/v1/${LOCATION}/triggers`, { name: "app-build" })).id;
  }

  interface Built {
    readonly id?: string;
    readonly digest?: string;
    readonly name?: string;
    readonly edit?: (build: Json) => void;
    readonly provenance?: (statement: Json) => void;
  }

  /** A build of the pipeline's trigger that has run, with the provenance that Cloud Build stores. */
  function built({
    id = recorded("build").id,
    digest = `sha256:${"ab".repeat(32)}`,
    name = `${IMAGE}:c0ffee`,
    edit,
    provenance,
  }: Built = {}): string {
    const build = recorded("build");
    Object.assign(build, {
      id,
      name: `projects/1234/locations/us-central1/builds/${id}`,
      projectId: PROJECT,
      buildTriggerId: trigger,
      serviceAccount: `projects/${PROJECT}/serviceAccounts/${signer.builderEmail}`,
      results: { images: [{ name, digest }] },
    });
    edit?.(build);
    putBuild(google.state, `${LOCATION}/builds/${id}`, build);
    const [occurrence] = recorded("provenance").occurrences;
    const statement = occurrence.build.inTotoSlsaProvenanceV1;
    statement.subject = [{ name: `https://${name}`, digest: { sha256: digest.replace("sha256:", "") } }];
    statement.predicate.buildDefinition.internalParameters.triggerUri = `${LOCATION}/triggers/${trigger}`;
    statement.predicate.runDetails.metadata.invocationId = `https://cloudbuild.googleapis.com/v1/${LOCATION}/builds/${id}`;
    provenance?.(statement);
    putOccurrence(google.state, PROJECT, { ...occurrence, resourceUri: `https://${name.split(":")[0]}@${digest}` });
    return id;
  }

  /** Runs the steps until one fails, as Cloud Build does with a build that a message started. */
  async function sign(message: string, steps = signer.steps): Promise<CommandResult> {
    let last: CommandResult = { exitCode: 0, stdout: "", stderr: "", output: "" };
    let output = "";
    for (const step of steps) {
      const script = join(folder, "step.sh");
      writeFileSync(script, step.script, { mode: 0o755 });
      const env = Object.fromEntries(
        step.env.map((entry) => {
          const [name, value] = [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)];
          return [name, value.replace("$_BUILD_ID", message).replace(/^\/binauthz/, join(folder, "binauthz"))];
        }),
      );
      last = await run(script, [], { cwd: folder, env: { ...google.environment(), ...env } });
      output += last.output;
      if (last.exitCode !== 0) {
        break;
      }
    }
    return { ...last, output };
  }

  const attestations = () => Object.values(google.state.occurrences).filter(({ kind }) => kind === "ATTESTATION");
  const signatures = () => requested(google, /:asymmetricSign$/).length;

  test("signs what the build pushed, and ends with the image for the manifests", async () => {
    const digest = `sha256:${"ab".repeat(32)}`;
    const result = await sign(built());
    expect(result.output).toContain(
      `sign: ${IMAGE}@${digest} has a valid attestation by ${KEYS}/build/cryptoKeyVersions/1`,
    );
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toBe(`${IMAGE}@${digest}\n`);
    expect(attestations().map(({ resourceUri }) => resourceUri)).toEqual([`${IMAGE}@${digest}`]);
    expect(google.unknownRoutes).toEqual([]);

    // A message that is delivered twice signs nothing twice.
    expect((await sign(recorded("build").id)).exitCode).toBe(0);
    expect(signatures()).toBe(1);
  }, 120_000);

  const OTHER = "11111111-2222-4333-8444-555555555555";
  const NEVER: [string, () => string][] = [
    ["a forged message with the id of no build", () => OTHER],
    [
      "a forged message with the id of another trigger's build",
      () =>
        built({
          id: OTHER,
          edit: (build) => {
            build.buildTriggerId = "99999999-2222-4333-8444-555555555555";
          },
        }),
    ],
    [
      "a build of another branch",
      () =>
        built({
          edit: (build) => {
            build.substitutions.BRANCH_NAME = "evil";
          },
        }),
    ],
    [
      "a build of another branch that says it is of the right one",
      () =>
        built({
          provenance: (statement) => {
            statement.predicate.buildDefinition.internalParameters.systemSubstitutions.BRANCH_NAME = "evil";
          },
        }),
    ],
    [
      "a build that failed",
      () =>
        built({
          edit: (build) => {
            build.status = "FAILURE";
          },
        }),
    ],
    [
      "a digest that is not in the results, with provenance of its own",
      () =>
        built({
          edit: (build) => {
            build.results.images[0].digest = `sha256:${"cd".repeat(32)}`;
          },
        }),
    ],
    ["an image outside of the prefix", () => built({ name: `${IMAGE}-evil:c0ffee` })],
    [
      "two images",
      () =>
        built({
          edit: (build) => {
            build.results.images.push({ name: `${IMAGE}/two:c0ffee`, digest: `sha256:${"cd".repeat(32)}` });
          },
        }),
    ],
  ];

  test.each(NEVER)(
    "never signs %s",
    async (_, message) => {
      const result = await sign(message());
      expect(result.exitCode).toBe(1);
      expect(signatures()).toBe(0);
      expect(attestations()).toEqual([]);
    },
    60_000,
  );

  test("never signs an image that is pushed under the same tag afterwards", async () => {
    const first = `sha256:${"ab".repeat(32)}`;
    const id = built({ digest: first });
    // The next build moves the tag, and Cloud Build knows of it, before the first one is signed.
    built({ id: OTHER, digest: `sha256:${"cd".repeat(32)}` });
    expect((await sign(id)).stdout).toBe(`${IMAGE}@${first}\n`);
    expect(attestations().map(({ resourceUri }) => resourceUri)).toEqual([`${IMAGE}@${first}`]);
  }, 120_000);

  test("a second signer waits for the first one's attestation", async () => {
    const id = built();
    const early = await sign(id, signer.chained);
    expect(early.output).toContain(`has no valid attestation of projects/${PROJECT}/attestors/build`);
    expect(early.exitCode).toBe(1);
    expect(signatures()).toBe(0);

    expect((await sign(id)).exitCode).toBe(0);
    expect((await sign(id, signer.chained)).exitCode).toBe(0);
    expect(attestations().map(({ noteName }) => noteName)).toEqual([
      `projects/${PROJECT}/notes/build`,
      `projects/${PROJECT}/notes/release`,
    ]);
  }, 120_000);
});
