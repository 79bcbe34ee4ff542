import { spawnSync } from "node:child_process";
import { Construct } from "constructs";
import { parse } from "yaml";
import { type ISigningAttestor, PipelineSource, RepositoryType, type SignerPipelineProps } from "../../lib";
import { BUILD_SCRIPT, PUSH_SCRIPT, SIGN_SCRIPT } from "../../lib/constructs/private/signer-scripts";
import {
  ATTESTOR,
  attestorIn,
  CONNECTED,
  IMAGE,
  KEY,
  NOTE,
  PROJECT,
  pipelineIn,
  REPOSITORY,
  testStack,
  trustRootIn,
} from "../support/synth";
import { type Json, type Template, template, warnings } from "../support/template";

const TRIGGER = "google_cloudbuild_trigger";
const EMAIL = `my-app-signed@${PROJECT}.iam.gserviceaccount.com`;
const PINNED = `example.com/builder@sha256:${"a".repeat(64)}`;
const DIGESTS = { name: "binauthz", path: "/binauthz" };

function synth(props: Partial<SignerPipelineProps> = {}): Template {
  const stack = testStack();
  pipelineIn(stack, props);
  return template(stack);
}

const triggerOf = (props?: Partial<SignerPipelineProps>): Json => synth(props).resource(TRIGGER);

interface Step {
  readonly id: string;
  readonly name: string;
  readonly script: string;
  readonly env: string[];
  readonly volumes?: unknown;
}

function stepOf(id: string, props: Partial<SignerPipelineProps> = {}): Step {
  return triggerOf(props).build.step.find((step: Step) => step.id === id);
}

