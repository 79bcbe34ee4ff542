import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parse } from "yaml";
import {
  type BuildPipelineProps,
  ImagePlatform,
  SignedBuild,
  type SignedTriggerOptions,
  type SignerPipelineProps,
  SigningGate,
} from "../../lib";
import {
  BUILD_PLATFORMS_SCRIPT,
  BUILD_PLATFORMS_WITH_SECRETS_SCRIPT,
  EMULATION_SCRIPT,
  INDEX_LIST_SCRIPT,
  INDEX_OUTPUT_SCRIPT,
} from "../../lib/constructs/private/platform-scripts";
import { type BuildRow, checkBuildScript } from "../../lib/constructs/private/signing-scripts";
import { pythonMissing, RecordedApis } from "../support/recorded-apis";
import { buildIn, IMAGE, PROJECT, pipelineIn, REPOSITORY, signerIn, testApp, testStack } from "../support/synth";
import { type Json, template, templates, warnings } from "../support/template";
import { type CommandResult, describeUnless, findProgram, run } from "../support/terraform";

// Images of several platforms: how they are built, and when their index is signed.

const { LINUX_AMD64, LINUX_ARM64 } = ImagePlatform;
const PLATFORMS = [LINUX_AMD64, LINUX_ARM64];
const TRIGGER = "google_cloudbuild_trigger";
const SIGNER = `sign-my-app@${PROJECT}.iam.gserviceaccount.com`;
const BINFMT = `docker.io/tonistiigi/binfmt@sha256:${"d".repeat(64)}`;
const URL = "https://github.com/my-org/my-app";

interface Step {
  readonly id: string;
  readonly name: string;
  readonly script: string;
  readonly env: string[];
}

