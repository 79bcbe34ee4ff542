import { spawnSync } from "node:child_process";
import { Construct } from "constructs";
import { parse } from "yaml";
import {
  type BuildPipelineProps,
  PipelineSource,
  RepositoryType,
  SignedBuild,
  SigningGate,
  SigningStart,
  type SigningTriggerProps,
  VulnerabilitySeverity,
} from "../../lib";
import {
  ATTESTOR,
  attestorIn,
  buildIn,
  CONNECTED,
  IMAGE,
  KEY,
  NOTE,
  PROJECT,
  pipelineIn,
  REPOSITORY,
  signerIn,
  testApp,
  testStack,
} from "../support/synth";
import { type Json, type Template, template, templates, warnings } from "../support/template";

const TRIGGER = "google_cloudbuild_trigger";
const BUILDER = `my-app-build@${PROJECT}.iam.gserviceaccount.com`;
const SIGNER = `sign-my-app@${PROJECT}.iam.gserviceaccount.com`;
const URL = "https://github.com/my-org/my-app";
const VOLUME = { name: "binauthz", path: "/binauthz" };

interface Step {
  readonly id: string;
  readonly name: string;
  readonly script: string;
  readonly env: string[];
  readonly volumes?: unknown;
}

/** What Terraform makes of a string without interpolations. */
const evaluated = (text: string): string => text.replace(/([$%])\1\{/g, "$1{");

function builder(props: Partial<BuildPipelineProps> = {}): Template {
  const stack = testStack();
  buildIn(stack, props);
  return template(stack);
}

function signer(props: Partial<SigningTriggerProps> = {}): Template {
  const stack = testStack();
  signerIn(stack, props);
  return template(stack);
}

const buildTrigger = (t: Template): Json => t.resource(TRIGGER, `${PROJECT}_us-central1_my-app-build`);
const signTrigger = (t: Template): Json => t.resource(TRIGGER, `${PROJECT}_us-central1_sign-my-app`);
const stepsOf = (props?: Partial<SigningTriggerProps>): Step[] => signTrigger(signer(props)).build.step;
const bindingsTo = (t: Template, email: string): string[] =>
  t
    .bindings()
    .filter((binding) => binding.endsWith(` to serviceAccount:${email}`))
    .map((binding) => binding.replace(/ to \S+$/, ""));

describe("a build pipeline", () => {
  test("lists its image and asks for verified provenance, and pushes nothing by itself", () => {
    const { build } = buildTrigger(builder());
    expect(build.images).toEqual([`${IMAGE}:$COMMIT_SHA`]);
    expect(build.options).toEqual({ logging: "CLOUD_LOGGING_ONLY", requested_verify_option: "VERIFIED" });
    expect(build.step.map((step: Step) => step.id)).toEqual(["build"]);
    expect(JSON.stringify(build)).not.toMatch(/docker push|cryptoKeyVersions|attestations/);
  });

  test("may push and log, and can reach no key, note or attestor", () => {
    const t = builder();
    expect(bindingsTo(t, BUILDER)).toEqual([
      `roles/artifactregistry.writer on ${REPOSITORY}`,
      `roles/logging.logWriter on projects/${PROJECT}`,
    ]);
    expect(t.bindings()).toHaveLength(2);
  });

  test("waits for its grants, and for the API that stores provenance", () => {
    expect(buildTrigger(builder()).depends_on).toEqual(
      expect.arrayContaining([
        `google_project_service.${PROJECT}_containeranalysis`,
        `google_service_account.${PROJECT}_my-app-build`,
      ]),
    );
  });

  test("immutableTags and vulnerabilityScanning are of the repository", () => {
    const t = builder({ immutableTags: true, vulnerabilityScanning: true });
    const repository = t.resource("google_artifact_registry_repository");
    expect(repository.docker_config).toEqual({ immutable_tags: true });
    expect(repository.vulnerability_scanning_config).toEqual({ enablement_config: "INHERITED" });
    expect(repository.depends_on).toContain(`google_project_service.${PROJECT}_containerscanning`);
    expect(builder().resource("google_artifact_registry_repository")).not.toHaveProperty("docker_config");
  });

  test("props that it shares with SignerPipeline", () => {
    const pool = `projects/${PROJECT}/locations/us-central1/workerPools/private`;
    const trigger = buildTrigger(
      builder({
        tag: "$SHORT_SHA",
        dockerfile: "app/Dockerfile",
        buildContext: "app",
        timeout: "60s",
        machineType: "E2_HIGHCPU_8",
        workerPool: pool,
      }),
    );
    expect(trigger.build.images).toEqual([`${IMAGE}:$SHORT_SHA`]);
    expect(trigger.build.step[0].env).toEqual([
      `IMAGE=${IMAGE}`,
      "TAG=$SHORT_SHA",
      "DOCKERFILE=app/Dockerfile",
      "CONTEXT=app",
    ]);
    expect(trigger.build).toMatchObject({
      timeout: "60s",
      options: { machine_type: "E2_HIGHCPU_8", worker_pool: pool },
    });
  });

  test("secrets: pinned versions, readable to the builder alone, mounted and not copied", async () => {
    const versionName = "projects/secret-project/secrets/npm/versions/7";
    const secrets = [{ id: "NPM_TOKEN", versionName }];
    const t = builder({ secrets });
    const { build, depends_on } = buildTrigger(t);
    expect(build.available_secrets).toEqual({ secret_manager: [{ env: "NPM_TOKEN", version_name: versionName }] });
    expect(build.step[0]).toMatchObject({
      secret_env: ["NPM_TOKEN"],
      env: expect.arrayContaining(["SECRETS=NPM_TOKEN"]),
    });
    expect(bindingsTo(t, BUILDER)).toContain(
      "roles/secretmanager.secretAccessor on projects/secret-project/secrets/npm",
    );
    expect(depends_on.join()).toContain("google_secret_manager_secret_iam_member");
    const stack = testStack();
    const yaml = parse(buildIn(stack, { secrets }).renderCloudBuildConfig());
    expect(yaml.availableSecrets).toEqual({ secretManager: [{ env: "NPM_TOKEN", versionName }] });
    expect(yaml.steps[0].secretEnv).toEqual(["NPM_TOKEN"]);

    // What docker is asked for, by the script itself.
    const docker = 'docker() { printf "%s\\n" "$DOCKER_BUILDKIT" "$@"; }\n';
    const { stdout, status } = spawnSync("bash", ["-c", docker + yaml.steps[0].script], {
      encoding: "utf8",
      env: {
        PATH: process.env.PATH,
        IMAGE,
        TAG: "t",
        DOCKERFILE: "Dockerfile",
        CONTEXT: ".",
        SECRETS: "NPM_TOKEN OTHER",
      },
    });
    expect(status).toBe(0);
    expect(stdout.split("\n").slice(0, 6)).toEqual([
      "1",
      "build",
      "--secret",
      "id=NPM_TOKEN,env=NPM_TOKEN",
      "--secret",
      "id=OTHER,env=OTHER",
    ]);
    expect(buildTrigger(builder()).build).not.toHaveProperty("available_secrets");
  });

  test("a trigger of the caller's own", () => {
    const stack = testStack();
    const pipeline = buildIn(stack, { source: PipelineSource.ownTrigger() });
    expect(template(stack).resources(TRIGGER)).toEqual({});
    expect(pipeline.triggerName).toBeUndefined();
    expect(parse(pipeline.renderCloudBuildConfig()).options).toEqual({
      logging: "CLOUD_LOGGING_ONLY",
      requestedVerifyOption: "VERIFIED",
    });
  });

  test("snapshot", () => {
    expect(buildTrigger(builder())).toMatchSnapshot();
  });
});

describe("a signing trigger with all defaults", () => {
  test("is started by the messages of Cloud Build, of which it takes the id alone", () => {
    const trigger = signTrigger(signer());
    expect(trigger.pubsub_config).toEqual({ topic: `projects/${PROJECT}/topics/cloud-builds` });
    expect(trigger.substitutions._BUILD_ID).toBe("$(body.message.attributes.buildId)");
    const env = (trigger.build.step as Step[]).flatMap((step) => step.env);
    // The other two are for the filter.
    expect(env.filter((entry) => entry.includes("$"))).toEqual(["REQUESTED_BUILD=$_BUILD_ID"]);
  });

  test("is not started by the messages of its own builds", () => {
    const { filter, name } = signTrigger(signer());
    expect(filter).toBe('_STATUS == "SUCCESS" && _TRIGGER_NAME.matches("^(my-app-build)$")');
    expect(filter).not.toContain(name);
  });

  test("checks the build and its provenance before it signs, and ends with the images", () => {
    expect(stepsOf().map((step) => step.id)).toEqual(["check-build", "provenance", "sign-build-attestor", "report"]);
    for (const step of stepsOf()) {
      expect(step.volumes).toEqual([VOLUME]);
      expect(step).not.toHaveProperty("args");
    }
  });

  test("has the table in the script, where neither Cloud Build nor bash reads anything into it", () => {
    const script = evaluated(stepsOf()[0].script);
    const [, table] = /<<'DATA'\n(.*)\nDATA\n/s.exec(script) ?? [];
    expect(JSON.parse(table)).toEqual({
      trigger: `projects/${PROJECT}/locations/us-central1/triggers/my-app-build`,
      serviceAccount: BUILDER,
      repository: URL,
      branch: "^main$",
      image: IMAGE,
      images: 1,
    });
  });

  test("its identity is granted exactly this", () => {
    const t = signer();
    const custom = t.resource("google_project_iam_custom_role");
    expect(custom.permissions).toEqual(["containeranalysis.occurrences.create"]);
    expect(bindingsTo(t, SIGNER)).toEqual([
      `projects/${PROJECT}/roles/${custom.role_id} on projects/${PROJECT}`,
      `roles/binaryauthorization.attestorsVerifier on ${ATTESTOR}`,
      `roles/cloudbuild.builds.viewer on projects/${PROJECT}`,
      `roles/cloudkms.publicKeyViewer on ${KEY}`,
      `roles/cloudkms.signer on ${KEY}`,
      `roles/containeranalysis.notes.attacher on ${NOTE}`,
      `roles/containeranalysis.notes.occurrences.viewer on ${NOTE}`,
      `roles/containeranalysis.occurrences.viewer on projects/${PROJECT}`,
      `roles/logging.logWriter on projects/${PROJECT}`,
    ]);
  });

  test("waits for every grant of its stack", () => {
    const t = signer();
    const grants = t.allResources
      .filter(([address, { member }]) => /_iam_member\./.test(address) && member === `serviceAccount:${SIGNER}`)
      .map(([address]) => address);
    expect(signTrigger(t).depends_on).toEqual(expect.arrayContaining(grants));
    expect(t.danglingDependencies()).toEqual([]);
  });

  test("needs no approval", () => {
    expect(signTrigger(signer())).not.toHaveProperty("approval_config");
  });

  test("snapshot", () => {
    expect(signTrigger(signer())).toMatchSnapshot();
  });

  test("addresses do not move with the construct", () => {
    const addresses = (scope: (stack: Construct) => Construct, id: string) => {
      const stack = testStack();
      const attestors = [attestorIn(stack)];
      const builds = [SignedBuild.ofPipeline(buildIn(stack), { repositoryUrl: URL })];
      signerIn(scope(stack), { attestors, builds }, id);
      return template(stack).addresses();
    };
    const original = addresses((stack) => stack, "Signer");
    expect(original).toContain(`${TRIGGER}.${PROJECT}_us-central1_sign-my-app`);
    expect(addresses((stack) => stack, "Renamed")).toEqual(original);
    expect(addresses((stack) => new Construct(stack, "Team"), "Signer")).toEqual(original);
  });
});

describe("the effect of each prop of a signing trigger", () => {
  test("approvers: builds wait, and these may let them", () => {
    const t = signer({ approvers: ["group:release@example.com"] });
    expect(signTrigger(t).approval_config).toEqual({ approval_required: true });
    expect(t.bindings()).toContain(
      `roles/cloudbuild.builds.approver on projects/${PROJECT} to group:release@example.com`,
    );
    expect(signTrigger(signer({ approvers: [] })).approval_config).toEqual({ approval_required: true });
  });

  test("start: by hand", () => {
    const start = SigningStart.manual({ repository: CONNECTED });
    const trigger = signTrigger(signer({ start }));
    expect(trigger.source_to_build).toEqual({ repository: CONNECTED, ref: "refs/heads/main", repo_type: "GITHUB" });
    expect(trigger.substitutions).toEqual({ _BUILD_ID: "" });
    expect(trigger).not.toHaveProperty("pubsub_config");
    expect(trigger).not.toHaveProperty("filter");
    const other = SigningStart.manual({
      repository: CONNECTED,
      ref: "refs/tags/v1",
      repositoryType: RepositoryType.OTHER,
    });
    expect(signTrigger(signer({ start: other })).source_to_build).toMatchObject({
      ref: "refs/tags/v1",
      repo_type: "UNKNOWN",
    });
  });

  test("start: a trigger of the caller's own, with the same build", () => {
    const stack = testStack();
    const trigger = signerIn(stack, { start: SigningStart.ownTrigger() });
    expect(Object.keys(template(stack).resources(TRIGGER))).toEqual([`${PROJECT}_us-central1_my-app-build`]);
    const steps = parse(trigger.renderCloudBuildConfig()).steps;
    expect(steps).toEqual(stepsOf().map((step) => ({ ...step, script: evaluated(step.script) })));
  });

  test("gates come after the provenance and before the signature", () => {
    const stack = testStack();
    const tested = attestorIn(stack, { attestorName: "tested" }, "Tested");
    signerIn(stack, {
      gates: [
        SigningGate.vulnerabilities({
          severity: VulnerabilitySeverity.HIGH,
          fixableOnly: true,
          scanTimeout: "600s",
          exceptions: [{ vulnerability: "CVE-2026-1", until: "2026-12-31", reason: `it's $HOME \${x} \`y\`` }],
        }),
        SigningGate.attestedBy(tested),
      ],
    });
    const t = template(stack);
    const steps: Step[] = signTrigger(t).build.step;
    expect(steps.map((step) => step.id)).toEqual([
      "check-build",
      "provenance",
      "gate-1-vulnerabilities",
      "gate-2-tested",
      "sign-build-attestor",
      "report",
    ]);
    expect(steps[2].env).toEqual([
      "SEVERITY=HIGH",
      "FIXABLE_ONLY=true",
      "SCAN_TIMEOUT=600",
      "IMAGES_FILE=/binauthz/built",
    ]);
    expect(evaluated(steps[2].script)).toContain(
      `{"id":"CVE-2026-1","until":"2026-12-31","reason":"it's $HOME \${x} \`y\`"}`,
    );
    // It may read the other attestor's attestations, and can make none.
    expect(bindingsTo(t, SIGNER).filter((binding) => binding.includes("/tested"))).toEqual([
      `roles/binaryauthorization.attestorsVerifier on projects/${PROJECT}/attestors/tested`,
      `roles/containeranalysis.notes.occurrences.viewer on projects/${PROJECT}/notes/tested`,
    ]);
  });

  test("a gate on vulnerabilities by default: what is critical, fixable or not", () => {
    const gate = stepsOf({ gates: [SigningGate.vulnerabilities()] })[2];
    expect(gate.env.slice(0, 3)).toEqual(["SEVERITY=CRITICAL", "FIXABLE_ONLY=false", "SCAN_TIMEOUT=900"]);
  });

  test("timeout, provenanceTimeout, workerPool, signerImage", () => {
    const workerPool = `projects/${PROJECT}/locations/us-central1/workerPools/private`;
    const signerImage = `example.com/signer@sha256:${"a".repeat(64)}`;
    const { build } = signTrigger(signer({ timeout: "3600s", provenanceTimeout: "30s", workerPool, signerImage }));
    expect(build).toMatchObject({ timeout: "3600s", options: { worker_pool: workerPool } });
    expect(build.step[1].env).toContain("PROVENANCE_TIMEOUT=30");
    expect(new Set((build.step as Step[]).map((step) => step.name))).toEqual(new Set([signerImage]));
  });

  test("serviceAccountEmail", () => {
    const email = `signer@${PROJECT}.iam.gserviceaccount.com`;
    const t = signer({ serviceAccountEmail: email });
    expect(signTrigger(t).service_account).toBe(`projects/${PROJECT}/serviceAccounts/${email}`);
    expect(bindingsTo(t, email)).toEqual(bindingsTo(signer(), SIGNER));
  });

  test("createOnly: false, where the attestor's project has no images", () => {
    const stack = testStack();
    const attestor = attestorIn(stack, { project: "attestor-project" });
    signerIn(stack, { attestors: [attestor], createOnly: false });
    expect(template(stack).bindings()).toContain(
      `roles/containeranalysis.occurrences.editor on projects/attestor-project to serviceAccount:${SIGNER}`,
    );
  });

  test("enableApis: false", () => {
    const stack = testStack();
    const attestors = [attestorIn(stack, { enableApis: false })];
    const builds = [row()];
    const before = Object.keys(template(stack).resources("google_project_service")).length;
    signerIn(stack, { attestors, builds, enableApis: false });
    expect(Object.keys(template(stack).resources("google_project_service"))).toHaveLength(before);
  });
});

const row = (options: Partial<Parameters<typeof SignedBuild.ofTrigger>[0]> = {}) =>
  SignedBuild.ofTrigger({
    triggerName: `projects/${PROJECT}/locations/us-central1/triggers/theirs`,
    serviceAccountEmail: `theirs@${PROJECT}.iam.gserviceaccount.com`,
    repositoryUrl: "https://github.com/their-org/app.git",
    image: IMAGE,
    branch: "^main$",
    ...options,
  });

describe("the table", () => {
  test("many teams, one signer: one trigger for each project that builds", () => {
    const stack = testStack();
    const other = row({ triggerName: "projects/team-project/locations/europe-west1/triggers/app-build" });
    const third = row({
      triggerName: "projects/team-project/locations/us-central1/triggers/api-build",
      tag: "^v1$",
      branch: undefined,
    });
    signerIn(stack, {
      builds: [row(), other, third],
      projectNumber: "123456789012",
    });
    const t = template(stack);
    const triggers = Object.values(t.resources(TRIGGER));
    expect(triggers.map(({ name, pubsub_config, filter }) => [name, pubsub_config.topic, filter])).toEqual([
      [
        "sign-my-app",
        `projects/${PROJECT}/topics/cloud-builds`,
        '_STATUS == "SUCCESS" && _TRIGGER_NAME.matches("^(theirs)$")',
      ],
      [
        "sign-my-app-team-project",
        "projects/team-project/topics/cloud-builds",
        '_STATUS == "SUCCESS" && _TRIGGER_NAME.matches("^(app-build|api-build)$")',
      ],
    ]);
    // The build is the same: whichever message starts it, the whole table counts.
    expect(triggers[0].build).toEqual(triggers[1].build);
    expect(t.bindings()).toEqual(
      expect.arrayContaining([
        `roles/cloudbuild.builds.viewer on projects/team-project to serviceAccount:${SIGNER}`,
        "roles/pubsub.subscriber on projects/team-project/topics/cloud-builds to serviceAccount:service-123456789012@gcp-sa-cloudbuild.iam.gserviceaccount.com",
      ]),
    );
  });

  test("a pipeline's branches and tags are the table's, unless it says others", () => {
    const table = (source: PipelineSource, options = {}) => {
      const stack = testStack();
      const build = buildIn(stack, { source });
      signerIn(stack, { builds: [SignedBuild.ofPipeline(build, { repositoryUrl: URL, ...options })] });
      const [, text] =
        /<<'DATA'\n(.*)\nDATA\n/s.exec(evaluated(signTrigger(template(stack)).build.step[0].script)) ?? [];
      const { branch, tag } = JSON.parse(text);
      return { branch, tag };
    };
    const push = (options: { branch?: string; tag?: string }) =>
      PipelineSource.push({ repository: CONNECTED, ...options });
    expect(table(push({}))).toEqual({ branch: "^main$" });
    expect(table(push({ tag: "^v[0-9.]+$" }))).toEqual({ tag: "^v[0-9.]+$" });
    expect(table(push({ branch: "^.*$" }), { branch: "^main$" })).toEqual({ branch: "^main$" });
    expect(table(PipelineSource.githubApp({ owner: "o", name: "r", tag: "^v1$" }))).toEqual({ tag: "^v1$" });
    const manual = (ref: string) => PipelineSource.manual({ repository: CONNECTED, ref });
    expect(table(manual("refs/heads/release-1.0"))).toEqual({ branch: "^release-1\\.0$" });
    expect(table(manual("refs/tags/v1+2"))).toEqual({ tag: "^v1\\+2$" });
  });

  test("a pipeline of another stack is opened in that stack", () => {
    const app = testApp();
    const team = testStack({ app, id: "Team", project: "team-project" });
    const security = testStack({ app, id: "Security" });
    const build = buildIn(team, { image: IMAGE.replace(PROJECT, "team-project") });
    signerIn(security, {
      builds: [SignedBuild.ofPipeline(build, { repositoryUrl: URL })],
      projectNumber: "123456789012",
    });
    const { Team, Security } = templates(app);
    expect(bindingsTo(Team, SIGNER)).toEqual([
      "roles/cloudbuild.builds.viewer on projects/team-project",
      "roles/containeranalysis.occurrences.viewer on projects/team-project",
    ]);
    expect(Security.bindings().filter((binding) => binding.includes("team-project"))).toEqual([]);
    expect(Team.danglingDependencies()).toEqual([]);
    expect(Security.danglingDependencies()).toEqual([]);
    // The grants are to an identity that the other stack makes.
    expect(team.dependsOn(security)).toBe(true);
  });
});

describe("what is noticed when the app is synthesized", () => {
  test("a builder that is let sign by a later line", () => {
    const stack = testStack();
    const attestor = attestorIn(stack);
    signerIn(stack, { attestors: [attestor] });
    attestor.signingTrustRoot.grants.sign(`serviceAccount:${BUILDER}`);
    expect(() => template(stack)).toThrow(
      `[SIGNER_NOT_SEPARATE] the builder ${BUILDER} may sign with ${KEY} itself: whatever runs in its builds could sign anything; allowed: a builder without access to the key`,
    );
  });

  test("a signer that is the identity of a pipeline which no row has", () => {
    for (const other of [buildIn, pipelineIn]) {
      const stack = testStack();
      const { serviceAccountEmail } = other(stack, { pipelineName: "other-one", image: `${IMAGE}-other` }, "Other");
      signerIn(stack, {
        builds: [row()],
        attestors: [attestorIn(stack, { attestorName: "third" }, "Third")],
        serviceAccountEmail,
      });
      expect(() => template(stack)).toThrow(
        `[SIGNER_NOT_SEPARATE] the signer is the identity of Stack/Other as well, got other-one@${PROJECT}.iam.gserviceaccount.com: whatever runs in its builds could sign anything; allowed: an identity of the signer's own`,
      );
    }
  });

  test("a builder that is let change occurrences by a later line", () => {
    const stack = testStack();
    const attestor = attestorIn(stack);
    signerIn(stack, { attestors: [attestor] });
    const other = attestorIn(stack, { attestorName: "other" }, "Other");
    other.grants.attest(`serviceAccount:${BUILDER}`);
    expect(() => template(stack)).toThrow(
      `[EVIDENCE_NOT_INDEPENDENT] the builder is granted roles/containeranalysis.occurrences.editor on ${PROJECT}, got serviceAccount:${BUILDER}: it could change the provenance and the scans of what it built; allowed: createOnly where it attests`,
    );
  });

  test("a signer that is let change occurrences by a later line", () => {
    const stack = testStack();
    const attestor = attestorIn(stack);
    const trigger = signerIn(stack, { attestors: [attestor] });
    attestor.grants.attest(`serviceAccount:${trigger.serviceAccountEmail}`);
    expect(() => template(stack)).toThrow(
      `[EVIDENCE_NOT_INDEPENDENT] the signer is granted roles/containeranalysis.occurrences.editor on ${PROJECT} by another construct as well, got serviceAccount:${SIGNER}: it could change the provenance and the scans that it checks; allowed: an identity of the trigger's own`,
    );
  });
});

describe("release", () => {
  test("forgets triggers, identity and grants, and destroys nothing", () => {
    const stack = testStack();
    const attestors = [attestorIn(stack)];
    const trigger = signerIn(stack, { attestors, builds: [row()] });
    trigger.release();
    trigger.release();
    const t = template(stack);
    expect(t.resources(TRIGGER)).toEqual({});
    expect(t.removed.map(({ from }) => from.split(".")[0])).toEqual(
      expect.arrayContaining([TRIGGER, "google_service_account", "google_project_iam_member"]),
    );
    expect(t.removed.every(({ lifecycle }) => lifecycle.destroy === false)).toBe(true);
    expect(t.danglingDependencies()).toEqual([]);
  });

  test("of a build pipeline", () => {
    const stack = testStack();
    buildIn(stack).release();
    expect(
      template(stack)
        .removed.map(({ from }) => from.split(".")[0])
        .sort(),
    ).toEqual([
      "google_artifact_registry_repository",
      "google_artifact_registry_repository_iam_member",
      "google_cloudbuild_trigger",
      "google_project_iam_member",
      "google_service_account",
    ]);
  });
});

describe("scripts", () => {
  const steps = () =>
    stepsOf({
      gates: [
        SigningGate.vulnerabilities({
          exceptions: [{ vulnerability: "CVE-2026-1", until: "2026-12-31", reason: "none" }],
        }),
      ],
    });

  test("are escaped for Terraform, name bash and stop at the first error", () => {
    for (const { script } of steps()) {
      expect(script).not.toMatch(/(?<!\$)(?:\$\$)*\$\{|(?<!%)(?:%%)*%\{/);
      expect(evaluated(script).split("\n").slice(0, 2)).toEqual(["#!/usr/bin/env bash", "set -euo pipefail"]);
      const { status, stderr } = spawnSync("bash", ["-n"], { input: evaluated(script), encoding: "utf8" });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    }
  });

  test("read what their step declares, and nothing else from the environment", () => {
    for (const { script, env } of steps()) {
      const text = evaluated(script);
      const declared = env.map((entry) => entry.split("=")[0]);
      const read = [...text.matchAll(/os\.environ\["([A-Z_]+)"\]/g), ...text.matchAll(/"\$\{?([A-Z][A-Z0-9_]*)/g)].map(
        (match) => match[1],
      );
      const made = ["TOKEN", "CLOUD_BUILD", "CONTAINER_ANALYSIS"];
      expect(declared.filter((name) => !read.includes(name))).toEqual([]);
      expect(read.filter((name) => !declared.includes(name) && !made.includes(name))).toEqual([]);
    }
  });
});

test("the attributes", () => {
  const stack = testStack();
  const attestor = attestorIn(stack);
  const trigger = signerIn(stack, { attestors: [attestor] });
  expect([trigger.project, trigger.triggerName, trigger.serviceAccountEmail]).toEqual([PROJECT, "sign-my-app", SIGNER]);
  expect(trigger.attestors).toEqual([attestor]);
  expect(trigger.triggers).toHaveLength(1);
});

test("steps in an image that may change are warned of", () => {
  const stack = testStack();
  signerIn(stack, { builds: [row()] });
  expect(warnings(stack)).toEqual([
    'Stack/Signer: [UNPINNED_STEP_IMAGE] the steps run in gcr.io/google.com/cloudsdktool/google-cloud-cli:528.0.0-slim, tags that may change between two builds: pin them by digest with "signerImage"',
  ]);
});
