import { parse } from "yaml";
import { PipelineSource, ResigningTrigger, type ResigningTriggerProps } from "../../lib";
import { REMAINING_SCRIPT, RESIGN_SCRIPT } from "../../lib/constructs/private/signer-scripts";
import { READ_LIST_SCRIPT } from "../../lib/constructs/private/signing-scripts";
import { ATTESTOR, attestorIn, CONNECTED, KEY, NOTE, PROJECT, testStack } from "../support/synth";
import { type Json, type Template, template } from "../support/template";

const TRIGGER = "google_cloudbuild_trigger";
const SIGNER = `resign@${PROJECT}.iam.gserviceaccount.com`;

function resignIn(props: Partial<ResigningTriggerProps> = {}) {
  const stack = testStack();
  const trigger = new ResigningTrigger(stack, "Resign", {
    triggerName: "resign",
    source: PipelineSource.manual({ repository: CONNECTED, ref: "refs/heads/main" }),
    ...props,
    attestors: props.attestors ?? [attestorIn(stack)],
  });
  return { stack, trigger };
}

const synth = (props?: Partial<ResigningTriggerProps>): Template => template(resignIn(props).stack);

test("is started by hand over a list in a repository, in that repository's region", () => {
  const trigger = synth().resource(TRIGGER);
  expect(trigger).toMatchObject({
    project: PROJECT,
    location: "us-central1",
    name: "resign",
    service_account: `projects/${PROJECT}/serviceAccounts/${SIGNER}`,
    source_to_build: { repository: CONNECTED, ref: "refs/heads/main" },
  });
  expect(trigger.build.step.map(({ id }: Json) => id)).toEqual(["read-list", "resign-build-attestor", "remaining"]);
  expect(trigger.build.step[0].env[0]).toBe("LIST_FILE=images.txt");
  expect(trigger.build.step[1].env).toContain(`KEY_VERSION=${KEY}/cryptoKeyVersions/1`);
  expect(trigger).toMatchSnapshot();
});

test("its identity is granted what a signer is, and nothing of builds, repositories or scans", () => {
  const t = synth();
  const custom = t.resource("google_project_iam_custom_role").role_id;
  expect(t.bindings()).toEqual(
    [
      `projects/${PROJECT}/roles/${custom} on projects/${PROJECT}`,
      `roles/binaryauthorization.attestorsVerifier on ${ATTESTOR}`,
      `roles/cloudkms.publicKeyViewer on ${KEY}`,
      `roles/cloudkms.signer on ${KEY}`,
      `roles/containeranalysis.notes.attacher on ${NOTE}`,
      `roles/containeranalysis.notes.occurrences.viewer on ${NOTE}`,
      `roles/logging.logWriter on projects/${PROJECT}`,
    ].map((binding) => `${binding} to serviceAccount:${SIGNER}`),
  );
});

test("the effect of each prop", () => {
  const workerPool = `projects/${PROJECT}/locations/us-central1/workerPools/private`;
  const signerImage = `example.com/signer@sha256:${"a".repeat(64)}`;
  const { build } = synth({ listFile: "prod/images.json", timeout: "60s", workerPool, signerImage }).resource(TRIGGER);
  expect(build).toMatchObject({ timeout: "60s", options: { worker_pool: workerPool } });
  expect(build.step[0]).toMatchObject({
    name: signerImage,
    env: expect.arrayContaining(["LIST_FILE=prod/images.json"]),
  });
  const push = synth({ source: PipelineSource.push({ repository: CONNECTED }) }).resource(TRIGGER);
  expect(push.repository_event_config).toEqual({ repository: CONNECTED, push: { branch: "^main$" } });
  expect(synth({ createOnly: false }).bindings().join("\n")).toContain("roles/containeranalysis.occurrences.editor");
  const email = `signer@${PROJECT}.iam.gserviceaccount.com`;
  expect(synth({ serviceAccountEmail: email }).resources("google_service_account")).toEqual({});
});

test("a trigger of the caller's own runs the same build", () => {
  const { stack, trigger } = resignIn({ source: PipelineSource.ownTrigger() });
  expect(template(stack).resources(TRIGGER)).toEqual({});
  const { steps } = parse(trigger.renderCloudBuildConfig());
  expect(steps.map(({ script }: Json) => script)).toEqual([READ_LIST_SCRIPT, RESIGN_SCRIPT, REMAINING_SCRIPT]);
});

test("release forgets trigger, identity and the grant on the project", () => {
  const { stack, trigger } = resignIn();
  trigger.release();
  trigger.release();
  expect(
    template(stack)
      .removed.map(({ from }) => from.split(".")[0])
      .sort(),
  ).toEqual([TRIGGER, "google_project_iam_member", "google_service_account"]);
});
