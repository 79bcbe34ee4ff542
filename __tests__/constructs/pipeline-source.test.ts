import { PipelineSource, RepositoryType, ResigningTrigger, SignedBuild } from "../../lib";
import { attestorIn, buildIn, CONNECTED, PROJECT, pipelineIn, signerIn, testStack } from "../support/synth";
import { type Json, type Template, template } from "../support/template";

// Builds of one branch that a request or a message starts; the other sources are in signer-pipeline.test.ts.

const TRIGGER = "google_cloudbuild_trigger";
const AGENT = "serviceAccount:service-123456789012@gcp-sa-cloudbuild.iam.gserviceaccount.com";
const FIXED = { repository: CONNECTED, ref: "refs/heads/main" };
const SECRET = "projects/secret-project/secrets/hook/versions/7";
const webhook = PipelineSource.webhook({ ...FIXED, secretVersion: SECRET, projectNumber: "123456789012" });
const ownTopic = PipelineSource.pubsub({ ...FIXED, topic: `projects/${PROJECT}/topics/build` });
const otherTopic = PipelineSource.pubsub({
  ...FIXED,
  topic: "projects/other-project/topics/build",
  projectNumber: "123456789012",
});

const build = (source: PipelineSource): Template => {
  const stack = testStack();
  buildIn(stack, { source });
  return template(stack);
};
const ofAgent = (t: Template): string[] => t.bindings().filter((binding) => binding.endsWith(` to ${AGENT}`));

describe("a webhook", () => {
  test("builds one branch, in the region of its repository, and takes nothing of the request", () => {
    const trigger = build(webhook).resource(TRIGGER);
    expect(trigger.webhook_config).toEqual({ secret: SECRET });
    expect(trigger.source_to_build).toEqual({ ...FIXED, repo_type: "GITHUB" });
    expect(trigger.location).toBe("us-central1");
    expect(trigger).not.toHaveProperty("substitutions");
    expect(trigger).not.toHaveProperty("filter");
  });

  test("lets Cloud Build's agent read that secret, and the trigger waits for it", () => {
    const t = build(webhook);
    expect(ofAgent(t)).toEqual([
      `roles/secretmanager.secretAccessor on projects/secret-project/secrets/hook to ${AGENT}`,
    ]);
    expect(t.resource(TRIGGER).depends_on.join()).toContain("google_secret_manager_secret_iam_member");
  });
});

describe("a message of Pub/Sub", () => {
  test("builds one branch, and takes nothing of the message", () => {
    const trigger = build(ownTopic).resource(TRIGGER);
    // Without an account: the provider would see a change for ever, hashicorp/terraform-provider-google#20051.
    expect(trigger.pubsub_config).toEqual({ topic: `projects/${PROJECT}/topics/build` });
    expect(trigger.source_to_build).toEqual({ ...FIXED, repo_type: "GITHUB" });
    expect(trigger).not.toHaveProperty("substitutions");
  });

  test("of the same project needs no grant, of another one the agent is let subscribe", () => {
    expect(ofAgent(build(ownTopic))).toEqual([]);
    expect(ofAgent(build(otherTopic))).toEqual([
      `roles/pubsub.subscriber on projects/other-project/topics/build to ${AGENT}`,
    ]);
  });
});

test("snapshots of the triggers, without their builds", () => {
  for (const source of [webhook, ownTopic, otherTopic]) {
    const { build: steps, ...trigger } = build(source).resource(TRIGGER);
    // They differ in what starts them: a request or a message, never both, and never a push.
    expect("webhook_config" in trigger).toBe(source === webhook);
    expect("pubsub_config" in trigger).toBe(source !== webhook);
    expect(trigger).not.toHaveProperty("repository_event_config");
    expect(steps.step).toHaveLength(1);
    expect(trigger).toMatchSnapshot();
  }
});

test("all of the family take them, with the grants", () => {
  const triggers: [string, (source: PipelineSource) => Template][] = [
    ["BuildPipeline", build],
    [
      "SignerPipeline",
      (source) => {
        const stack = testStack();
        pipelineIn(stack, { source });
        return template(stack);
      },
    ],
    [
      "ResigningTrigger",
      (source) => {
        const stack = testStack();
        new ResigningTrigger(stack, "Resign", { triggerName: "resign", attestors: [attestorIn(stack)], source });
        return template(stack);
      },
    ],
  ];
  for (const [name, made] of triggers) {
    for (const source of [webhook, otherTopic]) {
      expect([name, ofAgent(made(source)).length]).toEqual([name, 1]);
    }
    expect(made(webhook).resource(TRIGGER).webhook_config).toEqual({ secret: SECRET });
  }
});

test("the table of a signing trigger has the branch that they build, and no other", () => {
  for (const source of [webhook, ownTopic]) {
    const stack = testStack();
    const builds = [SignedBuild.ofPipeline(buildIn(stack, { source }), { repositoryUrl: "https://github.com/o/r" })];
    signerIn(stack, { builds });
    const steps: Json[] = template(stack).resource(TRIGGER, `${PROJECT}_us-central1_sign-my-app`).build.step;
    expect(steps[0].script).toContain('"branch":"^main$"');
  }
});

test("repositoryType", () => {
  const source = PipelineSource.webhook({
    ...FIXED,
    repositoryType: RepositoryType.OTHER,
    secretVersion: SECRET,
    projectNumber: "123456789012",
  });
  expect(build(source).resource(TRIGGER).source_to_build.repo_type).toBe("UNKNOWN");
});
