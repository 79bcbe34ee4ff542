import { IamWorkloadIdentityPoolProvider } from "@cdktf/provider-google/lib/iam-workload-identity-pool-provider";
import type { ServiceAccount } from "@cdktf/provider-google/lib/service-account";
import type { TerraformProvider, TerraformResource } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import { ProblemCode, show } from "../vocabulary/problem";
import { POOL_ID, PROJECT_NUMBER, serviceAccountEmail } from "../vocabulary/resource-name";
import { ROLES } from "../vocabulary/roles";
import type { ISigningAttestor } from "./attestor";
import type { SignScriptOptions } from "./existing-signer";
import type { FederatedIdentity } from "./federated-identity";
import { claim, fixAddress, logicalId, unclaim, waitFor, waitForNamed } from "./private/addressing";
import { enabledApi } from "./private/apis";
import { checkIdentity, type FederatedClaims, federatedClaims } from "./private/federation";
import { grantBinding, releaseBindings } from "./private/iam";
import { createIdentity } from "./private/pipeline";
import { resolveProject } from "./private/project";
import { pathOf, Refusals } from "./private/refusals";
import { SharedPool } from "./private/shared-pool";
import { checkSigningAttestors, grantSigning, renderScript } from "./private/signing-attestors";
import { forget } from "./private/terraform-block";

/** A signer outside of Google Cloud. */
export interface IFederatedSigner extends IConstruct {
  /** Who signs, in IAM's form: the jobs themselves, or the service account that they act as. */
  readonly member: string;
}

/** How jobs from outside come to what they are granted. */
export enum FederatedAccess {
  /** They act as a service account of the signer's own. */
  IMPERSONATION = "IMPERSONATION",
  /** They are granted everything themselves; there is no service account. */
  DIRECT = "DIRECT",
}

/** What a federated signer is made of. */
export interface FederatedSignerProps {
  /** Who signs. */
  readonly identity: FederatedIdentity;

  /** The id of the workload identity pool: 4 to 32 lower-case letters, digits and hyphens. */
  readonly poolId: string;

  /** The id of the provider in the pool, and of the service account: 4 to 30 lower-case letters, digits and hyphens. */
  readonly providerId: string;

  /** The number of the pool's project, literal: it is part of who signs. `gcloud projects describe` shows it. */
  readonly projectNumber: string;

  /** The attestors that attest each image, each with the key to sign with. */
  readonly attestors: ISigningAttestor[];

  /**
   * How the jobs come to what they are granted. Which APIs take federated identities is not documented for all that a
   * signer calls: where `DIRECT` is refused, `IMPERSONATION` works.
   * @default FederatedAccess.IMPERSONATION
   */
  readonly access?: FederatedAccess;

  /**
   * A further condition on the token, in the Common Expression Language: it can only narrow who signs.
   * @default - none
   */
  readonly additionalCondition?: string;

  /**
   * Whether the pool is created here; `false` for one that exists. Several signers of one stack share it. A pool that holds
   * nothing but signers keeps others out of their reach.
   * @default true
   */
  readonly createPool?: boolean;

  /**
   * Whether it may only create attestations, see `AttestOptions.createOnly`.
   * @default true
   */
  readonly createOnly?: boolean;

  /**
   * The project of the pool.
   * @default - the literal project of the google provider
   */
  readonly project?: string;

  /**
   * Whether the APIs of the signer are enabled here; `false` where an organisation does it elsewhere.
   * @default true
   */
  readonly enableApis?: boolean;

  /**
   * The google provider, where the stack has several.
   * @default - the default provider of the stack
   */
  readonly provider?: TerraformProvider;
}

abstract class FederatedSignerBase extends Construct implements IFederatedSigner {
  public abstract readonly member: string;
}