/** What Terraform makes of a string without interpolations. */
const evaluated = (text: string): string => text.replace(/([$%])\1\{/g, "$1{");

/** A part of a string that Terraform would take for a template. */
const TEMPLATE = /(?<!\$)(?:\$\$)*\$\{|(?<!%)(?:%%)*%\{/;

describe("a pipeline with all defaults", () => {
  test("builds in its trigger: the argument is called build in Terraform", () => {
    const trigger = triggerOf();
    expect(trigger).not.toHaveProperty("build_attribute");
    expect(trigger.build.step.map((step: Step) => step.id)).toEqual(["build", "push", "sign-build-attestor"]);
    expect(trigger).toMatchObject({
      project: PROJECT,
      location: "us-central1",
      name: "my-app-signed",
      service_account: `projects/${PROJECT}/serviceAccounts/${EMAIL}`,
    });
  });

  test("lists the image too, without which Cloud Build makes no provenance", () => {
    expect(triggerOf().build.images).toEqual([`${IMAGE}:$COMMIT_SHA`]);
  });

  test("logs to Cloud Logging only, which an identity of its own requires", () => {
    expect(triggerOf().build.options).toEqual({
      logging: "CLOUD_LOGGING_ONLY",
    });
    expect(triggerOf().build).not.toHaveProperty("logs_bucket");
  });

  test("hands the steps what they need by environment, never by argument", () => {
    expect(stepOf("build").env).toEqual([`IMAGE=${IMAGE}`, "TAG=$COMMIT_SHA", "DOCKERFILE=Dockerfile", "CONTEXT=."]);
    expect(stepOf("push").env).toEqual([`IMAGE=${IMAGE}`, "TAG=$COMMIT_SHA", "DIGEST_FILE=/binauthz/digest"]);
    expect(stepOf("sign-build-attestor").env).toEqual([
      `IMAGE=${IMAGE}`,
      `ATTESTATION_PROJECT=${PROJECT}`,
      `ATTESTOR=${ATTESTOR}`,
      `NOTE=${NOTE}`,
      `KEY_VERSION=${KEY}/cryptoKeyVersions/1`,
      "DIGEST_FILE=/binauthz/digest",
    ]);
    for (const step of triggerOf().build.step) {
      expect(step).not.toHaveProperty("args");
      expect(step).not.toHaveProperty("entrypoint");
    }
  });

  test("keeps the digest out of the source's folder, and away from the step that builds", () => {
    expect(stepOf("build")).not.toHaveProperty("volumes");
    expect(stepOf("push").volumes).toEqual([DIGESTS]);
    expect(stepOf("sign-build-attestor").volumes).toEqual([DIGESTS]);
  });

  test("waits for everything that its identity is granted", () => {
    const t = synth();
    const grants = t.allResources
      .filter(([address, resource]) => /_iam_member\./.test(address) && resource.member === `serviceAccount:${EMAIL}`)
      .map(([address]) => address);
    expect(grants).toHaveLength(8);
    expect(t.resource(TRIGGER).depends_on).toEqual(
      expect.arrayContaining([
        ...grants,
        `google_service_account.${PROJECT}_my-app-signed`,
        `google_project_service.${PROJECT}_cloudbuild`,
      ]),
    );
  });

  test("snapshot of the trigger", () => {
    expect(triggerOf()).toMatchSnapshot();
  });

  test("snapshot of its identity and repository", () => {
    const { google_service_account, google_artifact_registry_repository } = synth().json.resource;
    expect({
      google_service_account,
      google_artifact_registry_repository,
    }).toMatchSnapshot();
  });
});

describe("addresses", () => {
  const addressesOf = (build: (stack: Construct, attestors: ISigningAttestor[]) => void): string[] => {
    const stack = testStack();
    build(stack, [attestorIn(stack)]);
    return template(stack).addresses();
  };
  const original = addressesOf((stack, attestors) => pipelineIn(stack, { attestors }));

  test("snapshot", () => {
    expect(original).toMatchInlineSnapshot(`
      [
        "data.google_kms_crypto_key_version.my-secure-project_global_binauthz-ring_build-signer-key_1",
        "google_artifact_registry_repository.my-secure-project_us-central1_my-repo",
        "google_artifact_registry_repository_iam_member.repository-my-repo_artifactregistry-writer_my-app-signed_8b78ff2c",
        "google_binary_authorization_attestor.my-secure-project_build-attestor",
        "google_binary_authorization_attestor_iam_member.attestor-build-attestor_binaryauthorization-attestorsVerifier_my-app-signed_5536d705",
        "google_cloudbuild_trigger.my-secure-project_us-central1_my-app-signed",
        "google_container_analysis_note.my-secure-project_build-attestor",
        "google_container_analysis_note_iam_member.note-build-attestor_containeranalysis-notes-attacher_my-app-signed_2ea624ef",
        "google_container_analysis_note_iam_member.note-build-attestor_containeranalysis-notes-occurrences-viewer_my-app-signed_e583e6fc",
        "google_kms_crypto_key.my-secure-project_global_binauthz-ring_build-signer-key",
        "google_kms_crypto_key_iam_member.key-build-signer-key_cloudkms-publicKeyViewer_my-app-signed_07bf6808",
        "google_kms_crypto_key_iam_member.key-build-signer-key_cloudkms-signer_my-app-signed_47a37aad",
        "google_kms_crypto_key_version.my-secure-project_global_binauthz-ring_build-signer-key_v1",
        "google_kms_key_ring.my-secure-project_global_binauthz-ring",
        "google_project_iam_member.project-my-secure-project_containeranalysis-occurrences-editor_my-app-signed_65e63a47",
        "google_project_iam_member.project-my-secure-project_logging-logWriter_my-app-signed_bc0a5e7f",
        "google_project_service.my-secure-project_artifactregistry",
        "google_project_service.my-secure-project_binaryauthorization",
        "google_project_service.my-secure-project_cloudbuild",
        "google_project_service.my-secure-project_cloudkms",
        "google_project_service.my-secure-project_cloudresourcemanager",
        "google_project_service.my-secure-project_containeranalysis",
        "google_project_service.my-secure-project_iam",
        "google_service_account.my-secure-project_my-app-signed",
      ]
    `);
  });

  test("stay when the construct is renamed", () => {
    expect(addressesOf((stack, attestors) => pipelineIn(stack, { attestors }, "Renamed"))).toEqual(original);
  });

  test("stay when the construct is moved under another one", () => {
    expect(addressesOf((stack, attestors) => pipelineIn(new Construct(stack, "Team"), { attestors }))).toEqual(
      original,
    );
  });

  test("stay when another pipeline of the repository comes first", () => {
    const both = (names: readonly string[]) =>
      addressesOf((stack, attestors) => {
        for (const name of names) {
          pipelineIn(stack, { attestors, image: `${IMAGE}-${name}` }, name);
        }
      });
    expect(both(["b", "a"])).toEqual(both(["a", "b"]));
  });
});

describe("what protects the repository", () => {
  const repository = (props: Partial<SignerPipelineProps>) =>
    synth(props).resource("google_artifact_registry_repository");

  test("prevent_destroy, since its images would go with it", () => {
    expect(repository({}).lifecycle).toEqual({ prevent_destroy: true });
  });

  test("deletionProtection: false takes it off", () => {
    expect(repository({ deletionProtection: false })).not.toHaveProperty("lifecycle");
  });

  test("trigger and identity can be made again, and are not protected", () => {
    expect(triggerOf()).not.toHaveProperty("lifecycle");
    expect(synth().resource("google_service_account")).not.toHaveProperty("lifecycle");
  });
});

describe("the effect of each prop", () => {
  test("attestors: one step each, with the key of each", () => {
    const stack = testStack();
    const attestors = [attestorIn(stack), attestorIn(stack, { attestorName: "second" }, "Second")];
    pipelineIn(stack, { attestors });
    const steps: Step[] = template(stack).resource(TRIGGER).build.step;
    expect(steps.map((step) => step.id)).toEqual(["build", "push", "sign-build-attestor", "sign-second"]);
    expect(steps[3].env).toEqual(
      expect.arrayContaining([
        `ATTESTOR=projects/${PROJECT}/attestors/second`,
        `NOTE=projects/${PROJECT}/notes/second`,
        `KEY_VERSION=${KEY.replace("build-signer-key", "second-key")}/cryptoKeyVersions/1`,
      ]),
    );
  });

  test("image", () => {
    const t = synth({
      image: `europe-docker.pkg.dev/image-project/images/team/app`,
    });
    expect(t.resource(TRIGGER).build.images).toEqual([
      "europe-docker.pkg.dev/image-project/images/team/app:$COMMIT_SHA",
    ]);
    expect(t.resource("google_artifact_registry_repository")).toMatchObject({
      project: "image-project",
      location: "europe",
      repository_id: "images",
      format: "DOCKER",
    });
  });

  test("source: by hand", () => {
    const source = (repositoryType?: RepositoryType) =>
      triggerOf({
        source: PipelineSource.manual({
          repository: CONNECTED,
          ref: "refs/heads/main",
          repositoryType,
        }),
      });
    expect(source().source_to_build).toEqual({
      repository: CONNECTED,
      ref: "refs/heads/main",
      repo_type: "GITHUB",
    });
    expect(source(RepositoryType.OTHER).source_to_build.repo_type).toBe("UNKNOWN");
  });

  test("source: every push to a branch or tag", () => {
    const push = (options: { branch?: string; tag?: string }) =>
      triggerOf({
        source: PipelineSource.push({ repository: CONNECTED, ...options }),
      });
    expect(push({}).repository_event_config).toEqual({
      repository: CONNECTED,
      push: { branch: "^main$" },
    });
    expect(push({ branch: "^release-.*$" }).repository_event_config.push).toEqual({ branch: "^release-.*$" });
    expect(push({ tag: "^v[0-9.]+$" }).repository_event_config.push).toEqual({
      tag: "^v[0-9.]+$",
    });
    expect(push({})).not.toHaveProperty("source_to_build");
  });

  test("source: the trigger is in the region of the repository", () => {
    const repository = CONNECTED.replace("us-central1", "europe-west1");
    expect(
      triggerOf({
        source: PipelineSource.manual({ repository, ref: "refs/heads/main" }),
      }).location,
    ).toBe("europe-west1");
  });

  test("source: every push to a repository of the GitHub App", () => {
    const github = (options: { branch?: string; tag?: string; location?: string } = {}) =>
      triggerOf({ source: PipelineSource.githubApp({ owner: "my-org", name: "web", ...options }) });
    expect(github()).toMatchObject({
      location: "global",
      github: { owner: "my-org", name: "web", push: { branch: "^main$" } },
    });
    expect(github({ tag: "^v1$" }).github.push).toEqual({ tag: "^v1$" });
    expect(github({ location: "europe-west1" }).location).toBe("europe-west1");
    expect(github()).not.toHaveProperty("repository_event_config");
  });

  test("source: a trigger of the caller's own", () => {
    const stack = testStack();
    const pipeline = pipelineIn(stack, { source: PipelineSource.ownTrigger() });
    const t = template(stack);
    expect(t.resources(TRIGGER)).toEqual({});
    expect(t.bindings()).toEqual(synth().bindings());
    expect(pipeline.trigger).toBeUndefined();
    expect(pipeline.serviceAccountEmail).toBe(EMAIL);
  });

  test("pipelineName names trigger and identity", () => {
    const t = synth({ pipelineName: "release-build" });
    expect(t.resource(TRIGGER).name).toBe("release-build");
    expect(t.resource("google_service_account").account_id).toBe("release-build");
  });

  test.each(["a", "My-Pipeline-With-A-Name-That-Is-Too-Long-For-An-Account", "9-lives"])(
    "pipelineName %s: the identity's name is legal all the same",
    (pipelineName) => {
      expect(synth({ pipelineName }).resource("google_service_account").account_id).toMatch(
        /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
      );
    },
  );

  test("tag", () => {
    const trigger = triggerOf({ tag: "$SHORT_SHA" });
    expect(trigger.build.images).toEqual([`${IMAGE}:$SHORT_SHA`]);
    expect(trigger.build.step[1].env).toContain("TAG=$SHORT_SHA");
  });

  test("dockerfile and buildContext", () => {
    expect(stepOf("build", { dockerfile: "app/Dockerfile", buildContext: "app" }).env).toEqual(
      expect.arrayContaining(["DOCKERFILE=app/Dockerfile", "CONTEXT=app"]),
    );
  });

  test("timeout", () => {
    expect(triggerOf().build.timeout).toBe("1800s");
    expect(triggerOf({ timeout: "60s" }).build.timeout).toBe("60s");
  });

  test("machineType", () => {
    expect(triggerOf({ machineType: "E2_HIGHCPU_8" }).build.options.machine_type).toBe("E2_HIGHCPU_8");
  });

  test("workerPool", () => {
    const workerPool = `projects/${PROJECT}/locations/us-central1/workerPools/private`;
    expect(triggerOf({ workerPool }).build.options.worker_pool).toBe(workerPool);
  });

  test("builderImage and signerImage", () => {
    const names = (props: Partial<SignerPipelineProps>) => triggerOf(props).build.step.map((step: Step) => step.name);
    expect(names({ builderImage: PINNED })).toEqual([
      PINNED,
      PINNED,
      "gcr.io/google.com/cloudsdktool/google-cloud-cli:528.0.0-slim",
    ]);
    expect(names({ signerImage: PINNED })).toEqual([
      "gcr.io/cloud-builders/docker",
      "gcr.io/cloud-builders/docker",
      PINNED,
    ]);
  });

  test("createRepository: false grants on the existing one", () => {
    const t = synth({ createRepository: false });
    expect(t.resources("google_artifact_registry_repository")).toEqual({});
    expect(t.bindings()).toContain(`roles/artifactregistry.writer on ${REPOSITORY} to serviceAccount:${EMAIL}`);
  });

  test("serviceAccountEmail", () => {
    const email = `builder@${PROJECT}.iam.gserviceaccount.com`;
    const t = synth({ serviceAccountEmail: email });
    expect(t.resources("google_service_account")).toEqual({});
    expect(t.resource(TRIGGER).service_account).toBe(`projects/${PROJECT}/serviceAccounts/${email}`);
    expect(t.bindings()).toEqual(
      synth()
        .bindings()
        .map((binding) => binding.replace(EMAIL, email)),
    );
  });

  test("createOnly", () => {
    const bindings = synth({ createOnly: true }).bindings();
    expect(bindings.filter((binding) => binding.includes("occurrences.editor"))).toEqual([]);
    expect(bindings.filter((binding) => /^projects\/.*\/roles\/attestationCreator_/.test(binding))).toHaveLength(1);
  });

  test("project", () => {
    const t = synth({ project: "build-project" });
    expect(t.resource(TRIGGER).project).toBe("build-project");
    expect(t.resource("google_service_account").project).toBe("build-project");
    expect(t.resource(TRIGGER).service_account).toBe(
      "projects/build-project/serviceAccounts/my-app-signed@build-project.iam.gserviceaccount.com",
    );
    expect(t.bindings()).toContain(
      "roles/logging.logWriter on projects/build-project to serviceAccount:my-app-signed@build-project.iam.gserviceaccount.com",
    );
  });

  test("enableApis", () => {
    const services = (enableApis: boolean) => {
      const stack = testStack();
      // Whatever is enabled is then the pipeline's own.
      const keys = [trustRootIn(stack, { enableApis: false })];
      pipelineIn(stack, { attestors: [attestorIn(stack, { keys, enableApis: false })], enableApis });
      return Object.values(template(stack).resources("google_project_service")).map(({ service }) => service);
    };
    expect(services(true).sort()).toEqual(
      ["artifactregistry", "cloudbuild", "cloudresourcemanager", "iam"].map((api) => `${api}.googleapis.com`),
    );
    expect(services(false)).toEqual([]);
  });
});

test("several pipelines of a stack share the repository, protected if one of them asks for it", () => {
  const stack = testStack();
  const attestors = [attestorIn(stack)];
  pipelineIn(stack, { attestors, image: `${IMAGE}-one`, deletionProtection: false }, "One");
  pipelineIn(stack, { attestors, image: `${IMAGE}-two` }, "Two");
  expect(template(stack).resource("google_artifact_registry_repository").lifecycle).toEqual({ prevent_destroy: true });
});

test("several attestors of one project share the binding on it, with everything that it waits for", () => {
  const stack = testStack();
  const attestors = [attestorIn(stack), attestorIn(stack, { attestorName: "second" }, "Second")];
  pipelineIn(stack, { attestors });
  // template() refuses two constructs of one address.
  const t = template(stack);
  const editors = Object.values(t.resources("google_project_iam_member")).filter(
    ({ role }) => role === "roles/containeranalysis.occurrences.editor",
  );
  expect(editors).toHaveLength(1);
  expect(editors[0].depends_on).toContain(`google_service_account.${PROJECT}_my-app-signed`);
});

describe("scripts", () => {
  const scripts: [string, string, string][] = [
    ["build", BUILD_SCRIPT, "build"],
    ["push", PUSH_SCRIPT, "push"],
    ["sign", SIGN_SCRIPT, "sign-build-attestor"],
  ];

  test.each(scripts)("of %s are escaped for Terraform, and evaluate to themselves", (_, script, id) => {
    const written = stepOf(id).script;
    expect(written).not.toMatch(TEMPLATE);
    expect(evaluated(written)).toBe(script);
  });

  test("the check of escapes can fail", () => {
    expect(`echo \${NAME}`).toMatch(TEMPLATE);
    expect(`echo $$\${NAME}`).toMatch(TEMPLATE);
    expect("%{ if x }").toMatch(TEMPLATE);
    expect(`echo $\${NAME} %%{x} $NAME`).not.toMatch(TEMPLATE);
  });

  test.each(scripts)("of %s are bash that parses", (_, script) => {
    const { status, stderr } = spawnSync("bash", ["-n"], {
      input: script,
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test.each(scripts)("of %s name bash and stop at the first error", (_, script) => {
    expect(script.split("\n").slice(0, 2)).toEqual(["#!/usr/bin/env bash", "set -euo pipefail"]);
  });

  test.each(scripts)("of %s read no variable that the step does not declare", (_, script, id) => {
    const read = new Set([...script.matchAll(/\$\{?([A-Z][A-Z0-9_]*)/g)].map((match) => match[1]));
    const declared = stepOf(id).env.map((entry) => entry.split("=")[0]);
    expect([...read].filter((name) => !declared.includes(name))).toEqual([]);
    expect(declared.filter((name) => !read.has(name))).toEqual([]);
  });

  test("values of the caller's are escaped as well", () => {
    const trigger = triggerOf({
      tag: `\${BRANCH_NAME}-$SHORT_SHA`,
      dockerfile: "%{odd}/Dockerfile",
    });
    expect(trigger.build.images).toEqual([`${IMAGE}:$\${BRANCH_NAME}-$SHORT_SHA`]);
    expect(trigger.build.step[0].env).toEqual(
      expect.arrayContaining(["TAG=$${BRANCH_NAME}-$SHORT_SHA", "DOCKERFILE=%%{odd}/Dockerfile"]),
    );
  });
});

describe("substitutions of Cloud Build", () => {
  // https://docs.cloud.google.com/build/docs/configuring-builds/substitute-variable-values
  const BUILT_IN = ["PROJECT_ID", "BUILD_ID", "COMMIT_SHA", "SHORT_SHA", "REPO_NAME", "BRANCH_NAME", "TAG_NAME"];

  const undeclared = (trigger: Json): string[] => {
    const texts: string[] = [...trigger.build.images, ...trigger.build.step.flatMap((step: Step) => step.env)];
    const used = texts.flatMap((text) => [...text.matchAll(/\$\{?([A-Z_][A-Z0-9_]*)/g)].map((match) => match[1]));
    const declared = Object.keys(trigger.substitutions ?? {});
    return [...new Set(used)].filter((name) => !BUILT_IN.includes(name) && !declared.includes(name));
  };

  test("that are used by default are built in", () => {
    expect(undeclared(triggerOf())).toEqual([]);
  });

  test("that a trigger does not declare would be empty without a word, and are refused or declared", () => {
    let missing: string[] = [];
    try {
      missing = undeclared(triggerOf({ tag: "$_VERSION" }));
    } catch {
      // A refusal is as good as a declaration.
    }
    expect(missing).toEqual([]);
  });
});

describe("renderCloudBuildConfig", () => {
  const render = (props: Partial<SignerPipelineProps> = {}) =>
    parse(pipelineIn(testStack(), props).renderCloudBuildConfig());

  test("is the build of the trigger, with the scripts as they are", () => {
    const { build, service_account } = triggerOf();
    expect(render()).toEqual({
      steps: build.step.map((step: Step) => ({
        ...step,
        script: evaluated(step.script),
      })),
      images: build.images,
      serviceAccount: service_account,
      timeout: "1800s",
      options: { logging: "CLOUD_LOGGING_ONLY" },
    });
    expect(render().steps.map((step: Step) => step.script)).toEqual([BUILD_SCRIPT, PUSH_SCRIPT, SIGN_SCRIPT]);
  });

  test("names machine and pool as the API does", () => {
    const workerPool = `projects/${PROJECT}/locations/us-central1/workerPools/private`;
    expect(render({ machineType: "E2_HIGHCPU_8", workerPool }).options).toEqual({
      logging: "CLOUD_LOGGING_ONLY",
      machineType: "E2_HIGHCPU_8",
      pool: { name: workerPool },
    });
  });

  test("is text that a person can read: scripts are literal blocks", () => {
    expect(pipelineIn(testStack()).renderCloudBuildConfig()).toContain("script: |\n      #!/usr/bin/env bash\n");
  });
});

describe("warnings", () => {
  test("steps in images that may change", () => {
    const stack = testStack();
    pipelineIn(stack);
    expect(warnings(stack)).toEqual([
      'Stack/Pipeline: [UNPINNED_STEP_IMAGE] the steps run in gcr.io/cloud-builders/docker and gcr.io/google.com/cloudsdktool/google-cloud-cli:528.0.0-slim, tags that may change between two builds: pin them by digest with "builderImage" and "signerImage"',
    ]);
  });

  test("none where both are pinned", () => {
    const stack = testStack();
    pipelineIn(stack, { builderImage: PINNED, signerImage: PINNED });
    expect(warnings(stack)).toEqual([]);
  });
});

test("the attributes of a pipeline", () => {
  const stack = testStack();
  const attestor = attestorIn(stack);
  const pipeline = pipelineIn(stack, { attestors: [attestor] });
  expect([pipeline.image, pipeline.project, pipeline.pipelineName, pipeline.serviceAccountEmail]).toEqual([
    IMAGE,
    PROJECT,
    "my-app-signed",
    EMAIL,
  ]);
  expect(pipeline.attestors).toEqual([attestor]);
});
