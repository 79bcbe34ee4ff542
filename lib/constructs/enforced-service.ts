import { CloudRunV2Service } from "@cdktf/provider-google/lib/cloud-run-v2-service";
import type { TerraformProvider } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import type { AdmissionPolicy } from "./admission-policy";
import { claim, fixAddress, logicalId, waitFor } from "./private/addressing";
import { enabledApi } from "./private/apis";
import { enforceOn, holdCloudRun, validateCloudRun, warnOfTag } from "./private/cloud-run";
import { releaseAll } from "./private/terraform-block";

/** A Cloud Run service that runs only what the default rule of its project's policy admits. */
export interface IEnforcedService extends IConstruct {
  /** The resource of the service. */
  readonly service: CloudRunV2Service;
}

/** What a service is made of. */
export interface EnforcedServiceProps {
  /** The service's name. */
  readonly serviceName: string;

  /** The region. */
  readonly location: string;

  /**
   * The image, by its digest. Of an image for several platforms Cloud Run asks for the attestation of the platform's own
   * digest and not of the index's, see docs/cloud-run.md.
   */
  readonly image: string;

  /**
   * The admission policy of the project. Cloud Run asks its exempt images and its default rule only: that one has to
   * require an attestor.
   */
  readonly policy: AdmissionPolicy;

  /**
   * The e-mail address of the service account that the service runs as.
   * @default - the Compute Engine default service account
   */
  readonly serviceAccountEmail?: string;

  /**
   * Environment variables. None of them is a secret: Terraform's state and the console show them.
   * @default - none
   */
  readonly environment?: { readonly [name: string]: string };

  /**
   * Whether Terraform refuses to destroy the service: the provider's own `deletion_protection`.
   * @default true
   */
  readonly deletionProtection?: boolean;

  /**
   * The project of the service: the policy's.
   * @default - the project of the policy
   */
  readonly project?: string;

  /**
   * Whether run.googleapis.com is enabled here; `false` where an organisation does it elsewhere.
   * @default true
   */
  readonly enableApis?: boolean;

  /**
   * The google provider, where the stack has several.
   * @default - the default provider of the stack
   */
  readonly provider?: TerraformProvider;
}

/**
 * A Cloud Run service that enforces the policy of its project. The check is made when a revision is deployed; what runs is
 * not checked again when the policy changes.
 *
 * Break-glass is no property: written into a configuration it would bypass the policy for good. In an incident it is an
 * option of gcloud, and the next ordinary deployment clears it.
 */
export class EnforcedService extends Construct implements IEnforcedService {
  /**
   * Switches enforcement on for a service of the same program.
   *
   * Throws `PROJECT_MISMATCH` where the policy is another project's, `INVALID_ADMISSION_RULE` where its default rule
   * admits every image or none, `ENFORCEMENT_NOT_HELD` where the service carries a break-glass justification.
   *
   * @param service the service, written with the provider's own construct
   * @param policy the admission policy of its project
   */
  public static enforce(service: CloudRunV2Service, policy: AdmissionPolicy): void {
    enforceOn(service, policy);
    holdCloudRun(service, service);
  }

  /** The project of the service. */
  public readonly project: string;
  public readonly service: CloudRunV2Service;

  private released = false;

  /**
   * @param scope the construct's parent
   * @param id the construct's id; no part of any address
   * @param props the service
   */
  public constructor(scope: Construct, id: string, props: EnforcedServiceProps) {
    super(scope, id);
    this.project = validateCloudRun(scope, id, "serviceName", props.serviceName, props);
    const { project } = this;
    const { location, serviceName, policy, provider } = props;
    claim(this, "Cloud Run service", `projects/${project}/locations/${location}/services/${serviceName}`);
    const env = Object.entries(props.environment ?? {}).map(([name, value]) => ({ name, value }));
    const containers = [{ image: props.image, env: env.length > 0 ? env : undefined }];
    const template = { containers, serviceAccount: props.serviceAccountEmail };
    this.service = fixAddress(
      new CloudRunV2Service(this, "Resource", {
        project,
        location,
        name: serviceName,
        template,
        binaryAuthorization: { useDefault: true },
        deletionProtection: props.deletionProtection !== false,
        provider,
      }),
      logicalId(project, location, serviceName),
    );
    waitFor(this.service, enabledApi(this, "run", { ...props, project }), policy.resource);
    holdCloudRun(this, this.service);
    warnOfTag(this, props.image);
  }

  /**
   * Leaves the service alone from now on: the next apply forgets it, and it stays as it is. Terraform 1.7 or newer.
   */
  public release(): void {
    if (!this.released) {
      this.released = true;
      releaseAll(this, [this.service]);
    }
  }
}
