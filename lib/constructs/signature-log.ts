import { LoggingProjectBucketConfig } from "@cdktf/provider-google/lib/logging-project-bucket-config";
import { LoggingProjectSink } from "@cdktf/provider-google/lib/logging-project-sink";
import { ProjectIamAuditConfig } from "@cdktf/provider-google/lib/project-iam-audit-config";
import type { TerraformProvider } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import { ProblemCode, show } from "../vocabulary/problem";
import { claim, fixAddress, logicalId, waitFor } from "./private/addressing";
import { keyLog } from "./private/alert-filters";
import { enabledApi } from "./private/apis";
import { projectOfKey } from "./private/project";
import { pathOf, Refusals } from "./private/refusals";
import { releaseAll } from "./private/terraform-block";
import type { ITrustRoot } from "./trust-root";

/** The record of who signed with a key. */
export interface ISignatureLog extends IConstruct {
  /** The log bucket, as `projects/P/locations/L/buckets/B`. */
  readonly bucketName: string;
}

/** What is recorded, and for how long. */
export interface SignatureLogProps {
  /** The signing keys, all of one project. */
  readonly trustRoots: ITrustRoot[];

  /**
   * For how many days the entries are kept, from 1 to 3650.
   * @default 400
   */
  readonly retentionDays?: number;

  /**
   * Whether the bucket is locked: nobody can then shorten the retention or delete the bucket before its entries are gone.
   * It cannot be unlocked.
   * @default false
   */
  readonly locked?: boolean;

  /**
   * The location of the log bucket.
   * @default "global"
   */
  readonly location?: string;

  /**
   * The id of the log bucket.
   * @default "binauthz-signatures"
   */
  readonly bucketId?: string;

  /**
   * Whether the Data Access audit log of Cloud KMS is switched on here. The resource replaces what the project has
   * configured for cloudkms.googleapis.com; `false` where that is managed elsewhere.
   * @default true
   */
  readonly enableDataAccessLog?: boolean;

  /**
   * Whether Terraform refuses to destroy the log bucket (`prevent_destroy`).
   * @default true
   */
  readonly deletionProtection?: boolean;

  /**
   * Whether logging.googleapis.com is enabled here; `false` where an organisation does it elsewhere.
   * @default true
   */
  readonly enableApis?: boolean;

  /**
   * The google provider, where the stack has several.
   * @default - the default provider of the stack
   */
  readonly provider?: TerraformProvider;
}

const BUCKET_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,98}[A-Za-z0-9]$/;

/**
 * Keeps a record of every signature with a key, and of every change to it.
 *
 * Signatures are Data Access entries, which Cloud KMS does not write unless told. They go to a log bucket of their own,
 * whose retention can be locked.
 */
export class SignatureLog extends Construct implements ISignatureLog {
  public readonly bucketName: string;
  /** The project of the keys and of the log bucket. */
  public readonly project: string;
  /** The resource of the log bucket. */
  public readonly bucket: LoggingProjectBucketConfig;
  /** The resource of the sink. */
  public readonly sink: LoggingProjectSink;
  /** The resource of the audit configuration; undefined where it is managed elsewhere. */
  public readonly auditConfig?: ProjectIamAuditConfig;

  private released = false;

  /**
   * @param scope the construct's parent
   * @param id the construct's id; no part of any address
   * @param props what is recorded, and for how long
   */
  public constructor(scope: Construct, id: string, props: SignatureLogProps) {
    super(scope, id);
    this.project = validate(scope, id, props);
    const { project } = this;
    const { provider } = props;
    const location = props.location ?? "global";
    const bucketId = props.bucketId ?? "binauthz-signatures";
    this.bucketName = `projects/${project}/locations/${location}/buckets/${bucketId}`;
    claim(this, "log bucket", this.bucketName);
    const placed = { ...props, project };

    if (props.enableDataAccessLog !== false) {
      claim(this, "audit configuration", `projects/${project} cloudkms.googleapis.com`);
      this.auditConfig = fixAddress(
        new ProjectIamAuditConfig(this, "AuditConfig", {
          project,
          service: "cloudkms.googleapis.com",
          // Source of the type: https://docs.cloud.google.com/kms/docs/audit-logging, cloudkms.cryptoKeyVersions.useToSign
          auditLogConfig: [{ logType: "DATA_READ" }],
          provider,
        }),
        logicalId(project, "cloudkms"),
      );
      waitFor(this.auditConfig, enabledApi(this, "cloudresourcemanager", placed));
    }
    this.bucket = fixAddress(
      new LoggingProjectBucketConfig(this, "Bucket", {
        project,
        location,
        bucketId,
        retentionDays: props.retentionDays ?? 400,
        locked: props.locked === true ? true : undefined,
        description: "Who signed with the keys of Binary Authorization",
        lifecycle: { preventDestroy: props.deletionProtection === false ? undefined : true },
        provider,
      }),
      logicalId(project, location, bucketId),
    );
    waitFor(this.bucket, enabledApi(this, "logging", placed));
    this.sink = fixAddress(
      new LoggingProjectSink(this, "Sink", {
        project,
        name: bucketId,
        destination: `logging.googleapis.com/${this.bucketName}`,
        filter: props.trustRoots.map(({ cryptoKeyId }) => `(${keyLog(cryptoKeyId)})`).join("\nOR "),
        uniqueWriterIdentity: true,
        provider,
      }),
      logicalId(project, bucketId),
    );
    waitFor(this.sink, this.bucket, this.auditConfig);
  }

  /**
   * Leaves bucket, sink and audit configuration alone from now on: the next apply forgets them, and signatures go on being
   * recorded. Terraform 1.7 or newer.
   */
  public release(): void {
    if (!this.released) {
      this.released = true;
      releaseAll(this, [...(this.auditConfig ? [this.auditConfig] : []), this.bucket, this.sink]);
    }
  }
}

/** The project of the keys. */
function validate(scope: Construct, id: string, props: SignatureLogProps): string {
  const refusals = new Refusals(pathOf(scope, id));
  const projects = new Set(props.trustRoots.map(projectOfKey));
  const [project = ""] = projects;
  if (projects.size !== 1) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"trustRoots" has to hold keys of one project, got ${show([...projects])}; allowed: one SignatureLog for each project`,
    );
  }
  const days = props.retentionDays ?? 400;
  if (!Number.isInteger(days) || days < 1 || days > 3650) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"retentionDays" is out of range, got ${show(days)}; allowed: whole days from 1 to 3650`,
    );
  }
  if (props.bucketId !== undefined) {
    const allowed =
      "2 to 100 letters, digits, underscores, hyphens and dots, starting and ending with a letter or digit";
    refusals.form("bucketId", props.bucketId, BUCKET_ID, allowed);
  }
  if (props.location !== undefined) {
    refusals.form("location", props.location, /^(?:global|us|eu|[a-z]+-[a-z]+[0-9]+)$/, "global, us, eu or a region");
  }
  refusals.throwIfAny();
  return project;
}
