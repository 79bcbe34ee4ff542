import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { ImagePlatform, SignedBuild } from "../../lib";
import {
  grant,
  putAttestor,
  putBuild,
  putManifest,
  putOccurrence,
  type Sandbox,
  startSandbox,
} from "../../lib/sandbox";
import { pythonMissing } from "../support/recorded-apis";
import { call, requested } from "../support/sandbox";
import { ATTESTOR, buildIn, IMAGE, KEY, NOTE, PROJECT, REPOSITORY, signerIn, testStack } from "../support/synth";
import { type Json, template } from "../support/template";
import { type CommandResult, describeUnless, findProgram, run } from "../support/terraform";

// A whole signing build of several platforms, by bash, python3 and the real gcloud, as the identity that the stack makes and
// with the grants that the stack has for it.

const recorded = (name: string): Json =>
  JSON.parse(readFileSync(join(__dirname, "../fixtures/cloud-build", `${name}.json`), "utf8"));

const LOCATION = `projects/${PROJECT}/locations/us-central1`;
const SIGNER = `serviceAccount:sign-my-app@${PROJECT}.iam.gserviceaccount.com`;
const READER = "roles/artifactregistry.reader";
const VERSION = `${KEY}/cryptoKeyVersions/1`;

interface Step {
  readonly script: string;
  readonly env: string[];
}

/** The steps of the signer, who builds, and what the signer is granted. */
function synthesized() {
  const stack = testStack();
  const build = buildIn(stack, { platforms: [ImagePlatform.LINUX_AMD64, ImagePlatform.LINUX_ARM64] });
  const repositoryUrl = "https://github.com/khalkie/gcb-prod-prov";
  const signer = signerIn(stack, {
    builds: [SignedBuild.ofPipeline(build, { repositoryUrl, signPlatformImages: true })],
    provenanceTimeout: "1s",
  });
  const { steps } = parse(signer.renderCloudBuildConfig()) as { steps: Step[] };
  const grants = template(stack)
    .bindings()
    .map((binding) => /^(\S+) on (\S+) to (.+)$/.exec(binding)?.slice(1) ?? [])
    .filter(([, , member]) => member === SIGNER);
  return { steps, builderEmail: build.serviceAccountEmail, grants };
}

const digestOf = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const image = (of: string) => JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config: { of }, layers: [] });
const [AMD64, ARM64, EVIL] = [image("amd64"), image("arm64"), image("evil")];
const INDEX = (amd64: string, arm64: string) =>
  JSON.stringify(
    {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [
        [amd64, "amd64"],
        [arm64, "arm64"],
      ].map(([text, architecture]) => ({
        mediaType: MANIFEST,
        digest: digestOf(text),
        size: text.length,
        platform: { os: "linux", architecture },
      })),
    },
    null,
    2,
  );
const GOOD = INDEX(AMD64, ARM64);

function missing(): string | undefined {
  const program = ["gcloud", "curl"].find((name) => findProgram(name) === undefined);
  return program === undefined ? pythonMissing() : `${program} was not found`;
}