/** What Terraform makes of a string without interpolations. */
const evaluated = (text: string): string => text.replace(/([$%])\1\{/g, "$1{");
const sha256 = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;

describe("a build pipeline of several platforms", () => {
  const build = (props: Partial<BuildPipelineProps> = {}): Json => {
    const stack = testStack();
    buildIn(stack, { platforms: PLATFORMS, ...props });
    return template(stack).resource(TRIGGER).build;
  };

  test("lists an image for each platform, under tags of their own, and never the index", () => {
    expect(build().images).toEqual([`${IMAGE}:$COMMIT_SHA-amd64`, `${IMAGE}:$COMMIT_SHA-arm64`]);
    expect(build().options.requested_verify_option).toBe("VERIFIED");
  });

  test("builds and then pushes the index of what it built", () => {
    const steps: Step[] = build().step;
    expect(steps.map(({ id }) => id)).toEqual(["build", "index"]);
    expect(steps.map(({ script }) => evaluated(script))).toEqual([BUILD_PLATFORMS_SCRIPT, INDEX_OUTPUT_SCRIPT]);
    expect(steps[1].env).toEqual([`IMAGE=${IMAGE}`, "TAG=$COMMIT_SHA", "PLATFORMS=linux/amd64 linux/arm64"]);
  });

  test("emulatorImage lets the machine run the foreign architectures alone", () => {
    const steps: Step[] = build({ emulatorImage: BINFMT }).step;
    expect(steps.map(({ id }) => id)).toEqual(["emulation", "build", "index"]);
    expect(steps[0].env).toEqual([`EMULATOR_IMAGE=${BINFMT}`, "ARCHITECTURES=arm64"]);
  });

  test("secrets are mounted here as well", () => {
    const secrets = [{ id: "NPM_TOKEN", versionName: "projects/p/secrets/npm/versions/7" }];
    const [step]: (Step & { secret_env: string[] })[] = build({ secrets }).step;
    expect(evaluated(step.script)).toBe(BUILD_PLATFORMS_WITH_SECRETS_SCRIPT);
    expect(step.secret_env).toEqual(["NPM_TOKEN"]);
    expect(step.env).toContain("SECRETS=NPM_TOKEN");
  });

  test("grants what one of a single platform does", () => {
    const bindings = (platforms?: ImagePlatform[]) => {
      const stack = testStack();
      buildIn(stack, { platforms });
      return template(stack).bindings();
    };
    expect(bindings(PLATFORMS)).toEqual(bindings());
  });

  test("an emulator that may change is warned of", () => {
    const stack = testStack();
    const builderImage = `example.com/builder@sha256:${"a".repeat(64)}`;
    buildIn(stack, { platforms: PLATFORMS, builderImage, emulatorImage: "docker.io/tonistiigi/binfmt" });
    expect(warnings(stack)).toEqual([
      'Stack/Build: [UNPINNED_STEP_IMAGE] the steps run in docker.io/tonistiigi/binfmt, tags that may change between two builds: pin them by digest with "emulatorImage"',
    ]);
  });

  test("snapshot", () => {
    expect(build({ emulatorImage: BINFMT })).toMatchSnapshot();
  });
});

describe("a signer pipeline of several platforms", () => {
  const pipeline = (props: Partial<SignerPipelineProps> = {}) => {
    const stack = testStack();
    return parse(pipelineIn(stack, { platforms: PLATFORMS, ...props }).renderCloudBuildConfig());
  };

  test("signs the list that the step with the index wrote", () => {
    const { steps, images } = pipeline();
    expect(steps.map(({ id }: Step) => id)).toEqual(["build", "index", "sign-build-attestor"]);
    expect(images).toEqual([`${IMAGE}:$COMMIT_SHA-amd64`, `${IMAGE}:$COMMIT_SHA-arm64`]);
    expect(steps[1].script).toBe(INDEX_LIST_SCRIPT);
    expect(steps[1].env).toEqual(
      expect.arrayContaining(["SIGN_PLATFORM_IMAGES=false", "IMAGES_FILE=/binauthz/images"]),
    );
    expect(steps[2].env).toContain("IMAGES_FILE=/binauthz/images");
    // Nothing of the source gets at the list.
    expect(steps[0]).not.toHaveProperty("volumes");
  });

  test("signPlatformImages and emulatorImage", () => {
    const { steps } = pipeline({ signPlatformImages: true, emulatorImage: BINFMT });
    expect(steps[0].env).toContain(`EMULATOR_IMAGE=${BINFMT}`);
    expect(steps[2].env).toContain("SIGN_PLATFORM_IMAGES=true");
  });

  test("snapshot, without the scripts that are compared and run on their own", () => {
    const { steps, ...build } = pipeline({ signPlatformImages: true, emulatorImage: BINFMT });
    expect(steps.map(({ id }: Step) => id)).toEqual(["emulation", "build", "index", "sign-build-attestor"]);
    expect({ ...build, steps: steps.map(({ script: _, ...step }: Step) => step) }).toMatchSnapshot();
  });
});

describe("a row of the table", () => {
  const theirs = (options: Partial<SignedTriggerOptions> = {}) =>
    SignedBuild.ofTrigger({
      triggerName: `projects/${PROJECT}/locations/us-central1/triggers/theirs`,
      serviceAccountEmail: `theirs@${PROJECT}.iam.gserviceaccount.com`,
      repositoryUrl: URL,
      image: IMAGE,
      branch: "^main$",
      platforms: [LINUX_ARM64, LINUX_AMD64],
      ...options,
    });

  const tableOf = (script: string): Json => JSON.parse(/<<'DATA'\n(.*)\nDATA\n/s.exec(evaluated(script))?.[1] ?? "");

  test("takes the platforms from the pipeline, and its identity may read the index", () => {
    const stack = testStack();
    const build = buildIn(stack, { platforms: PLATFORMS });
    signerIn(stack, { builds: [SignedBuild.ofPipeline(build, { repositoryUrl: URL, signPlatformImages: true })] });
    const t = template(stack);
    const [check]: Step[] = t.resource(TRIGGER, `${PROJECT}_us-central1_sign-my-app`).build.step;
    expect(tableOf(check.script)).toMatchObject({ images: 2, platforms: PLATFORMS, platformImages: true });
    expect(t.bindings()).toContain(`roles/artifactregistry.reader on ${REPOSITORY} to serviceAccount:${SIGNER}`);
    expect(t.danglingDependencies()).toEqual([]);
  });

  test("of one platform has none of that", () => {
    const stack = testStack();
    signerIn(stack, {});
    const t = template(stack);
    const [check]: Step[] = t.resource(TRIGGER, `${PROJECT}_us-central1_sign-my-app`).build.step;
    expect(tableOf(check.script)).not.toHaveProperty("platforms");
    expect(check.script).not.toContain("manifests");
    expect(t.bindings().filter((binding) => binding.includes("artifactregistry.reader"))).toEqual([]);
  });

  test("of a trigger that is managed elsewhere, sorted as the script compares", () => {
    const stack = testStack();
    signerIn(stack, { builds: [theirs()] });
    const [check]: Step[] = template(stack).resource(TRIGGER).build.step;
    expect(tableOf(check.script)).toMatchObject({ images: 2, platforms: PLATFORMS, platformImages: false });
  });

  test("of another stack is opened in that stack", () => {
    const app = testApp();
    const team = testStack({ app, id: "Team", project: "team-project" });
    const security = testStack({ app, id: "Security" });
    const build = buildIn(team, { platforms: PLATFORMS, image: IMAGE.replace(PROJECT, "team-project") });
    signerIn(security, {
      builds: [SignedBuild.ofPipeline(build, { repositoryUrl: URL })],
      projectNumber: "123456789012",
    });
    const { Team, Security } = templates(app);
    const reader = `roles/artifactregistry.reader on ${REPOSITORY.replace(PROJECT, "team-project")} to serviceAccount:${SIGNER}`;
    expect(Team.bindings()).toContain(reader);
    expect(Security.bindings()).not.toContain(reader);
    expect(Team.danglingDependencies()).toEqual([]);
  });

  test("provenance and scans are asked for what was built, attestations for what is signed", () => {
    const stack = testStack();
    const build = buildIn(stack, { platforms: PLATFORMS });
    signerIn(stack, {
      builds: [SignedBuild.ofPipeline(build, { repositoryUrl: URL })],
      gates: [SigningGate.vulnerabilities()],
    });
    const steps: Step[] = template(stack).resource(TRIGGER, `${PROJECT}_us-central1_sign-my-app`).build.step;
    const list = (id: string) =>
      steps.find((step) => step.id === id)?.env.find((one) => one.startsWith("IMAGES_FILE="));
    expect(list("provenance")).toBe("IMAGES_FILE=/binauthz/built");
    expect(list("gate-1-vulnerabilities")).toBe("IMAGES_FILE=/binauthz/built");
    expect(list("sign-build-attestor")).toBe("IMAGES_FILE=/binauthz/images");
    expect(list("report")).toBe("IMAGES_FILE=/binauthz/images");
  });
});

const BUILD: Json = JSON.parse(readFileSync(join(__dirname, "../fixtures/cloud-build/build.json"), "utf8"));
const PLACE = "projects/argo-local-khalk/locations/us-west2";
const PATH = "us-central1-docker.pkg.dev/argo-local-khalk/khalk-docker-ar/prod-prov-image";
const REGISTRY_PATH = PATH.slice(PATH.indexOf("/") + 1);
const AMD64 = `sha256:${"a".repeat(64)}`;
const ARM64 = `sha256:${"b".repeat(64)}`;
const EVIL = `sha256:${"e".repeat(64)}`;

const ROW: BuildRow = {
  trigger: `${PLACE}/triggers/sample-trigger-1`,
  serviceAccount: "builder@argo-local-khalk.iam.gserviceaccount.com",
  repository: "https://github.com/khalkie/gcb-prod-prov",
  branch: "^main$",
  image: PATH,
  images: 2,
  platforms: PLATFORMS,
  platformImages: false,
};

const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
const LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const entry = (digest: string, architecture: string, more: Json = {}): Json => ({
  mediaType: MANIFEST,
  size: 1234,
  digest,
  platform: { architecture, os: "linux" },
  ...more,
});
const INDEX: Json = {
  schemaVersion: 2,
  mediaType: LIST,
  manifests: [entry(AMD64, "amd64"), entry(ARM64, "arm64")],
};
const text = (value: Json): string => JSON.stringify(value, null, 3);

describeUnless(pythonMissing(), "check-build of a build of several platforms", () => {
  let apis: RecordedApis;
  beforeAll(async () => {
    apis = await RecordedApis.start(() => undefined);
  });
  afterAll(() => apis.stop());
  beforeEach(() => {
    apis.requests.length = 0;
    apis.write("images", "");
    apis.write("built", "");
  });

  interface Case {
    /** The bytes of the index that the registry has. */
    readonly index?: string;
    /** What the registry answers, where it is something else. */
    readonly answer?: Json;
    readonly results?: Json[];
    readonly outputs?: string[];
    readonly row?: Partial<BuildRow>;
  }

  const RESULTS = [
    { name: `${PATH}:latest-amd64`, digest: AMD64 },
    { name: `${PATH}:latest-arm64`, digest: ARM64 },
  ];
  const base64 = (value: string): string => Buffer.from(value).toString("base64");

  function check(one: Case = {}): Promise<CommandResult> {
    const index = one.index ?? text(INDEX);
    const outputs = one.outputs ?? ["", base64(`${PATH}@${sha256(index)}`)];
    const results = { ...BUILD.results, images: one.results ?? RESULTS, buildStepOutputs: outputs };
    const build = { ...BUILD, results };
    apis.answer = ({ pathname }) => {
      switch (decodeURIComponent(pathname)) {
        case `/cloudbuild/v1/${PLACE}/builds/${BUILD.id}`:
          return build;
        case `/cloudbuild/v1/${PLACE}/triggers/${BUILD.buildTriggerId}`:
          return { id: BUILD.buildTriggerId, name: "sample-trigger-1" };
        case `/artifactregistry/v2/${REGISTRY_PATH}/manifests/${sha256(index)}`:
          return one.answer ?? index;
        default:
          return undefined;
      }
    };
    return apis.run(checkBuildScript([{ ...ROW, ...one.row }]), { REQUESTED_BUILD: BUILD.id });
  }

  test("signs the index alone, and asks for the provenance of what is in it", async () => {
    const result = await check();
    const image = `${PATH}@${sha256(text(INDEX))}`;
    expect(result.output).toBe(`check-build: ${image} is of build ${BUILD.id} of ${ROW.trigger}\n`);
    expect(result.exitCode).toBe(0);
    expect(apis.read("images")).toBe(`${image}\n`);
    expect(apis.read("built")).toBe(`${PATH}@${AMD64}\n${PATH}@${ARM64}\n`);
    // By its digest: no tag is in any request.
    expect(apis.requests[2]).toBe(`GET /artifactregistry/v2/${REGISTRY_PATH}/manifests/${sha256(text(INDEX))}`);
  });

  test("signs what is in the index as well, where the row says so", async () => {
    expect((await check({ row: { platformImages: true } })).exitCode).toBe(0);
    expect(apis.read("images")).toBe(`${PATH}@${sha256(text(INDEX))}\n${PATH}@${AMD64}\n${PATH}@${ARM64}\n`);
  });

  test.each([
    ["an index as OCI writes it, with the variant of Arm", { ...INDEX, mediaType: undefined }, { variant: "v8" }],
    ["an index with annotations", { ...INDEX, annotations: { "org.opencontainers.image.created": "x" } }, {}],
  ])("takes %s", async (_, document, platform) => {
    const arm = entry(ARM64, "arm64", { platform: { architecture: "arm64", os: "linux", ...platform } });
    const index = text({ ...document, manifests: [arm, entry(AMD64, "amd64")] });
    expect((await check({ index })).output).toContain("is of build");
  });

  test("takes the output in the other alphabet of base64, with a line break", async () => {
    const output = Buffer.from(`${PATH}@${sha256(text(INDEX))}\n`).toString("base64url");
    const padded = output.padEnd(Math.ceil(output.length / 4) * 4, "=");
    expect((await check({ outputs: [base64("deployed"), padded] })).exitCode).toBe(0);
  });

  const holding = (...manifests: Json[]): Case => ({ index: text({ ...INDEX, manifests }) });
  const [amd64, arm64] = INDEX.manifests as Json[];

  // Never signed: what was changed, and what the step says of it.
  const FORGED: [name: string, forged: Case, says: RegExp][] = [
    ["no index", { outputs: [] }, /the steps of the build name 0 indexes of \S+, and not one/],
    ["an output that is something else", { outputs: [base64("done")] }, /name 0 indexes/],
    [
      "two indexes",
      { outputs: [base64(`${PATH}@${AMD64}`), base64(`${PATH}@${ARM64}`)] },
      /the steps of the build name 2 indexes/,
    ],
    ["an index of another path", { outputs: [base64(`${PATH}-evil@${AMD64}`)] }, /name 0 indexes/],
    ["an index by its tag", { outputs: [base64(`${PATH}:latest`)] }, /name 0 indexes/],
    ["an index without a digest", { outputs: [base64(`${PATH}@latest`)] }, /no digest of an index/],
    [
      "an index with a second line",
      { outputs: [base64(`${PATH}@${AMD64}\n${PATH}@${EVIL}`)] },
      /no digest of an index/,
    ],
    ["an output that is no base64", { outputs: ["%%%"] }, /an answer could not be understood/],
    [
      "an index that is not there",
      { outputs: [base64(`${PATH}@${EVIL}`)] },
      /the manifest of \S+ was answered with 404/,
    ],
    ["a registry that answers with another one", { answer: text(INDEX).replace(AMD64, EVIL) }, /has another digest/],
    ["two images that are not those of the index", holding(amd64, entry(EVIL, "arm64")), /does not hold the images/],
    ["an index with an image more", holding(amd64, arm64, entry(EVIL, "arm")), /does not hold the images/],
    ["an index with an image less", holding(amd64), /does not hold the images of the build/],
    ["an index with one image twice", holding(amd64, entry(AMD64, "arm64")), /does not hold the images of the build/],
    ["an empty index", holding(), /it holds nothing/],
    [
      "an index of other platforms",
      holding(amd64, entry(ARM64, "riscv64")),
      /is for linux\/amd64, linux\/riscv64, and the table says linux\/amd64, linux\/arm64/,
    ],
    [
      "an index of another system",
      holding(amd64, entry(ARM64, "arm64", { platform: { os: "windows", architecture: "arm64" } })),
      /is for linux\/amd64, windows\/arm64/,
    ],
    [
      "an index without platforms",
      holding(amd64, entry(ARM64, "arm64", { platform: undefined })),
      /is for , linux\/amd64/,
    ],
    ["an index of an index", holding(amd64, entry(ARM64, "arm64", { mediaType: LIST })), /holds what is no image/],
    [
      "an index that another reader would read otherwise",
      { index: text({ ...INDEX, Manifests: [entry(EVIL, "amd64")] }) },
      /a manifest has a name twice: Manifests, manifests/,
    ],
    [
      "an index with its list twice",
      { index: `${text(INDEX).slice(0, -1)}, "manifests": []}` },
      /a manifest has a name twice/,
    ],
    [
      "an index that is an image as well",
      { index: text({ ...INDEX, layers: [] }) },
      /has fields that are not understood: layers/,
    ],
    [
      "an index whose list has a name that Go would read as one",
      { index: text({ ...INDEX, "manife\u017ft\u017f": [entry(EVIL, "amd64")] }) },
      /has fields that are not understood/,
    ],
    [
      "an image with data of its own",
      holding(amd64, entry(ARM64, "arm64", { data: "e30=" })),
      /has fields that are not understood: data/,
    ],
    [
      "an image and no index",
      { index: text({ schemaVersion: 2, mediaType: MANIFEST, config: {}, layers: [] }) },
      /is no index of images/,
    ],
    ["an index that is no JSON", { index: "<html>" }, /an answer could not be understood/],
    [
      "images of two paths",
      { results: [RESULTS[0], { name: `${PATH}/other:latest`, digest: ARM64 }] },
      /the images of the platforms have several paths/,
    ],
    ["one image", { results: [RESULTS[0]] }, /has 1 images, and the table says 2/],
    ["three images", { results: [...RESULTS, { name: `${PATH}:x`, digest: EVIL }] }, /has 3 images/],
    ["an image somewhere else", { results: [RESULTS[0], { name: `${PATH}-evil:x`, digest: ARM64 }] }, /nor below it/],
  ];

  test.each(FORGED)("never signed: %s", async (_, forged, says) => {
    const result = await check(forged);
    expect(result.stderr).toMatch(says);
    expect(result.exitCode).toBe(1);
    expect([apis.read("images"), apis.read("built")]).toEqual(["", ""]);
    expect(result.output).not.toContain("Traceback");
  });

  test("a row of two images of one platform signs these, and no index, whatever the steps say", async () => {
    const result = await check({ row: { platforms: undefined, platformImages: undefined } });
    expect(result.exitCode).toBe(0);
    expect(apis.read("images")).toBe(`${PATH}@${AMD64}\n${PATH}@${ARM64}\n`);
  });
});

describe("the scripts of the steps, with a docker that only notes what it is asked for", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "platforms-"));
    mkdirSync(join(folder, "bin"));
    mkdirSync(join(folder, "output"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function step(script: string, env: Record<string, string>, docker = ""): Promise<CommandResult> {
    const program = join(folder, "bin/docker");
    writeFileSync(program, `#!/usr/bin/env bash\nprintf '%s\\n' "$*" >> "${folder}/asked"\n${docker}\n`);
    chmodSync(program, 0o755);
    writeFileSync(join(folder, "step.sh"), script);
    const all = {
      IMAGE,
      TAG: "v1",
      PLATFORMS: "linux/amd64 linux/arm64",
      DOCKERFILE: "Dockerfile",
      CONTEXT: ".",
      SIGN_PLATFORM_IMAGES: "false",
      IMAGES_FILE: join(folder, "images"),
      BUILDER_OUTPUT: join(folder, "output"),
      ...env,
      PATH: [join(folder, "bin"), process.env.PATH].join(delimiter),
    };
    return run("bash", [join(folder, "step.sh")], { cwd: folder, env: all });
  }
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  const asked = (): string[] => read("asked").trimEnd().split("\n");

  const DIGEST = `sha256:${"c".repeat(64)}`;
  const PUSHES = `case "$*" in
  "image inspect"*amd64) echo "other.example.com/x@${EVIL}"; echo "${IMAGE}@${AMD64}" ;;
  "image inspect"*arm64) echo "${IMAGE}@${ARM64}" ;;
  "manifest push"*) echo "Pushed ref"; echo "${DIGEST}" ;;
esac`;

  test("build: one image for each platform, without attestations of BuildKit", async () => {
    expect((await step(BUILD_PLATFORMS_SCRIPT, {})).exitCode).toBe(0);
    const line = (platform: string, tag: string) =>
      `buildx build --platform ${platform} --load --provenance=false --sbom=false --tag ${IMAGE}:v1-${tag} --file Dockerfile .`;
    expect(asked()).toEqual([line("linux/amd64", "amd64"), line("linux/arm64", "arm64")]);
  });

  test("build: with secrets", async () => {
    await step(BUILD_PLATFORMS_WITH_SECRETS_SCRIPT, { SECRETS: "A B" });
    expect(asked()[1]).toContain("--sbom=false --secret id=A,env=A --secret id=B,env=B --tag");
  });

  test("build: not without a tag", async () => {
    const result = await step(BUILD_PLATFORMS_SCRIPT, { TAG: "" });
    expect(result.stderr).toBe("build: the tag is empty; a trigger without a commit has no COMMIT_SHA\n");
    expect(result.exitCode).toBe(1);
  });

  test("emulation: asks for the architectures it is told", async () => {
    await step(EMULATION_SCRIPT, { EMULATOR_IMAGE: BINFMT, ARCHITECTURES: "arm64" });
    expect(asked()).toEqual([`run --privileged --rm ${BINFMT} --install arm64`]);
  });

  test("index: of the digests that were pushed, and of nothing else", async () => {
    const result = await step(INDEX_OUTPUT_SCRIPT, {}, PUSHES);
    expect(result.exitCode).toBe(0);
    expect(asked().filter((line) => line.startsWith("manifest"))).toEqual([
      `manifest create ${IMAGE}:v1 ${IMAGE}@${AMD64} ${IMAGE}@${ARM64}`,
      `manifest push --purge ${IMAGE}:v1`,
    ]);
    expect(read("output/output")).toBe(`${IMAGE}@${DIGEST}`);
    expect(result.stdout).toContain(`index: ${IMAGE}@${DIGEST} of ${IMAGE}@${AMD64} ${IMAGE}@${ARM64}\n`);
  });

  test("index: what is signed in the same build, with what is in it on request", async () => {
    await step(INDEX_LIST_SCRIPT, {}, PUSHES);
    expect(read("images")).toBe(`${IMAGE}@${DIGEST}\n`);
    await step(INDEX_LIST_SCRIPT, { SIGN_PLATFORM_IMAGES: "true" }, PUSHES);
    expect(read("images")).toBe(`${IMAGE}@${DIGEST}\n${IMAGE}@${AMD64}\n${IMAGE}@${ARM64}\n`);
  });

  test.each([
    [
      "no digest of an image",
      PUSHES.replace(`echo "${IMAGE}@${ARM64}"`, ":"),
      /expected one digest of \S+:v1-arm64, got: none/,
    ],
    [
      "two digests of an image",
      PUSHES.replace(`other.example.com/x@${EVIL}`, `${IMAGE}@${EVIL}`),
      /expected one digest/,
    ],
    [
      "no digest of the index",
      PUSHES.replace(`echo "${DIGEST}"`, ":"),
      /expected the digest of the index, got: Pushed ref/,
    ],
    ["a push that fails", PUSHES.replace('echo "Pushed ref"', "exit 1"), /^$/],
  ])("index: ends without one where there is %s", async (_, docker, says) => {
    for (const script of [INDEX_OUTPUT_SCRIPT, INDEX_LIST_SCRIPT]) {
      const result = await step(script, {}, docker);
      expect(result.stderr).toMatch(says);
      expect(result.exitCode).toBe(1);
    }
    expect(() => read("output/output")).toThrow();
    expect(() => read("images")).toThrow();
  });
});

