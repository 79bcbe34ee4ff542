import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FederatedAccess, FederatedIdentity, FederatedSigner } from "../../lib";
import { Attestor } from "../../lib/constructs/attestor";
import { TrustRoot } from "../../lib/constructs/trust-root";
import { type Sandbox, type State, startSandbox } from "../../lib/sandbox";
import { Issuer } from "../support/issuer";
import { type CommandResult, describeUnless, run } from "../support/terraform";
import { signingMissing, verifiedBy, withSandbox } from "./signer";
import { Deployment, PROJECT, synthesizeStack } from "./support";

// Jobs of GitHub Actions and GitLab that sign, by the real terraform, provider and gcloud: only the issuers of the tokens
// are the test's own.

const NUMBER = "123456789012";
const POOL = `projects/${NUMBER}/locations/global/workloadIdentityPools/signers`;
const IMAGE = `us-central1-docker.pkg.dev/${PROJECT}/apps/web@sha256:${"ab".repeat(32)}`;
const ATTESTOR = `projects/${PROJECT}/attestors/build`;
const KEY = `projects/${PROJECT}/locations/global/keyRings/ring/cryptoKeys/key`;
const WORKFLOW = "my-org/workflows/.github/workflows/sign.yml@refs/heads/main";
const GITHUB = new Issuer("https://token.actions.githubusercontent.com");
const GITLAB = new Issuer("https://gitlab.com");

const JOB = {
  sub: "repo:my-org/web:ref:refs/heads/main",
  aud: `https://iam.googleapis.com/${POOL}/providers/github-web`,
  repository: "my-org/web",
  repository_id: "260064828",
  repository_owner_id: "1342004",
  ref: "refs/heads/main",
  event_name: "push",
  job_workflow_ref: WORKFLOW,
};
const PIPELINE = {
  sub: "project_path:my-group/web:ref_type:branch:ref:main",
  aud: "https://gitlab.com",
  namespace_id: "42",
  project_id: "4711",
  ref: "main",
  ref_type: "branch",
  ref_protected: "true",
  pipeline_source: "push",
};

interface Signer {
  readonly provider: string;
  readonly email?: string;
  readonly script: string;
}

/** A stack with one attestor and three signers: GitHub that acts as an account, GitHub and GitLab directly. */
function synthesized() {
  const signers: Record<string, Signer> = {};
  const stack = synthesizeStack((scope) => {
    const apis = { enableApis: false };
    const keys = [new TrustRoot(scope, "Key", { keyRingName: "ring", keyName: "key", location: "global", ...apis })];
    const attestors = [new Attestor(scope, "Attestor", { attestorName: "build", keys, ...apis })];
    const github = FederatedIdentity.github({
      ownerId: JOB.repository_owner_id,
      repositoryId: JOB.repository_id,
      ref: JOB.ref,
      workflowRef: WORKFLOW,
    });
    const gitlab = FederatedIdentity.gitlab({ namespaceId: "42", projectId: "4711", branch: "main" });
    for (const [providerId, identity, access] of [
      ["github-web", github, FederatedAccess.IMPERSONATION],
      ["github-direct", github, FederatedAccess.DIRECT],
      ["gitlab-web", gitlab, FederatedAccess.DIRECT],
    ] as const) {
      const signer = new FederatedSigner(scope, providerId, {
        identity,
        poolId: "signers",
        providerId,
        projectNumber: NUMBER,
        attestors,
        access,
        ...apis,
      });
      const email = access === FederatedAccess.DIRECT ? undefined : signer.serviceAccount?.accountIdInput;
      signers[providerId] = {
        provider: signer.providerName,
        email: email && `${email}@${PROJECT}.iam.gserviceaccount.com`,
        script: signer.renderSignScript({ imagePrefix: IMAGE.split("@")[0] }),
      };
    }
  });
  return { stack, signers };
}

