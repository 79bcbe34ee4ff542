import type { CleanupPolicy } from "./cleanup-policy";

/** The repository of Artifact Registry that images are pushed to. */
export interface RepositoryOptions {
  /**
   * Whether the repository is created here; `false` for one that exists. Several constructs of one stack share it.
   * @default true
   */
  readonly createRepository?: boolean;

  /**
   * Whether a tag, once pushed, can be moved no more. A build of the same commit then fails to push a second time. Only
   * for a repository that is created here.
   * @default false
   */
  readonly immutableTags?: boolean;

  /**
   * Whether Artifact Analysis scans what is pushed: `true` enables containerscanning.googleapis.com, which costs a fee for
   * each image; `false` takes the repository out. A gate on vulnerabilities needs it. Only for a repository that is created
   * here.
   * @default - as the project has it
   */
  readonly vulnerabilityScanning?: boolean;

  /**
   * What is deleted of the repository, and what is kept. They know nothing of what runs. Only for a repository that is
   * created here, and the same for all that share it.
   * @default - nothing is deleted
   */
  readonly cleanupPolicies?: CleanupPolicy[];

  /**
   * Whether the cleanup policies delete nothing yet, and only say in the audit log what they would delete.
   * @default true
   */
  readonly cleanupDryRun?: boolean;

  /**
   * Whether Terraform refuses to destroy the repository with its images (`prevent_destroy`).
   * @default true
   */
  readonly deletionProtection?: boolean;
}
