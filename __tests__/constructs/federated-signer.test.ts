import { spawnSync } from "node:child_process";
import { parse } from "yaml";
import {
  FederatedAccess,
  FederatedIdentity,
  FederatedSigner,
  type FederatedSignerProps,
  type GithubIdentityOptions,
  type GitlabIdentityOptions,
} from "../../lib";
import { ATTESTOR, attestorIn, IMAGE, KEY, NOTE, PROJECT, refusalOf, testStack } from "../support/synth";
import { type Json, type Template, template } from "../support/template";

const PROVIDER = "google_iam_workload_identity_pool_provider";
const NUMBER = "123456789012";
const POOL = `projects/${NUMBER}/locations/global/workloadIdentityPools/signers`;
const EMAIL = `github-web@${PROJECT}.iam.gserviceaccount.com`;
const GITHUB: GithubIdentityOptions = { ownerId: "1342004", repositoryId: "260064828", ref: "refs/heads/main" };
const GITLAB: GitlabIdentityOptions = { namespaceId: "42", projectId: "4711", branch: "main" };
const WORKFLOW = "my-org/workflows/.github/workflows/sign.yml@refs/heads/main";

function signerIn(props: Partial<FederatedSignerProps> = {}, stack = testStack(), id = "Signer") {
  const signer = new FederatedSigner(stack, id, {
    identity: FederatedIdentity.github(GITHUB),
    poolId: "signers",
    providerId: "github-web",
    projectNumber: NUMBER,
    ...props,
    attestors: props.attestors ?? [attestorIn(stack, {}, `${id}Attestor`)],
  });
  return { signer, stack };
}

function synth(props: Partial<FederatedSignerProps> = {}): Template {
  return template(signerIn(props).stack);
}

const github = (options: Partial<GithubIdentityOptions> = {}) => FederatedIdentity.github({ ...GITHUB, ...options });
const gitlab = (options: Partial<GitlabIdentityOptions> = {}) => FederatedIdentity.gitlab({ ...GITLAB, ...options });

// What is written in the Common Expression Language here, comparisons and sums of text, means the same in JavaScript.
const evaluate = (expression: string, assertion: Json): Json =>
  new Function("assertion", `"use strict"; return (${expression});`)(assertion);

/** The attribute that a token gets, or nothing where the provider refuses the token. */
function federate(t: Template, token: Json): string | undefined {
  const provider = t.resource(PROVIDER);
  return evaluate(provider.attribute_condition, token)
    ? evaluate(provider.attribute_mapping["attribute.signer"], token)
    : undefined;
}

// Claims as the issuers' own documentation shows them:
// https://docs.github.com/en/actions/reference/security/oidc and
// https://docs.gitlab.com/ci/secrets/id_token_authentication/
const GITHUB_TOKEN = {
  sub: "repo:my-org/web:ref:refs/heads/main",
  repository: "my-org/web",
  repository_id: "260064828",
  repository_owner: "my-org",
  repository_owner_id: "1342004",
  ref: "refs/heads/main",
  ref_type: "branch",
  event_name: "push",
  job_workflow_ref: WORKFLOW,
  environment: "production",
};
const GITLAB_TOKEN = {
  sub: "project_path:my-group/web:ref_type:branch:ref:main",
  namespace_id: "42",
  project_id: "4711",
  ref: "main",
  ref_type: "branch",
  ref_protected: "true",
  pipeline_source: "push",
  environment: "production",
};