/**
 * Jobs of GitHub Actions or GitLab that sign, without a key of a service account: workload identity federation takes the
 * token of the job for an identity of IAM.
 *
 * The provider's condition names the repository by number, the ref, and the reusable workflow where one is given; all of it
 * is also one attribute, so that what is granted is granted to *this repository at this ref* and not to the pool.
 *
 * Source: https://docs.cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines
 *
 * @exampleMetadata fixture=part
 * @example
 * declare const attestor: Attestor;
 * const signer = new FederatedSigner(stack, "GitHub", {
 *   identity: FederatedIdentity.github({ ownerId: "1342004", repositoryId: "260064828", ref: "refs/heads/main" }),
 *   poolId: "signers",
 *   providerId: "github-web",
 *   projectNumber: "123456789012",
 *   attestors: [attestor],
 * });
 * console.log(signer.renderWorkflow({ imagePrefix: "us-central1-docker.pkg.dev/my-secure-project/apps/web" }));
 */
export class FederatedSigner extends FederatedSignerBase {
  public readonly member: string;
  /** The jobs that sign, in IAM's form: `principalSet://…`. */
  public readonly principalSet: string;
  /** The full name of the provider, with the number of the project: what a job asks for. */
  public readonly providerName: string;
  /** The attestors that attest each image. */
  public readonly attestors: ISigningAttestor[];
  /** The project of the pool. */
  public readonly project: string;
  /** The resource of the provider. */
  public readonly poolProvider: IamWorkloadIdentityPoolProvider;
  /** The resource of the identity that the jobs act as; undefined with `FederatedAccess.DIRECT`. */
  public readonly serviceAccount?: ServiceAccount;

  private readonly claims: FederatedClaims;
  private readonly pool?: SharedPool;
  private readonly serviceAccountEmail?: string;
  private released = false;

  /**
   * @param scope the construct's parent
   * @param id the construct's id; no part of any address
   * @param props the signer
   */
  public constructor(scope: Construct, id: string, props: FederatedSignerProps) {
    super(scope, id);
    const valid = validate(scope, id, props);
    this.project = valid.project;
    this.claims = valid.claims;
    this.attestors = [...props.attestors];
    const pool = `projects/${props.projectNumber}/locations/global/workloadIdentityPools/${props.poolId}`;
    this.providerName = `${pool}/providers/${props.providerId}`;
    this.principalSet = `principalSet://iam.googleapis.com/${pool}/attribute.signer/${this.claims.signer}`;
    this.pool = props.createPool === false ? undefined : SharedPool.of(this, { ...props, project: this.project });
    this.poolProvider = this.createProvider(props);

    const impersonates = (props.access ?? FederatedAccess.IMPERSONATION) === FederatedAccess.IMPERSONATION;
    if (impersonates) {
      this.serviceAccount = createIdentity(this, {
        project: this.project,
        accountId: accountIdOf(props.providerId),
        displayName: `Signs for ${props.providerId}`,
        provider: props.provider,
        enableApis: props.enableApis,
      });
      this.serviceAccountEmail = serviceAccountEmail(accountIdOf(props.providerId), this.project);
      this.letImpersonate(props, this.serviceAccountEmail, this.serviceAccount);
    }
    this.member = impersonates ? `serviceAccount:${this.serviceAccountEmail}` : this.principalSet;
    grantSigning(this.member, props.attestors, props.createOnly !== false, [this.serviceAccount ?? this.poolProvider]);
  }

  /**
   * The text of a workflow that signs: one to call, for GitHub (`.github/workflows/sign.yml`), or a job to include, for
   * GitLab. It signs the images that it is given, each `IMAGE@sha256:…`, with {@link renderSignScript}.
   *
   * @param options what it signs
   */
  public renderWorkflow(options: SignScriptOptions = {}): string {
    // Loaded when first used: a deployment needs no YAML.
    const workflows = require("./private/signing-workflows") as typeof import("./private/signing-workflows");
    return workflows.renderWorkflow(this.claims, {
      project: this.project,
      providerName: this.providerName,
      serviceAccountEmail: this.serviceAccountEmail,
      script: this.renderSignScript(options),
    });
  }

  /**
   * The bash script that the workflow runs, for a workflow of the caller's own; see `ExistingSigner.renderSignScript`.
   *
   * @param options what it signs
   */
  public renderSignScript(options: SignScriptOptions = {}): string {
    return renderScript(this, this.attestors, options.imagePrefix);
  }

  /**
   * Leaves provider, pool and identity alone from now on: the next apply forgets them and destroys nothing. Terraform 1.7
   * or newer.
   */
  public release(): void {
    if (this.released) {
      return;
    }
    this.released = true;
    unclaim(this);
    releaseBindings(this);
    forget(this.poolProvider, this.serviceAccount);
    this.pool?.release(this);
  }