describeUnless(
  findProgram("docker") ? undefined : "docker was not found",
  "an index that the real docker makes, against a registry on loopback",
  () => {
    let server: Server;
    const stored = new Map<string, { body: Buffer; type: string }>();
    beforeAll(async () => {
      server = createServer(async (request, response) => {
        const body: Buffer[] = [];
        for await (const chunk of request) body.push(chunk as Buffer);
        const path = request.url ?? "";
        if (request.method === "PUT") {
          const made = { body: Buffer.concat(body), type: request.headers["content-type"] ?? "" };
          const digest = sha256(made.body.toString());
          stored.set(path, made).set(path.replace(/[^/]+$/, digest), made);
          response.writeHead(201, { "docker-content-digest": digest }).end();
          return;
        }
        const found = path === "/v2/" ? { body: Buffer.from("{}"), type: "application/json" } : stored.get(path);
        response.writeHead(found ? 200 : 404, {
          "content-type": found?.type ?? "application/json",
          "content-length": found?.body.length ?? 0,
          ...(found && { "docker-content-digest": sha256(found.body.toString()) }),
        });
        response.end(request.method === "HEAD" ? undefined : found?.body);
      });
      await new Promise<void>((resolve) => {
        server.listen(0, "127.0.0.1", resolve);
      });
    });
    afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

    test("is what the signer takes", async () => {
      const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      const image = `${host}/p/r/app`;
      const put = (value: Json, type: string, kind: string): { digest: string; size: number } => {
        const body = Buffer.from(text(value));
        const digest = sha256(body.toString());
        stored.set(`/v2/p/r/app/${kind}/${digest}`, { body, type });
        return { digest, size: body.length };
      };
      const child = (architecture: string): string => {
        const config = { architecture, os: "linux", rootfs: { type: "layers", diff_ids: [] } };
        const type = "application/vnd.docker.container.image.v1+json";
        const described = { mediaType: type, ...put(config, type, "blobs") };
        return put({ schemaVersion: 2, mediaType: MANIFEST, config: described, layers: [] }, MANIFEST, "manifests")
          .digest;
      };
      const digests = [child("amd64"), child("arm64")];
      const folder = mkdtempSync(join(tmpdir(), "manifest-"));
      try {
        mkdirSync(join(folder, "bin"));
        // Only pushes need a daemon; the index is docker's own.
        writeFileSync(
          join(folder, "bin/docker"),
          `#!/usr/bin/env bash
case "$1 $2" in
  "push "*) ;;
  "image inspect") case "$*" in *amd64) echo "${image}@${digests[0]}" ;; *) echo "${image}@${digests[1]}" ;; esac ;;
  "manifest create") exec ${findProgram("docker")?.path} manifest create --insecure "\${@:3}" ;;
  "manifest push") exec ${findProgram("docker")?.path} manifest push --insecure "\${@:3}" ;;
esac
`,
          { mode: 0o755 },
        );
        writeFileSync(join(folder, "step.sh"), INDEX_LIST_SCRIPT);
        const env = {
          IMAGE: image,
          TAG: "v1",
          PLATFORMS: "linux/amd64 linux/arm64",
          SIGN_PLATFORM_IMAGES: "false",
          IMAGES_FILE: join(folder, "images"),
          HOME: folder,
          DOCKER_CONFIG: join(folder, "config"),
          NO_PROXY: "127.0.0.1",
          PATH: [join(folder, "bin"), process.env.PATH].join(delimiter),
        };
        const result = await run("bash", [join(folder, "step.sh")], { cwd: folder, env, timeout: 60_000 });
        expect(result.stderr).toBe("");
        expect(result.exitCode).toBe(0);
        const index = stored.get("/v2/p/r/app/manifests/v1");
        const digest = sha256(index?.body.toString() ?? "");
        expect(readFileSync(join(folder, "images"), "utf8")).toBe(`${image}@${digest}\n`);
        const document = JSON.parse(index?.body.toString() ?? "");
        expect(Object.keys(document).sort()).toEqual(["manifests", "mediaType", "schemaVersion"]);
        expect(document.mediaType).toBe(LIST);
        const platforms = document.manifests.map((one: Json) => [one.digest, one.platform]);
        expect(platforms).toHaveLength(2);
        expect(platforms).toEqual(
          expect.arrayContaining([
            [digests[0], { architecture: "amd64", os: "linux" }],
            [digests[1], { architecture: "arm64", os: "linux" }],
          ]),
        );
        for (const one of document.manifests) {
          expect(Object.keys(one).sort()).toEqual(["digest", "mediaType", "platform", "size"]);
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  },
);