describe("a signer of GitHub Actions", () => {
  test("is the repository by number at the ref, in one attribute", () => {
    const { signer, stack } = signerIn();
    expect(signer.principalSet).toBe(
      `principalSet://iam.googleapis.com/${POOL}/attribute.signer/260064828@refs/heads/main`,
    );
    const value = federate(template(stack), GITHUB_TOKEN);
    expect(signer.principalSet.endsWith(`/attribute.signer/${value}`)).toBe(true);
    expect(signer.providerName).toBe(`${POOL}/providers/github-web`);
  });

  test("acts as a service account of its own, which nobody else may", () => {
    const { signer, stack } = signerIn();
    expect(signer.member).toBe(`serviceAccount:${EMAIL}`);
    const t = template(stack);
    expect(t.resource("google_service_account")).toMatchObject({ project: PROJECT, account_id: "github-web" });
    const custom = t.resource("google_project_iam_custom_role").role_id;
    expect(t.bindings()).toEqual([
      `projects/${PROJECT}/roles/${custom} on projects/${PROJECT} to ${signer.member}`,
      `roles/binaryauthorization.attestorsVerifier on ${ATTESTOR} to ${signer.member}`,
      `roles/cloudkms.publicKeyViewer on ${KEY} to ${signer.member}`,
      `roles/cloudkms.signer on ${KEY} to ${signer.member}`,
      `roles/containeranalysis.notes.attacher on ${NOTE} to ${signer.member}`,
      `roles/containeranalysis.notes.occurrences.viewer on ${NOTE} to ${signer.member}`,
      `roles/iam.workloadIdentityUser on projects/${PROJECT}/serviceAccounts/${EMAIL} to ${signer.principalSet}`,
    ]);
  });

  test("DIRECT: is granted everything itself, and there is no account", () => {
    const { signer, stack } = signerIn({ access: FederatedAccess.DIRECT });
    const t = template(stack);
    expect(signer.member).toBe(signer.principalSet);
    expect(t.resources("google_service_account")).toEqual({});
    expect(t.bindings()).toHaveLength(6);
    expect(t.bindings().every((binding) => binding.endsWith(` to ${signer.principalSet}`))).toBe(true);
    const grant = t.allResources.find(([address]) => address.startsWith("google_kms_crypto_key_iam_member."));
    expect(grant?.[1].depends_on).toContain(`${PROVIDER}.${PROJECT}_signers_github-web`);
  });

  test("is refused by the provider as soon as one claim is another", () => {
    const t = synth({ identity: github({ workflowRef: WORKFLOW, environment: "production" }) });
    expect(federate(t, GITHUB_TOKEN)).toBe(`260064828@refs/heads/main@${WORKFLOW}@environment/production`);
    const others: Json = {
      repository_id: "260064829",
      repository_owner_id: "1342005",
      ref: "refs/heads/main-evil",
      event_name: "pull_request_target",
      job_workflow_ref: "my-org/web/.github/workflows/evil.yml@refs/heads/main",
      environment: "staging",
    };
    for (const [claim, value] of Object.entries(others)) {
      expect([claim, federate(t, { ...GITHUB_TOKEN, [claim]: value })]).toEqual([claim, undefined]);
    }
    // A pull request's token has the ref of its merge.
    expect(federate(t, { ...GITHUB_TOKEN, ref: "refs/pull/7/merge" })).toBeUndefined();
  });

  test("compares numbers as the text that they are in the token", () => {
    const condition: string = synth().resource(PROVIDER).attribute_condition;
    expect(condition).toContain("assertion.repository_id == '260064828'");
    expect(condition).not.toMatch(/== [0-9]/);
  });

  test("says in its condition what the API demands: a claim of the provider", () => {
    expect(synth().resource(PROVIDER).attribute_condition).toMatch(/assertion\.repository_owner_id/);
  });

  test("additionalCondition can only narrow", () => {
    const t = synth({ additionalCondition: "assertion.actor_id == '1' || assertion.actor_id == '2'" });
    expect(federate(t, { ...GITHUB_TOKEN, actor_id: "2" })).toBeDefined();
    expect(federate(t, { ...GITHUB_TOKEN, actor_id: "3" })).toBeUndefined();
    expect(federate(t, { ...GITHUB_TOKEN, actor_id: "2", ref: "refs/heads/evil" })).toBeUndefined();
  });

  test("an issuer of an enterprise's own", () => {
    const issuerUri = "https://token.actions.githubusercontent.com/my-enterprise";
    expect(synth({ identity: github({ issuerUri }) }).resource(PROVIDER).oidc).toEqual({ issuer_uri: issuerUri });
  });

  test("snapshot of pool and provider", () => {
    const { google_iam_workload_identity_pool, google_iam_workload_identity_pool_provider } = synth().json.resource;
    expect({ google_iam_workload_identity_pool, google_iam_workload_identity_pool_provider }).toMatchSnapshot();
  });
});

describe("a signer of GitLab", () => {
  test("is the project by number at a protected branch", () => {
    const { signer, stack } = signerIn({ identity: gitlab() });
    const t = template(stack);
    expect(federate(t, GITLAB_TOKEN)).toBe("4711@branch/main");
    expect(signer.principalSet).toBe(`principalSet://iam.googleapis.com/${POOL}/attribute.signer/4711@branch/main`);
    expect(t.resource(PROVIDER).oidc).toEqual({
      issuer_uri: "https://gitlab.com",
      allowed_audiences: ["https://gitlab.com"],
    });
  });

  test("is refused by the provider as soon as one claim is another", () => {
    const t = synth({ identity: gitlab({ environment: "production" }) });
    expect(federate(t, GITLAB_TOKEN)).toBeDefined();
    const others: Json = {
      namespace_id: "43",
      project_id: "4712",
      ref: "main-evil",
      ref_type: "tag",
      ref_protected: "false",
      pipeline_source: "merge_request_event",
      environment: "staging",
    };
    for (const [claim, value] of Object.entries(others)) {
      expect([claim, federate(t, { ...GITLAB_TOKEN, [claim]: value })]).toEqual([claim, undefined]);
    }
  });

  test("a tag, an issuer and an audience of one's own", () => {
    const identity = gitlab({
      branch: undefined,
      tag: "v1",
      issuerUri: "https://git.example.com",
      audience: "https://iam.example.com",
    });
    const t = synth({ identity });
    expect(federate(t, { ...GITLAB_TOKEN, ref: "v1", ref_type: "tag" })).toBe("4711@tag/v1");
    expect(t.resource(PROVIDER).oidc).toEqual({
      issuer_uri: "https://git.example.com",
      allowed_audiences: ["https://iam.example.com"],
    });
  });
});