  private createProvider(props: FederatedSignerProps): IamWorkloadIdentityPoolProvider {
    const { poolId, providerId } = props;
    const pool = `projects/${this.project}/locations/global/workloadIdentityPools/${poolId}`;
    claim(this, "workload identity provider", `${pool}/providers/${providerId}`);
    const provider = fixAddress(
      new IamWorkloadIdentityPoolProvider(this, "Provider", {
        project: this.project,
        workloadIdentityPoolId: poolId,
        workloadIdentityPoolProviderId: providerId,
        oidc: { issuerUri: this.claims.issuerUri, allowedAudiences: this.claims.audiences },
        attributeMapping: { ...this.claims.mapping },
        attributeCondition: this.claims.condition,
        provider: props.provider,
      }),
      logicalId(this.project, poolId, providerId),
    );
    const placement = { project: this.project, provider: props.provider, enableApis: props.enableApis };
    waitFor(provider, this.pool?.resource, enabledApi(this, "iam", placement), enabledApi(this, "sts", placement));
    if (!this.pool) {
      waitForNamed(provider, "workload identity pool", pool);
    }
    return provider;
  }

  private letImpersonate(props: FederatedSignerProps, email: string, account: ServiceAccount): TerraformResource {
    const placement = { project: this.project, provider: props.provider, enableApis: props.enableApis };
    return grantBinding(this, {
      opened: { kind: "service-account", project: this.project, email },
      role: ROLES.WORKLOAD_IDENTITY_USER,
      member: this.principalSet,
      provider: props.provider,
      after: [account, this.poolProvider, enabledApi(this, "iamcredentials", placement)],
    });
  }
}

/** A service account takes six characters at least, a provider four. */
function accountIdOf(providerId: string): string {
  return providerId.length < 6 ? `${providerId}-signer` : providerId;
}

function validate(
  scope: Construct,
  id: string,
  props: FederatedSignerProps,
): { readonly project: string; readonly claims: FederatedClaims } {
  const refusals = new Refusals(pathOf(scope, id));
  const project = resolveProject(refusals, scope, props);
  refusals.name("poolId", props.poolId, POOL_ID);
  refusals.name("providerId", props.providerId, {
    pattern: /^(?!gcp-)[a-z][a-z0-9-]{2,28}[a-z0-9]$/,
    allowed: "4 to 30 lower-case letters, digits and hyphens, starting with a letter, not with gcp-",
  });
  refusals.name("projectNumber", props.projectNumber, PROJECT_NUMBER);
  checkSigningAttestors(refusals, props.attestors, "signer");
  checkIdentity(refusals, props.identity._identity, props.additionalCondition);
  refusals.throwIfAny();
  const claims = federatedClaims(props.identity._identity, props.additionalCondition);
  checkApart(refusals, scope, pathOf(scope, id), `${project}/${props.poolId}`, claims);
  refusals.throwIfAny();
  return { project, claims };
}

/** The signers of an app, by their pool and the attribute that their grants are on. */
const signers = new WeakMap<IConstruct, Map<string, { readonly path: string; readonly taken: string }>>();

/**
 * Grants are on one attribute in the pool, whichever provider has taken the token: where two providers give the same one,
 * the weaker of their conditions holds for both.
 */
function checkApart(
  refusals: Refusals,
  scope: Construct,
  path: string,
  pool: string,
  { issuerUri, audiences, condition, signer }: FederatedClaims,
): void {
  const known = signers.get(scope.node.root) ?? new Map();
  signers.set(scope.node.root, known);
  const taken = JSON.stringify([issuerUri, audiences, condition]);
  const other = known.get(`${pool} ${signer}`);
  if (other === undefined) {
    known.set(`${pool} ${signer}`, { path, taken });
  } else if (other.taken !== taken) {
    refusals.add(
      ProblemCode.SIGNER_NOT_SEPARATE,
      `in the pool ${show(pool.split("/")[1])} its jobs have the attribute of those of ${other.path}, got ${show(signer)} for both, with other issuers, audiences or conditions: the jobs of each could sign as the other; allowed: a pool of its own`,
    );
  }
}
