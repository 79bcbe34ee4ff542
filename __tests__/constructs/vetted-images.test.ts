import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parse } from "yaml";
import { ImagePlatform, PipelineSource, SigningGate, type VettedImagesProps, VulnerabilitySeverity } from "../../lib";
import { SIGN_PENDING_SCRIPT } from "../../lib/constructs/private/signer-scripts";
import { vulnerabilityScript } from "../../lib/constructs/private/signing-scripts";
import {
  MIRROR_SCRIPT,
  READ_VETTED_SCRIPT,
  SELECT_SCRIPT,
  VETTED_IMAGES_SCRIPT,
} from "../../lib/constructs/private/vetted-scripts";
import { type Action, boundIn, capabilities, capable, isCustom, markdown, tableOnPage } from "../support/iam-tables";
import { pythonMissing, RecordedApis } from "../support/recorded-apis";
import { describeIfReference } from "../support/reference";
import {
  ATTESTOR,
  attestorIn,
  CONNECTED,
  KEY,
  NOTE,
  PROJECT,
  pipelineIn,
  policyIn,
  REPOSITORY,
  refusalOf,
  testStack,
  trustRootIn,
  VETTED,
  vettedIn,
} from "../support/synth";
import { type Json, type Template, template, warnings } from "../support/template";
import { type CommandResult, describeUnless, run } from "../support/terraform";

const TRIGGER = "google_cloudbuild_trigger";
const SIGNER = `vetted-images@${PROJECT}.iam.gserviceaccount.com`;

function made(props: Partial<VettedImagesProps> = {}) {
  const stack = testStack();
  return { stack, vetted: vettedIn(stack, props) };
}

const synth = (props?: Partial<VettedImagesProps>): Template => template(made(props).stack);

interface Step {
  readonly id: string;
  readonly name: string;
  readonly script: string;
  readonly env: string[];
  readonly volumes?: unknown;
}

const stepsOf = (props?: Partial<VettedImagesProps>): Step[] => synth(props).resource(TRIGGER).build.step;
const envOf = (id: string, props?: Partial<VettedImagesProps>): string[] =>
  stepsOf(props).find((step) => step.id === id)?.env ?? [];