// IAM compares one attribute, whichever provider of the pool has taken the token.
describe("signers of one pool", () => {
  /** Two signers in one stack; whether a token that the second takes is one that the first is granted to. */
  function crossed(first: Partial<FederatedSignerProps>, second: Partial<FederatedSignerProps>, token: Json): boolean {
    const stack = testStack();
    const { signer } = signerIn({ providerId: "first-one", ...first }, stack, "First");
    const attestors = [attestorIn(stack, { attestorName: "second" }, "SecondAttestor")];
    signerIn({ providerId: "second-one", attestors, ...second }, stack, "Second");
    const provider = template(stack).resources(PROVIDER)[`${PROJECT}_signers_second-one`];
    expect(evaluate(provider.attribute_condition, token)).toBe(true);
    const value = evaluate(provider.attribute_mapping["attribute.signer"], token);
    return signer.principalSet.endsWith(`/attribute.signer/${value}`);
  }

  test("a job of no environment, or of another one, is not the signer of a protected one", () => {
    const production = { identity: github({ environment: "production" }) };
    const { environment: _, ...job } = GITHUB_TOKEN;
    expect(crossed(production, { identity: github() }, job)).toBe(false);
    const staging = { identity: github({ environment: "staging" }) };
    expect(crossed(production, staging, { ...GITHUB_TOKEN, environment: "staging" })).toBe(false);
    expect(
      crossed(
        { identity: gitlab({ environment: "production" }) },
        { identity: gitlab() },
        { ...GITLAB_TOKEN, environment: "staging" },
      ),
    ).toBe(false);
  });

  test("a job without the reusable workflow is not the signer of it", () => {
    const reusable = { identity: github({ workflowRef: WORKFLOW }) };
    expect(crossed(reusable, { identity: github() }, { ...GITHUB_TOKEN, job_workflow_ref: "x" })).toBe(false);
    expect(
      crossed(
        { identity: github({ workflowRef: WORKFLOW, environment: "production" }) },
        { identity: github({ workflowRef: WORKFLOW }) },
        { ...GITHUB_TOKEN, environment: "staging" },
      ),
    ).toBe(false);
  });

  test.each<[name: string, first: Partial<FederatedSignerProps>, second: Partial<FederatedSignerProps>]>([
    [
      "two issuers number their repositories alike",
      {},
      { identity: github({ issuerUri: "https://github.example.com/_services/token" }) },
    ],
    ["one of them has a condition more", { additionalCondition: "assertion.actor_id == '1'" }, {}],
    ["two audiences", { identity: gitlab() }, { identity: gitlab({ audience: "https://iam.example.com" }) }],
  ])("are refused where the jobs of one could be taken for those of the other: %s", (_, first, second) => {
    const stack = testStack();
    signerIn({ providerId: "first-one", ...first }, stack, "First");
    const attestors = [attestorIn(stack, { attestorName: "second" }, "SecondAttestor")];
    const refusal = refusalOf(() => signerIn({ providerId: "second-one", attestors, ...second }, stack, "Second"));
    expect(refusal).toEqual([
      expect.stringMatching(
        /^\[SIGNER_NOT_SEPARATE\] Stack\/Second: in the pool "signers" its jobs have the attribute of those of Stack\/First, got "[^"]+" for both, with other issuers, audiences or conditions: the jobs of each could sign as the other; allowed: a pool of its own/,
      ),
    ]);
  });

  test("are taken where they are the same jobs, or in different pools", () => {
    const stack = testStack();
    const attestors = (name: string) => [attestorIn(stack, { attestorName: name }, name)];
    signerIn({ providerId: "first-one", attestors: attestors("first") }, stack, "First");
    signerIn({ providerId: "second-one", attestors: attestors("second") }, stack, "Second");
    const narrower = { additionalCondition: "assertion.actor_id == '1'", poolId: "others" };
    signerIn({ providerId: "third-one", attestors: attestors("third"), ...narrower }, stack, "Third");
    expect(Object.keys(template(stack).resources(PROVIDER))).toHaveLength(3);
  });
});