describeUnless(missing(), "a signing build of several platforms, run with the real gcloud", () => {
  const { steps, builderEmail, grants } = synthesized();
  let google: Sandbox;
  let folder: string;
  let trigger: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "signing-platforms-"));
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
    expect(status).toBe(200);
    return json;
  }

  /** Key, note, attestor, trigger and grants, as an apply leaves them. */
  async function arrange(): Promise<void> {
    const [ring, key] = KEY.split("/cryptoKeys/");
    await post(`cloudkms/v1/projects/${PROJECT}/locations/global/keyRings?keyRingId=${ring.split("/").pop()}`, {});
    await post(`cloudkms/v1/${ring}/cryptoKeys?cryptoKeyId=${key}`, {
      purpose: "ASYMMETRIC_SIGN",
      versionTemplate: { algorithm: "EC_SIGN_P256_SHA256", protectionLevel: "HSM" },
    });
    await post(`containeranalysis/v1/projects/${PROJECT}/notes?noteId=${NOTE.split("/").pop()}`, {
      attestation: { hint: { humanReadableName: "build" } },
    });
    const pkixPublicKey = {
      publicKeyPem: await google.publicKeyPem(VERSION),
      signatureAlgorithm: "ECDSA_P256_SHA256",
    };
    putAttestor(google.state, ATTESTOR, {
      userOwnedGrafeasNote: {
        noteReference: NOTE,
        publicKeys: [{ id: `//cloudkms.googleapis.com/v1/${VERSION}`, pkixPublicKey }],
      },
    });
    trigger = (await post(`cloudbuild/v1/${LOCATION}/triggers`, { name: "my-app-build" })).id;
    for (const [role, resource] of grants) {
      grant(google.state, resource, role, SIGNER);
      if (role.startsWith("projects/")) {
        google.state.customRoles[role] = { includedPermissions: ["containeranalysis.occurrences.create"] };
      }
    }
  }

  /** A build that pushed an image for each platform, and says that this is their index. */
  function built(index: string, pushed: readonly string[]): string {
    const build = recorded("build");
    const images = [AMD64, ARM64].map((text, which) => ({
      name: `${IMAGE}:c0ffee-${["amd64", "arm64"][which]}`,
      digest: digestOf(text),
    }));
    const said = Buffer.from(`${IMAGE}@${digestOf(index)}`).toString("base64");
    Object.assign(build, {
      name: `projects/1234/locations/us-central1/builds/${build.id}`,
      projectId: PROJECT,
      buildTriggerId: trigger,
      serviceAccount: `projects/${PROJECT}/serviceAccounts/${builderEmail}`,
      results: { images, buildStepOutputs: ["", said] },
    });
    putBuild(google.state, `${LOCATION}/builds/${build.id}`, build);
    for (const { name, digest } of images) {
      const [occurrence] = recorded("provenance").occurrences;
      const statement = occurrence.build.inTotoSlsaProvenanceV1;
      statement.subject = [{ name: `https://${name}`, digest: { sha256: digest.replace("sha256:", "") } }];
      statement.predicate.buildDefinition.internalParameters.triggerUri = `${LOCATION}/triggers/${trigger}`;
      statement.predicate.runDetails.metadata.invocationId = `https://cloudbuild.googleapis.com/v1/${LOCATION}/builds/${build.id}`;
      putOccurrence(google.state, PROJECT, { ...occurrence, resourceUri: `https://${IMAGE}@${digest}` });
    }
    for (const manifest of pushed) {
      putManifest(google.state, { image: `${IMAGE}@${digestOf(manifest)}`, manifest });
    }
    return build.id;
  }

  /** Runs the steps as the signer until one fails, as Cloud Build does. */
  async function sign(build: string): Promise<CommandResult> {
    let last: CommandResult = { exitCode: 0, stdout: "", stderr: "", output: "" };
    let output = "";
    for (const step of steps) {
      const script = join(folder, "step.sh");
      writeFileSync(script, step.script, { mode: 0o755 });
      const env = Object.fromEntries(
        step.env.map((entry) => {
          const [name, value] = [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)];
          return [name, value.replace("$_BUILD_ID", build).replace(/^\/binauthz/, join(folder, "binauthz"))];
        }),
      );
      last = await run(script, [], { cwd: folder, env: { ...google.environment(SIGNER), ...env } });
      output += last.output;
      if (last.exitCode !== 0) {
        break;
      }
    }
    return { ...last, output };
  }

  const attested = () =>
    Object.values(google.state.occurrences)
      .filter(({ kind }) => kind === "ATTESTATION")
      .map(({ resourceUri }) => resourceUri);
  const signatures = () => requested(google, /:asymmetricSign$/).length;

  test("signs the index and the images in it, with no more than the grants of the stack", async () => {
    const result = await sign(built(GOOD, [GOOD, AMD64, ARM64]));
    const signed = [GOOD, AMD64, ARM64].map((text) => `${IMAGE}@${digestOf(text)}`);
    expect(result.output).toContain(`sign: ${signed[0]} has a valid attestation by ${VERSION}`);
    expect(result.exitCode).toBe(0);
    expect(result.stdout.trim().split("\n")).toEqual(signed);
    expect(attested()).toEqual(signed);
    expect(signatures()).toBe(3);
    expect(google.unknownRoutes).toEqual([]);
  }, 240_000);

  const evil = INDEX(AMD64, EVIL);
  const NEVER: [string, string, readonly string[], RegExp][] = [
    ["an index with another image than was built", evil, [evil, AMD64, EVIL], /does not hold the images of the build/],
    ["an index that is not in the registry", GOOD, [AMD64, ARM64], /manifest of .* not found|manifest/],
    ["an image as the index", AMD64, [AMD64, ARM64], /is no index of images/],
  ];

  test.each(NEVER)(
    "never signs %s",
    async (_, index, pushed, says) => {
      const result = await sign(built(index, pushed));
      expect(result.output).toMatch(says);
      expect(result.exitCode).toBe(1);
      expect([signatures(), attested()]).toEqual([0, []]);
    },
    60_000,
  );

  test("never signs what its identity may not read", async () => {
    expect(grants).toContainEqual([READER, REPOSITORY, SIGNER]);
    delete google.state.iamPolicies[REPOSITORY];
    const result = await sign(built(GOOD, [GOOD, AMD64, ARM64]));
    expect(result.output).toContain("artifactregistry.repositories.downloadArtifacts");
    expect(result.exitCode).toBe(1);
    expect([signatures(), attested()]).toEqual([0, []]);
  }, 60_000);
});