/** What Terraform makes of a string without interpolations. */
const evaluated = (text: string): string => text.replace(/([$%])\1\{/g, "$1{");

describe("vetted images with all defaults", () => {
  test("pushes that change the list start the build, in the region of the repository", () => {
    const trigger = synth().resource(TRIGGER);
    expect(trigger).toMatchObject({
      project: PROJECT,
      location: "us-central1",
      name: "vetted-images",
      service_account: `projects/${PROJECT}/serviceAccounts/${SIGNER}`,
      repository_event_config: { repository: CONNECTED, push: { branch: "^main$" } },
      included_files: ["vetted-images.txt"],
    });
    expect(trigger).toMatchSnapshot();
  });

  test("mirrors, scans what is not signed yet, and signs it last", () => {
    expect(stepsOf().map(({ id }) => id)).toEqual([
      "read-list",
      "mirror",
      "images",
      "pending-build-attestor",
      "select",
      "gate-1-vulnerabilities",
      "sign-build-attestor",
      "report",
    ]);
  });

  test("what the steps share is not in the folder of the source", () => {
    for (const { volumes, env } of stepsOf()) {
      expect(volumes).toEqual([{ name: "binauthz", path: "/binauthz" }]);
      for (const [name, value] of env.map((entry) => entry.split("="))) {
        if (name.endsWith("_FILE") && name !== "LIST_FILE") {
          expect(value).toMatch(/^\/binauthz\//);
        }
      }
    }
  });

  test("one step signs for an attestor, for those who read plans as well", () => {
    const told = stepsOf().filter(({ env }) => env.some((entry) => entry.startsWith("KEY_VERSION=")));
    expect(told.map(({ id }) => id)).toEqual(["sign-build-attestor"]);
  });

  test("the gate and the signature are about what is not signed yet", () => {
    expect(envOf("gate-1-vulnerabilities")).toEqual([
      "SEVERITY=CRITICAL",
      "FIXABLE_ONLY=false",
      "SCAN_TIMEOUT=900",
      "IMAGES_FILE=/binauthz/scanned",
      "IF_EMPTY=pass",
    ]);
    expect(envOf("sign-build-attestor")).toContain("IMAGES_FILE=/binauthz/signed");
    expect(envOf("report")).toEqual(["IMAGES_FILE=/binauthz/images"]);
  });

  test("its identity is granted exactly this", () => {
    const t = synth();
    const custom = t.resource("google_project_iam_custom_role");
    expect(custom.permissions).toEqual(["containeranalysis.occurrences.create"]);
    expect(t.bindings()).toEqual(
      [
        `projects/${PROJECT}/roles/${custom.role_id} on projects/${PROJECT}`,
        `roles/artifactregistry.writer on projects/${PROJECT}/locations/us-central1/repositories/vetted`,
        `roles/binaryauthorization.attestorsVerifier on ${ATTESTOR}`,
        `roles/cloudkms.publicKeyViewer on ${KEY}`,
        `roles/cloudkms.signer on ${KEY}`,
        `roles/containeranalysis.notes.attacher on ${NOTE}`,
        `roles/containeranalysis.notes.occurrences.viewer on ${NOTE}`,
        `roles/containeranalysis.occurrences.viewer on projects/${PROJECT}`,
        `roles/logging.logWriter on projects/${PROJECT}`,
      ].map((binding) => `${binding} to serviceAccount:${SIGNER}`),
    );
  });

  test("its repository is scanned and protected, and the trigger waits for everything", () => {
    const t = synth();
    const repository = t.resource("google_artifact_registry_repository");
    expect(repository.vulnerability_scanning_config).toEqual({ enablement_config: "INHERITED" });
    expect(repository.lifecycle).toEqual({ prevent_destroy: true });
    const grants = t.allResources.map(([address]) => address).filter((address) => /_iam_member\./.test(address));
    expect(t.resource(TRIGGER).depends_on).toEqual(expect.arrayContaining(grants));
    expect(t.danglingDependencies()).toEqual([]);
  });

  test("steps in images that may change are warned of", () => {
    expect(warnings(made().stack)).toEqual([
      'Stack/Vetted: [UNPINNED_STEP_IMAGE] the steps run in gcr.io/go-containerregistry/gcrane:debug and gcr.io/google.com/cloudsdktool/google-cloud-cli:528.0.0-slim, tags that may change between two builds: pin them by digest with "mirrorImage" and "signerImage"',
    ]);
  });
});

describe("the effect of each prop", () => {
  test("repository, listFile, platforms, signPlatformImages", () => {
    const props = {
      repository: "europe-docker.pkg.dev/image-project/third-party/mirror",
      listFile: "images/vetted.txt",
      platforms: [ImagePlatform.LINUX_AMD64, ImagePlatform.LINUX_ARM64],
      signPlatformImages: true,
    };
    const t = synth(props);
    expect(t.resource("google_artifact_registry_repository")).toMatchObject({
      project: "image-project",
      location: "europe",
      repository_id: "third-party",
    });
    expect(t.resource(TRIGGER).included_files).toEqual(["images/vetted.txt"]);
    expect(envOf("read-list", props)).toEqual([
      "LIST_FILE=images/vetted.txt",
      `REPOSITORY=${props.repository}`,
      "COPIES_FILE=/binauthz/copies",
    ]);
    expect(envOf("mirror", props)).toContain("PLATFORMS=linux/amd64 linux/arm64");
    expect(envOf("images", props)).toEqual(
      expect.arrayContaining(["PLATFORMS=linux/amd64 linux/arm64", "SIGN_PLATFORM_IMAGES=true"]),
    );
    expect(t.bindings()).toContain(
      `roles/containeranalysis.occurrences.viewer on projects/image-project to serviceAccount:${SIGNER}`,
    );
  });

  test("gate", () => {
    const gate = SigningGate.vulnerabilities({ severity: VulnerabilitySeverity.HIGH, scanTimeout: "60s" });
    expect(envOf("gate-1-vulnerabilities", { gate }).slice(0, 3)).toEqual([
      "SEVERITY=HIGH",
      "FIXABLE_ONLY=false",
      "SCAN_TIMEOUT=60",
    ]);
  });

  test("source: by hand, without a filter of files", () => {
    const source = PipelineSource.manual({ repository: CONNECTED, ref: "refs/heads/main" });
    const trigger = synth({ source }).resource(TRIGGER);
    expect(trigger.source_to_build.ref).toBe("refs/heads/main");
    expect(trigger).not.toHaveProperty("included_files");
  });

  test("source: a trigger of the caller's own, with the same build", () => {
    const { stack, vetted } = made({ source: PipelineSource.ownTrigger() });
    expect(template(stack).resources(TRIGGER)).toEqual({});
    const { steps } = parse(vetted.renderCloudBuildConfig());
    expect(steps).toEqual(stepsOf().map((step) => ({ ...step, script: evaluated(step.script) })));
  });

  test("timeout, workerPool, mirrorImage, signerImage", () => {
    const workerPool = `projects/${PROJECT}/locations/us-central1/workerPools/private`;
    const mirrorImage = `example.com/gcrane@sha256:${"a".repeat(64)}`;
    const signerImage = `example.com/signer@sha256:${"b".repeat(64)}`;
    const { build } = synth({ timeout: "1800s", workerPool, mirrorImage, signerImage }).resource(TRIGGER);
    expect(build).toMatchObject({ timeout: "1800s", options: { worker_pool: workerPool } });
    const images = (build.step as Step[]).map(({ id, name }) => [id, name]);
    expect(images.filter(([, name]) => name === mirrorImage)).toEqual([["mirror", mirrorImage]]);
    expect(images.filter(([, name]) => name === signerImage)).toHaveLength(7);
  });

  test("serviceAccountEmail, createOnly, createRepository, enableApis", () => {
    const email = `signer@${PROJECT}.iam.gserviceaccount.com`;
    expect(synth({ serviceAccountEmail: email }).resources("google_service_account")).toEqual({});
    const stack = testStack();
    vettedIn(stack, {
      attestors: [attestorIn(stack, { project: "attestor-project", enableApis: false })],
      createOnly: false,
      createRepository: false,
      enableApis: false,
    });
    const t = template(stack);
    expect(t.bindings()).toContain(
      `roles/containeranalysis.occurrences.editor on projects/attestor-project to serviceAccount:${SIGNER}`,
    );
    expect(t.resources("google_artifact_registry_repository")).toEqual({});
    const services = Object.values(t.resources("google_project_service")).map(({ service }) => service);
    expect(services.filter((service) => /cloudbuild|artifactregistry|scanning/.test(service))).toEqual([]);
  });

  test("approvers: builds wait, and these may let them", () => {
    const t = synth({ approvers: ["group:release@example.com"] });
    expect(t.resource(TRIGGER).approval_config).toEqual({ approval_required: true });
    expect(t.bindings()).toContain(
      `roles/cloudbuild.builds.approver on projects/${PROJECT} to group:release@example.com`,
    );
    expect(synth().resource(TRIGGER)).not.toHaveProperty("approval_config");
    const elsewhere = synth({ approvers: [] });
    expect(elsewhere.resource(TRIGGER).approval_config).toEqual({ approval_required: true });
    expect(elsewhere.bindings()).toEqual(synth().bindings());
  });

  test("an exemption of a mirror runs unsigned where somebody answers for it, and one beside it is nobody's matter", () => {
    const { stack } = made();
    const pattern = `${VETTED}/docker.io/library/nginx@*`;
    policyIn(stack, {
      exemptImages: [pattern, `${VETTED}*`, `${VETTED}-tools/**`],
      acknowledgedExemptions: [{ pattern, reason: "until the key is there" }],
    });
    expect(template(stack).resource("google_binary_authorization_policy").description).toContain(
      `${pattern} (until the key is there)`,
    );
  });

  test("mirrorOf", () => {
    const { vetted } = made();
    const digest = `sha256:${"a".repeat(64)}`;
    expect(vetted.mirrorOf(`docker.io/library/nginx:1.27@${digest}`)).toBe(
      `${VETTED}/docker.io/library/nginx@${digest}`,
    );
    for (const image of ["docker.io/library/nginx:1.27", `nginx@${digest}`, `library/nginx@${digest}`]) {
      expect(refusalOf(() => vetted.mirrorOf(image))).toEqual([
        `[INVALID_IMAGE] Stack/Vetted: "image" is no image with its registry and digest, got "${image}"; allowed: REGISTRY/IMAGE@sha256:DIGEST`,
      ]);
    }
  });

  test("an identity that builds as well is refused when the app is synthesized", () => {
    const { stack, vetted } = made();
    pipelineIn(stack, {
      serviceAccountEmail: vetted.serviceAccountEmail,
      createOnly: true,
      attestors: vetted.attestors,
    });
    expect(() => template(stack)).toThrow(
      `[SIGNER_NOT_SEPARATE] the signer is the identity of Stack/Pipeline as well, got ${SIGNER}: whatever runs in its builds could sign anything`,
    );
  });

  test("an identity that is let change scans by another construct is refused when the app is synthesized", () => {
    const { stack, vetted } = made();
    attestorIn(stack, { attestorName: "other" }, "Other").grants.attest(`serviceAccount:${vetted.serviceAccountEmail}`);
    expect(() => template(stack)).toThrow(
      `[EVIDENCE_NOT_INDEPENDENT] the signer is granted roles/containeranalysis.occurrences.editor on ${PROJECT} by another construct as well, got serviceAccount:${SIGNER}: it could change the scans that it checks; allowed: an identity of the trigger's own`,
    );
  });

  test("release", () => {
    const { stack, vetted } = made();
    vetted.release();
    vetted.release();
    const types = template(stack).removed.map(({ from }) => from.split(".")[0]);
    expect(types.sort()).toEqual([
      "google_artifact_registry_repository",
      "google_artifact_registry_repository_iam_member",
      TRIGGER,
      "google_project_iam_member",
      "google_project_iam_member",
      "google_service_account",
    ]);
  });
});

const A = `sha256:${"a".repeat(64)}`;
const B = `sha256:${"b".repeat(64)}`;
const NGINX = "docker.io/library/nginx";
const sha256 = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;

describeUnless(pythonMissing(), "the steps in Python", () => {
  let apis: RecordedApis;
  beforeAll(async () => {
    apis = await RecordedApis.start(() => undefined);
  });
  afterAll(() => apis.stop());
  beforeEach(() => {
    for (const name of ["copies", "images", "pending", "scans.json", "scanned", "signed"]) {
      rmSync(join(apis.folder, name), { force: true });
    }
    apis.requests.length = 0;
  });

  const step = (script: string, env: Record<string, string> = {}): Promise<CommandResult> =>
    apis.run(script, {
      LIST_FILE: "list.txt",
      REPOSITORY: VETTED,
      PLATFORMS: "linux/amd64",
      SIGN_PLATFORM_IMAGES: "false",
      COPIES_FILE: join(apis.folder, "copies"),
      SCANS_FILE: join(apis.folder, "scans.json"),
      PENDING_FILE: join(apis.folder, "pending"),
      SCANNED_FILE: join(apis.folder, "scanned"),
      SIGNED_FILE: join(apis.folder, "signed"),
      ...env,
    });

  describe("read-list", () => {
    const read = (list: string) => {
      apis.write("list.txt", list);
      return step(READ_VETTED_SCRIPT);
    };

    test("takes images by digest, with comments, tags and repetitions", async () => {
      const list = `# reviewed by security\n\n${NGINX}:1.27@${A} # web\n${NGINX}@${A}\n  quay.io/a/b-c_d@${B}\t# sidecar\n`;
      expect((await read(list)).output).toBe("read-list: 2 images\n");
      expect(apis.read("copies")).toBe(
        `${NGINX} ${A} ${VETTED}/${NGINX}\nquay.io/a/b-c_d ${B} ${VETTED}/quay.io/a/b-c_d\n`,
      );
      // It asks nobody.
      expect(apis.requests).toEqual([]);
    });

    const REFUSED: [name: string, line: string][] = [
      ["a tag", `${NGINX}:1.27`],
      ["no digest", NGINX],
      ["no registry", `nginx@${A}`],
      ["a repository without a registry", `library/nginx@${A}`],
      ["a registry with a port", `registry.example.com:5000/nginx@${A}`],
      ["a short digest", `${NGINX}@sha256:abcd`],
      ["a digest in upper case", `${NGINX}@sha256:${"A".repeat(64)}`],
      ["another digest", `${NGINX}@sha512:${"a".repeat(64)}`],
      ["two digests", `${NGINX}@${A}@${B}`],
      ["two images", `${NGINX}@${A} ${NGINX}@${B}`],
      ["a path out of the repository", `docker.io/../evil@${A}`],
      ["an empty part", `docker.io//nginx@${A}`],
      ["an address", `https://${NGINX}@${A}`],
      ["an option", `--insecure docker.io/nginx@${A}`],
      ["a command", `docker.io/$(id)@${A}`],
      ["a comment that is none", `${NGINX}@${A}#x`],
      ["JSON", `{"image": "${NGINX}@${A}"}`],
    ];

    test.each(REFUSED)("refuses a list with %s, and copies nothing of it", async (_, line) => {
      const result = await read(`${NGINX}@${B}\n${line}\n`);
      expect(result.stderr).toContain("read-list: list.txt, line 2: no image with its registry and digest, got '");
      expect(result.stderr).toMatch(/; allowed: REGISTRY\/IMAGE@sha256:DIGEST\n$/);
      expect(result.exitCode).toBe(1);
      expect(apis.read("copies")).toBeUndefined();
    });

    test("names every line that is wrong", async () => {
      const { stderr } = await read(`nginx\n${NGINX}@${A}\nredis\n`);
      expect(stderr).toMatch(/list\.txt, line 1: .* 'nginx'; list\.txt, line 3: .* 'redis'; allowed/);
    });

    test.each([
      ["empty", "", /list\.txt names no image/],
      ["of comments", "# nothing\n", /list\.txt names no image/],
    ])("refuses a list that is %s", async (_, list, says) => {
      const result = await read(list);
      expect(result.stderr).toMatch(says);
      expect(result.exitCode).toBe(1);
    });

    test("refuses a list that is not there, and one that is no text", async () => {
      rmSync(join(apis.folder, "list.txt"), { force: true });
      expect((await step(READ_VETTED_SCRIPT)).stderr).toBe(
        "read-list: list.txt cannot be read: No such file or directory\n",
      );
      writeFileSync(join(apis.folder, "list.txt"), Buffer.from([0xff, 0xfe]));
      const result = await step(READ_VETTED_SCRIPT);
      expect([result.exitCode, result.output.includes("Traceback")]).toEqual([1, false]);
    });
  });

  describe("images", () => {
    const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    const entry = (digest: string, platform: Json): Json => ({ mediaType: MANIFEST, digest, size: 7, platform });
    const index = (...manifests: Json[]): string =>
      JSON.stringify({ schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests });
    const AMD64 = { os: "linux", architecture: "amd64" };
    const ARM64 = { os: "linux", architecture: "arm64", variant: "v8" };
    const INDEX = index(
      entry(A, AMD64),
      entry(B, ARM64),
      entry(`sha256:${"c".repeat(64)}`, { os: "unknown", architecture: "unknown" }),
    );
    const SINGLE = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config: {}, layers: [] });

    /** Runs the step over images that the mirror has under their digests. */
    function images(documents: readonly string[], env: Record<string, string> = {}, answer?: string) {
      const path = `${VETTED}/${NGINX}`;
      apis.write("copies", documents.map((document) => `${NGINX} ${sha256(document)} ${path}\n`).join(""));
      apis.answer = ({ pathname }) => {
        const digest =
          /^\/artifactregistry\/v2\/my-secure-project\/vetted\/docker\.io\/library\/nginx\/manifests\/(.*)$/.exec(
            decodeURIComponent(pathname),
          )?.[1];
        const found = documents.find((document) => sha256(document) === digest);
        return found === undefined ? undefined : (answer ?? found);
      };
      return step(VETTED_IMAGES_SCRIPT, env);
    }
    const name = (digest: string) => `${VETTED}/${NGINX}@${digest}`;
    const scans = () => JSON.parse(apis.read("scans.json") ?? "null");

    test("an image is scanned and signed itself", async () => {
      expect((await images([SINGLE])).output).toBe("images: 1 to be signed\n");
      expect(apis.read("images")).toBe(`${name(sha256(SINGLE))}\n`);
      expect(scans()).toEqual({ [name(sha256(SINGLE))]: [name(sha256(SINGLE))] });
      expect(apis.read("pending")).toBe("");
    });

    test("of an index, the images of the platforms are scanned, and the index is signed", async () => {
      const result = await images([INDEX]);
      expect(result.stdout).toContain(`has images that are not scanned: linux/arm64\n`);
      expect(scans()).toEqual({ [name(sha256(INDEX))]: [name(A)] });
      await images([INDEX], { PLATFORMS: "linux/amd64 linux/arm64" });
      expect(scans()).toEqual({ [name(sha256(INDEX))]: [name(A), name(B)] });
    });

    // containerd takes these for linux/amd64, and the first that fits:
    // https://github.com/containerd/platforms/blob/main/database.go
    test.each<[string, Json]>([
      ["x86_64", { os: "linux", architecture: "x86_64" }],
      ["x86-64", { os: "linux", architecture: "x86-64" }],
      ["amd64 v1", { os: "linux", architecture: "amd64", variant: "v1" }],
      ["upper case", { os: "Linux", architecture: "AMD64" }],
    ])("an image that a node takes for the platform by another name is scanned as well: %s", async (_, platform) => {
      const document = index(entry(B, platform), entry(A, AMD64));
      await images([document]);
      expect(scans()).toEqual({ [name(sha256(document))]: [name(B), name(A)] });
    });

    test("these images are signed on request, each for its own scan", async () => {
      await images([INDEX], { PLATFORMS: "linux/amd64 linux/arm64", SIGN_PLATFORM_IMAGES: "true" });
      expect(apis.read("images")).toBe([sha256(INDEX), A, B].map((digest) => `${name(digest)}\n`).join(""));
      expect(scans()[name(B)]).toEqual([name(B)]);
    });

    const STOPPED: [string, string, string | undefined, RegExp][] = [
      ["no image for a platform", index(entry(B, ARM64)), undefined, /has no image for linux\/amd64/],
      ["an answer with another digest", INDEX, SINGLE, /has another digest/],
      [
        "what is no image",
        JSON.stringify({ schemaVersion: 1, fsLayers: [] }),
        undefined,
        /neither an image nor an index/,
      ],
      ["what is both", JSON.stringify({ ...JSON.parse(INDEX), config: {} }), undefined, /not understood: config/],
      [
        "what another reader could read otherwise",
        JSON.stringify({ ...JSON.parse(INDEX), MANIFESTS: [] }),
        undefined,
        /a name twice/,
      ],
      [
        "an image that another reader could read as an index",
        JSON.stringify({ ...JSON.parse(SINGLE), Manifests: [entry(A, AMD64)] }),
        undefined,
        /has fields that are not understood: Manifests/,
      ],
      [
        "an image of a type that is none",
        JSON.stringify({ ...JSON.parse(SINGLE), mediaType: "application/vnd.docker.distribution.manifest.v1+json" }),
        undefined,
        /is no image: it is of the type/,
      ],
    ];

    test.each(STOPPED)("stops at %s", async (_, document, answer, says) => {
      const result = await images([document], {}, answer);
      expect(result.stderr).toMatch(says);
      expect(result.exitCode).toBe(1);
      expect([apis.read("images"), apis.read("scans.json")]).toEqual([undefined, undefined]);
    });
  });

  describe("select", () => {
    const select = async (scanned: Json, pending: string): Promise<(string | undefined)[]> => {
      apis.write("scans.json", JSON.stringify(scanned));
      apis.write("pending", pending);
      expect((await step(SELECT_SCRIPT)).exitCode).toBe(0);
      return [apis.read("scanned"), apis.read("signed")];
    };

    test("what is signed by every attestor is neither scanned nor signed", async () => {
      expect(await select({ x: ["x1", "x2"], y: ["y"] }, "x\n")).toEqual(["x1\nx2\n", "x\n"]);
      expect(await select({ x: ["x1"], y: ["y"] }, "")).toEqual(["", ""]);
    });

    test("what two attestors have not signed is there once", async () => {
      expect(await select({ x: ["x1"], y: ["y"] }, "y\nx\ny\n")).toEqual(["x1\ny\n", "x\ny\n"]);
    });

    test("an image that nobody knows is not signed", async () => {
      apis.write("scans.json", "{}");
      apis.write("pending", "evil\n");
      const result = await step(SELECT_SCRIPT);
      expect(result.exitCode).toBe(1);
      expect(apis.read("signed")).toBeUndefined();
    });
  });

  describe("where nothing is left to do", () => {
    const env = { SEVERITY: "HIGH", FIXABLE_ONLY: "false", SCAN_TIMEOUT: "0" };

    test("the gate passes where it is told that this may be, and nowhere else", async () => {
      apis.write("images", "");
      const passed = await apis.run(vulnerabilityScript([]), { ...env, IF_EMPTY: "pass" });
      expect([passed.exitCode, passed.stdout]).toEqual([0, "vulnerabilities: nothing is left to do\n"]);
      const failed = await apis.run(vulnerabilityScript([]), env);
      expect([failed.exitCode, failed.stderr]).toEqual([1, "vulnerabilities: the list of images is empty\n"]);
    });

    test("nothing is signed", async () => {
      apis.write("images", "");
      const attestor = { ATTESTATION_PROJECT: "p", ATTESTOR: "a", NOTE: "n", KEY_VERSION: "k" };
      const result = await apis.run(SIGN_PENDING_SCRIPT, attestor);
      expect([result.exitCode, result.stdout]).toEqual([0, "sign: nothing is left to do\n"]);
    });
  });
});