describe("pools", () => {
  test("are shared by the signers of a stack", () => {
    const { stack } = signerIn();
    const attestors = [attestorIn(stack, { attestorName: "second" }, "Second")];
    signerIn({ providerId: "gitlab-web", identity: gitlab(), attestors }, stack, "GitLab");
    const t = template(stack);
    expect(Object.keys(t.resources("google_iam_workload_identity_pool"))).toEqual([`${PROJECT}_signers`]);
    expect(Object.keys(t.resources(PROVIDER))).toEqual([
      `${PROJECT}_signers_github-web`,
      `${PROJECT}_signers_gitlab-web`,
    ]);
  });

  test("createPool: false uses one that exists", () => {
    expect(synth({ createPool: false }).resources("google_iam_workload_identity_pool")).toEqual({});
  });

  test("release forgets what is the signer's", () => {
    const { signer, stack } = signerIn();
    signer.release();
    signer.release();
    const t = template(stack);
    expect(t.removed.map(({ from }) => from.split(".")[0]).sort()).toEqual([
      "google_iam_workload_identity_pool",
      PROVIDER,
      "google_service_account",
      "google_service_account_iam_member",
    ]);
    expect(t.danglingDependencies()).toEqual([]);
  });

  test("a short provider still has a legal account", () => {
    expect(synth({ providerId: "ci-a" }).resource("google_service_account").account_id).toBe("ci-a-signer");
  });
});

describe("the workflow", () => {
  const workflow = (props: Partial<FederatedSignerProps> = {}) => {
    const text = signerIn(props).signer.renderWorkflow({ imagePrefix: IMAGE });
    return { text, parsed: parse(text) };
  };

  test("of GitHub is one to call: no permission but the token's, actions by commit, images by environment", () => {
    const { text, parsed } = workflow({ identity: github({ environment: "production" }) });
    expect(parsed.permissions).toEqual({});
    expect(Object.keys(parsed.on)).toEqual(["workflow_call"]);
    const { sign } = parsed.jobs;
    expect(sign.permissions).toEqual({ contents: "read", "id-token": "write" });
    expect(sign.environment).toBe("production");
    const uses = sign.steps.map((step: Json) => step.uses).filter(Boolean);
    expect(uses).toEqual([
      expect.stringMatching(/^google-github-actions\/auth@[0-9a-f]{40}$/),
      expect.stringMatching(/^google-github-actions\/setup-gcloud@[0-9a-f]{40}$/),
    ]);
    expect(text).toMatch(/google-github-actions\/auth@[0-9a-f]{40} # v3\.0\.0\n/);
    expect(sign.steps[0].with).toEqual({
      project_id: PROJECT,
      workload_identity_provider: `${POOL}/providers/github-web`,
      service_account: EMAIL,
    });
    expect(sign.steps[2].env).toEqual({ IMAGES: `\${{ inputs.images }}` });
    // Nothing of the caller's is put into the text of the script.
    expect(sign.steps[2].run).not.toContain("{{");
  });

  test("of GitHub without an account", () => {
    const { parsed } = workflow({ access: FederatedAccess.DIRECT });
    expect(parsed.jobs.sign.steps[0].with).not.toHaveProperty("service_account");
  });

  test("of GitLab asks for the audience that the provider takes, on the protected branch only", () => {
    const { parsed } = workflow({ identity: gitlab({ environment: "production" }) });
    expect(parsed.sign.id_tokens).toEqual({ SIGNER_TOKEN: { aud: "https://gitlab.com" } });
    expect(parsed.sign.rules).toEqual([{ if: '$CI_COMMIT_REF_PROTECTED == "true" && $CI_COMMIT_BRANCH == "main"' }]);
    expect(parsed.sign.environment).toEqual({ name: "production" });
    expect(parsed.sign.script[0]).toContain(`--service-account='${EMAIL}'`);
  });

  test("runs the same script, which is bash that parses", () => {
    const { signer } = signerIn();
    const script = signer.renderSignScript({ imagePrefix: IMAGE });
    expect(workflow().parsed.jobs.sign.steps[2].run).toBe(script);
    const lines = workflow({ identity: gitlab() }).parsed.sign.script;
    expect(lines[1]).toContain(script);
    for (const text of [script, ...lines]) {
      const { status, stderr } = spawnSync("bash", ["-n"], { input: text, encoding: "utf8" });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    }
  });

  test("snapshots", () => {
    const cut = (text: string) => text.replace(/( +)#!\/usr\/bin\/env bash\n[\s\S]*?sign_for '.*\n/, "$1THE SCRIPT\n");
    expect(cut(workflow().text)).toMatchSnapshot();
    expect(cut(workflow({ identity: gitlab() }).text)).toMatchSnapshot();
  });
});