describeUnless(signingMissing(), "federated signers, with the real terraform and gcloud", () => {
  const { stack, signers } = synthesized();
  let applied: State;

  beforeAll(async () => {
    const google = await startSandbox({
      seed: {
        projects: { [PROJECT]: NUMBER },
        issuers: { [GITHUB.uri]: GITHUB.jwks, [GITLAB.uri]: GITLAB.jwks },
        clusters: [{ project: PROJECT, location: "us-central1", name: "prod" }],
      },
    });
    const deployment = Deployment.against(google);
    try {
      await deployment.apply(stack);
      expect(google.unknownRoutes).toEqual([]);
      applied = structuredClone(google.state);
    } finally {
      deployment.remove();
      await google.close();
    }
  }, 240_000);

  /** Runs the rendered script with a credential file such as google-github-actions/auth writes, for a token. */
  async function sign(google: Sandbox, signer: Signer, token: string): Promise<CommandResult> {
    const folder = mkdtempSync(join(tmpdir(), "federated-"));
    try {
      const credentials = join(folder, "credentials.json");
      const script = join(folder, "sign.sh");
      writeFileSync(join(folder, "token"), token);
      writeFileSync(script, signer.script, { mode: 0o755 });
      writeFileSync(
        credentials,
        JSON.stringify({
          type: "external_account",
          audience: `//iam.googleapis.com/${signer.provider}`,
          subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
          token_url: `${google.url}/sts/v1/token`,
          token_info_url: `${google.url}/sts/v1/introspect`,
          credential_source: { file: join(folder, "token") },
          ...(signer.email && {
            service_account_impersonation_url: `${google.url}/iamcredentials/v1/projects/-/serviceAccounts/${signer.email}:generateAccessToken`,
          }),
        }),
      );
      const environment = google.environment("user:nobody@example.com");
      const env = {
        ...environment,
        CLOUDSDK_CONFIG: join(folder, "config"),
        CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: "",
        CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE: credentials,
        IMAGES: IMAGE,
      };
      return await run(script, [], { cwd: folder, env });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  const SIGNS: [provider: string, token: () => string, as: string][] = [
    ["github-web", () => GITHUB.token(JOB), `serviceAccount:github-web@${PROJECT}.iam.gserviceaccount.com`],
    [
      "github-direct",
      () => GITHUB.token({ ...JOB, aud: JOB.aud.replace("github-web", "github-direct") }),
      `principal://iam.googleapis.com/${POOL}/subject/260064828@refs/heads/main`,
    ],
    ["gitlab-web", () => GITLAB.token(PIPELINE), `principal://iam.googleapis.com/${POOL}/subject/4711@branch/main`],
  ];

  test.each(SIGNS)(
    "%s signs as the federated identity, and nobody else's key is used",
    async (provider, token, as) => {
      await withSandbox(applied, async (google) => {
        const result = await sign(google, signers[provider], token());
        expect(result.output).toContain(`sign: ${IMAGE} has a valid attestation by ${KEY}/cryptoKeyVersions/1`);
        expect(result.exitCode).toBe(0);
        const [occurrence, ...others] = Object.values(google.state.occurrences);
        expect(others).toEqual([]);
        expect(verifiedBy(google, occurrence, IMAGE.split("@")[1], ATTESTOR)).toHaveLength(1);
        const signed = google.requests.filter(({ method }) => method === "cloudkms.cryptoKeyVersions.asymmetricSign");
        expect(signed.map(({ principal }) => principal)).toEqual([as]);
        expect(google.unknownRoutes).toEqual([]);
      });
    },
    120_000,
  );

  const direct = (claims: object) =>
    GITHUB.token({ ...JOB, aud: JOB.aud.replace("github-web", "github-direct"), ...claims });
  const CONDITION = /unauthorized_client: The given credential is rejected by the attribute condition/;
  const REFUSED: [what: string, provider: string, token: () => string, says: RegExp][] = [
    ["another repository", "github-web", () => GITHUB.token({ ...JOB, repository_id: "260064829" }), CONDITION],
    ["another branch", "github-web", () => GITHUB.token({ ...JOB, ref: "refs/heads/main-evil" }), CONDITION],
    ["another branch, directly", "github-direct", () => direct({ ref: "refs/heads/main-evil" }), CONDITION],
    [
      "another workflow",
      "github-direct",
      () => direct({ job_workflow_ref: WORKFLOW.replace("sign", "evil") }),
      CONDITION,
    ],
    [
      "a pull request of a fork",
      "github-web",
      () => GITHUB.token({ ...JOB, event_name: "pull_request_target" }),
      CONDITION,
    ],
    ["another provider's token", "github-web", () => direct({}), /The audience in ID Token/],
    [
      "a branch that is not protected",
      "gitlab-web",
      () => GITLAB.token({ ...PIPELINE, ref_protected: "false" }),
      CONDITION,
    ],
    ["another project", "gitlab-web", () => GITLAB.token({ ...PIPELINE, project_id: "4712" }), CONDITION],
    ["the token of another issuer", "gitlab-web", () => new Issuer(GITLAB.uri).token(PIPELINE), /Invalid signature/],
  ];

  test.each(REFUSED)(
    "%s is refused, and signs nothing",
    async (_, provider, token, says) => {
      await withSandbox(applied, async (google) => {
        const result = await sign(google, signers[provider], token());
        expect(result.output).toMatch(says);
        expect(result.exitCode).toBe(1);
        expect(google.requests.filter(({ method }) => method === "sts.token").map(({ status }) => status)).toContain(
          400,
        );
        expect(google.requests.filter(({ method }) => method?.startsWith("cloudkms"))).toEqual([]);
        expect(google.state.occurrences).toEqual({});
      });
    },
    60_000,
  );
});