describe("mirror, with a gcrane that knows a few images", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mirror-"));
    mkdirSync(join(folder, "bin"));
    mkdirSync(join(folder, "registry"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const TARGET = `${VETTED}/${NGINX}`;
  // A file for each reference, with its digest.
  const GCRANE = `#!/usr/bin/env bash
echo "$*" >> "$FOLDER/asked"
file() { printf '%s' "$FOLDER/registry/\${1//\\//%}"; }
case "$1" in
  digest)
    if [[ "$2" == --platform ]]; then cat "$(file "$4-$3")"; else cat "$(file "$2")"; fi ;;
  cp) printf '%s\\n' "\${CHANGED:-\${2##*@}}" > "$(file "$3")" ;;
esac
`;
  const put = (reference: string, digest: string) =>
    writeFileSync(join(folder, "registry", reference.replace(/\//g, "%")), `${digest}\n`);

  function mirror(env: Record<string, string> = {}): Promise<CommandResult> {
    writeFileSync(join(folder, "bin/gcrane"), GCRANE);
    chmodSync(join(folder, "bin/gcrane"), 0o755);
    writeFileSync(join(folder, "step.sh"), MIRROR_SCRIPT);
    writeFileSync(join(folder, "copies"), `${NGINX} ${A} ${TARGET}\n`);
    const path = [join(folder, "bin"), process.env.PATH].join(delimiter);
    const all = { FOLDER: folder, COPIES_FILE: join(folder, "copies"), PLATFORMS: "linux/amd64", ...env, PATH: path };
    return run("sh", [join(folder, "step.sh")], { cwd: folder, env: all });
  }
  const copied = (): string[] =>
    readFileSync(join(folder, "asked"), "utf8")
      .split("\n")
      .filter((line) => line.startsWith("cp "));

  const tag = (digest: string) => `${TARGET}:vetted-${digest.replace("sha256:", "")}`;

  test("copies the image of each platform by itself, then the index, by digest and to tags of their own", async () => {
    put(`${NGINX}@${A}-linux/amd64`, B);
    put(`${NGINX}@${A}-linux/arm64`, `sha256:${"c".repeat(64)}`);
    const result = await mirror({ PLATFORMS: "linux/amd64 linux/arm64" });
    expect(result.exitCode).toBe(0);
    expect(copied()).toEqual(
      [B, `sha256:${"c".repeat(64)}`, A].map((digest) => `cp ${NGINX}@${digest} ${tag(digest)}`),
    );
    expect(result.stdout).toContain(`mirror: ${NGINX}@${A} was copied to ${TARGET}\n`);
  });

  test("an image of one platform is copied once, and not a second time", async () => {
    put(`${NGINX}@${A}-linux/amd64`, A);
    expect((await mirror()).exitCode).toBe(0);
    expect((await mirror()).stdout).toContain(`mirror: ${TARGET}@${A} is there\n`);
    expect(copied()).toHaveLength(1);
  });

  test("a tag that means something else is written again", async () => {
    put(`${NGINX}@${A}-linux/amd64`, A);
    put(tag(A), B);
    expect((await mirror()).exitCode).toBe(0);
    expect(copied()).toHaveLength(1);
  });

  test("stops where the digest has changed on the way", async () => {
    put(`${NGINX}@${A}-linux/amd64`, A);
    const result = await mirror({ CHANGED: B });
    expect(result.stderr).toContain(`mirror: ${NGINX}@${A} was copied as ${TARGET}@${B}: its digest has changed\n`);
    expect(result.exitCode).toBe(1);
  });

  test("stops at an image that cannot be read, or has no image for a platform", async () => {
    const result = await mirror();
    expect(result.stderr).toContain(`mirror: ${NGINX}@${A} cannot be read, or has no image for linux/amd64\n`);
    expect(result.exitCode).toBe(1);
    expect(copied()).toEqual([]);
  });

  test("is a script for the shell of busybox: nothing of bash is in it", () => {
    expect(MIRROR_SCRIPT.split("\n").slice(0, 2)).toEqual(["#!/busybox/sh", "set -eu"]);
    const { status, stdout } = spawnSync("shellcheck", ["--shell=dash", "-"], {
      input: MIRROR_SCRIPT,
      encoding: "utf8",
    });
    expect(status === null || status === 0 ? "" : stdout).toBe("");
  });
});

test("the scripts read what their step declares, and nothing else from the environment", () => {
  for (const { id, script, env } of stepsOf()) {
    const text = evaluated(script);
    const declared = env.map((entry) => entry.split("=")[0]).filter((name) => name !== "IF_EMPTY");
    const read = [
      ...text.matchAll(/os\.environ\["([A-Z_]+)"\]/g),
      ...text.matchAll(/\(\("([A-Z]+_FILE)", scanned\), \("([A-Z]+_FILE)", pending\)\)/g),
      ...text.matchAll(/\$\{?([A-Z][A-Z0-9_]*)/g),
    ].flatMap((match) => match.slice(1));
    const made = ["TOKEN", "CLOUD_BUILD", "CONTAINER_ANALYSIS", "ARTIFACT_REGISTRY", "IMAGES_FILE"];
    expect([id, declared.filter((name) => !read.includes(name))]).toEqual([id, []]);
    expect([id, read.filter((name) => !declared.includes(name) && !made.includes(name))]).toEqual([id, []]);
  }
});

describe("the page", () => {
  const PAGE = join(__dirname, "../../docs/vetted-images.md");
  const PLACES: Readonly<Record<string, string>> = {
    [KEY]: "the key",
    [NOTE]: "the note",
    [ATTESTOR]: "the attestor",
    [`projects/${PROJECT}/locations/us-central1/repositories/vetted`]: "the mirror's repository",
    [`projects/${PROJECT}`]: "the project",
  };
  const WHY: Readonly<Record<string, string>> = {
    "roles/artifactregistry.writer": "mirror, and read what was mirrored",
    "roles/binaryauthorization.attestorsVerifier": "read it, and have attestations validated",
    "roles/cloudkms.publicKeyViewer": "gcloud reads the algorithm before it signs",
    "roles/cloudkms.signer": "sign",
    "roles/containeranalysis.notes.attacher": "attach the attestation",
    "roles/containeranalysis.notes.occurrences.viewer": "find out what is signed already",
    "roles/containeranalysis.occurrences.viewer": "read the scans",
    "roles/logging.logWriter": "write the build's log",
  };

  test("has the grants that are synthesized", () => {
    const rows = boundIn(synth()).map(({ role, on }) =>
      isCustom(role)
        ? ["custom role with `containeranalysis.occurrences.create` alone", PLACES[on], "create the attestation"]
        : [`\`${role}\``, PLACES[on], WHY[role]],
    );
    expect(rows.flat()).not.toContain(undefined);
    const sorted = rows.sort((a, b) => (a[0] < b[0] ? -1 : 1));
    const table = markdown(["role", "on", "why"], sorted);
    expect(tableOnPage(PAGE, "grants", table)).toBe(table);
  });
});

describeIfReference("what its identity can do, against Google's table of predefined roles", (roles) => {
  const PAGE = join(__dirname, "../../docs/vetted-images.md");
  const PIPELINE_KEY = KEY.replace("build-signer-key", "pipeline-key");
  const MIRROR = `projects/${PROJECT}/locations/us-central1/repositories/vetted`;
  const THERE = `projects/${PROJECT}`;
  const IDENTITIES = {
    "identity of VettedImages": `serviceAccount:${SIGNER}`,
    approver: "group:release@example.com",
    "identity of a SignerPipeline": `serviceAccount:my-app-signed@${PROJECT}.iam.gserviceaccount.com`,
  };
  const ACTIONS: readonly Action[] = [
    ["push an image to the mirror", "artifactregistry.repositories.uploadArtifacts", MIRROR],
    ["point a tag of the mirror elsewhere", "artifactregistry.tags.update", MIRROR],
    ["delete an image of the mirror", "artifactregistry.repositories.deleteArtifacts", MIRROR],
    ["push an image to the pipeline's repository", "artifactregistry.repositories.uploadArtifacts", REPOSITORY],
    ["sign with the key of the list", "cloudkms.cryptoKeyVersions.useToSign", KEY],
    ["sign with the key of the pipeline", "cloudkms.cryptoKeyVersions.useToSign", PIPELINE_KEY],
    ["attach an attestation to the note", "containeranalysis.notes.attachOccurrence", NOTE],
    ["create an attestation", "containeranalysis.occurrences.create", THERE],
    ["change attestations or scans", "containeranalysis.occurrences.update", THERE],
    ["delete attestations or scans", "containeranalysis.occurrences.delete", THERE],
    ["read scans", "containeranalysis.occurrences.list", THERE],
    ["approve a build", "cloudbuild.builds.approve", THERE],
    ["start a build, or edit a trigger", "cloudbuild.builds.create", THERE],
    ["edit the attestor", "binaryauthorization.attestors.update", ATTESTOR],
    ["edit the policy", "binaryauthorization.policy.update", THERE],
    ["destroy a version of the key", "cloudkms.cryptoKeyVersions.destroy", KEY],
    ["let others sign", "cloudkms.cryptoKeys.setIamPolicy", KEY],
  ];

  /** As the page has it: one attestor, and a key of its own for each signer. */
  function bound(createOnly?: boolean) {
    const stack = testStack();
    const vettedKey = trustRootIn(stack, {}, "VettedKey");
    const pipelineKey = trustRootIn(stack, { keyName: "pipeline-key" }, "PipelineKey");
    const admitted = attestorIn(stack, { keys: [vettedKey, pipelineKey] });
    vettedIn(stack, { attestors: [admitted.signedWith(vettedKey)], approvers: [IDENTITIES.approver] });
    pipelineIn(stack, { attestors: [admitted.signedWith(pipelineKey)], createOnly });
    return boundIn(template(stack));
  }

  test("the page has the capabilities that follow", () => {
    const bindings = bound(true);
    expect([...new Set(bindings.map(({ member }) => member))].sort()).toEqual(Object.values(IDENTITIES).sort());
    const table = capabilities(roles, bindings, IDENTITIES, ACTIONS);
    expect(tableOnPage(PAGE, "capabilities", table)).toBe(table);
  });

  test("it signs with its key alone, pushes to the mirror alone, and changes nothing that was attested or found", () => {
    const bindings = bound(true);
    const can = (name: string) =>
      ACTIONS.filter((action) => capable(roles, bindings, IDENTITIES, action).includes(name)).map(([action]) => action);
    expect(can("identity of VettedImages")).toEqual([
      "push an image to the mirror",
      "point a tag of the mirror elsewhere",
      "sign with the key of the list",
      "attach an attestation to the note",
      "create an attestation",
      "read scans",
    ]);
    expect(can("approver")).toEqual(["approve a build"]);
    expect(can("identity of a SignerPipeline")).toEqual([
      "push an image to the pipeline's repository",
      "sign with the key of the pipeline",
      "attach an attestation to the note",
      "create an attestation",
    ]);
  });

  test("a SignerPipeline of the same project that is not createOnly could change scans, as the page warns", () => {
    const action = ACTIONS.filter(([name]) => name === "change attestations or scans")[0];
    expect(capable(roles, bound(), IDENTITIES, action)).toEqual(["identity of a SignerPipeline"]);
  });
});
