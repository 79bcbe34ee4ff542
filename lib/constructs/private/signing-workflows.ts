import { stringifyYaml } from "../../vocabulary/private/yaml";
import type { FederatedClaims } from "./federation";
import { SIGNER_IMAGE } from "./pipeline";

/** What a workflow needs to sign. */
export interface SigningWorkflow {
  readonly project: string;
  /** `projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`. */
  readonly providerName: string;
  /** The account that it acts as; undefined where it acts itself. */
  readonly serviceAccountEmail?: string;
  readonly script: string;
}

// Releases by commit: a tag may be moved. Source: https://github.com/google-github-actions/auth/releases and
// https://github.com/google-github-actions/setup-gcloud/releases
const AUTH = { uses: "google-github-actions/auth@7c6bc770dae815cd3e89ee6cdf493a5fab2cc093", release: "v3.0.0" };
const GCLOUD = {
  uses: "google-github-actions/setup-gcloud@aa5489c8933f4cc7a4f7d45035b3b1440c9c10db",
  release: "v3.0.1",
};

/** The text of a workflow that signs. */
export function renderWorkflow(claims: FederatedClaims, workflow: SigningWorkflow): string {
  return claims.kind === "github" ? github(claims, workflow) : gitlab(claims, workflow);
}

function github(claims: FederatedClaims, workflow: SigningWorkflow): string {
  const text = stringifyYaml({
    name: "Sign",
    on: {
      workflow_call: {
        inputs: {
          images: {
            description: "The images to sign, each IMAGE@sha256:DIGEST, separated by spaces or lines",
            required: true,
            type: "string",
          },
        },
      },
    },
    permissions: {},
    jobs: {
      sign: {
        "runs-on": "ubuntu-24.04",
        ...(claims.environment !== undefined && { environment: claims.environment }),
        permissions: { contents: "read", "id-token": "write" },
        steps: [
          {
            uses: AUTH.uses,
            with: {
              project_id: workflow.project,
              workload_identity_provider: workflow.providerName,
              ...(workflow.serviceAccountEmail !== undefined && { service_account: workflow.serviceAccountEmail }),
            },
          },
          { uses: GCLOUD.uses, with: { install_components: "beta" } },
          {
            name: "Sign",
            shell: "bash",
            // By environment and not by text: what a caller hands over is never run.
            env: { IMAGES: `\${{ inputs.images }}` },
            run: workflow.script,
          },
        ],
      },
    },
  });
  return [AUTH, GCLOUD].reduce((all, { uses, release }) => all.replace(`${uses}\n`, `${uses} # ${release}\n`), text);
}

function gitlab(claims: FederatedClaims, workflow: SigningWorkflow): string {
  const { kind, name } = claims.ref;
  const account =
    workflow.serviceAccountEmail === undefined ? "" : ` --service-account='${workflow.serviceAccountEmail}'`;
  return stringifyYaml({
    // IMAGES comes from an earlier job, as a dotenv report: each IMAGE@sha256:DIGEST, separated by spaces.
    sign: {
      image: SIGNER_IMAGE,
      id_tokens: { SIGNER_TOKEN: { aud: claims.audiences?.[0] } },
      ...(claims.environment !== undefined && { environment: { name: claims.environment } }),
      rules: [
        {
          if: `$CI_COMMIT_REF_PROTECTED == "true" && $CI_COMMIT_${kind === "tag" ? "TAG" : "BRANCH"} == "${name}"`,
        },
      ],
      script: [
        // Outside of the project, whose files may be kept as artifacts or by the runner.
        `umask 077
signer="$(mktemp -d)"
trap 'rm -rf "$signer"' EXIT
printf '%s' "$SIGNER_TOKEN" > "$signer/token"
gcloud iam workload-identity-pools create-cred-config '${workflow.providerName}'${account} --credential-source-file="$signer/token" --output-file="$signer/credentials.json"
gcloud auth login --quiet --cred-file="$signer/credentials.json"
`,
        // Not from the standard input, which commands of the script would read as well.
        `cat > "$signer/sign.sh" <<'SIGN'
${workflow.script}SIGN
bash "$signer/sign.sh"
`,
      ],
    },
  });
}
