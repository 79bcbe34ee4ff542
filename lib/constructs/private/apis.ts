import { ProjectService } from "@cdktf/provider-google/lib/project-service";
import type { TerraformProvider } from "cdktf";
import type { IConstruct } from "constructs";
import { fixAddress, getOrCreate, logicalId, stackChild } from "./addressing";

/** The Google APIs of the chain. */
export type GoogleApi =
  | "artifactregistry"
  | "binaryauthorization"
  | "cloudbuild"
  | "cloudkms"
  | "cloudresourcemanager"
  | "container"
  | "containeranalysis"
  | "containerscanning"
  | "iam"
  | "iamcredentials"
  | "logging"
  | "monitoring"
  | "ondemandscanning"
  | "pubsub"
  | "run"
  | "sts";

/** Where an API is to be enabled, and whether this program does it. */
export interface ApiOptions {
  readonly project: string;
  readonly provider?: TerraformProvider;
  readonly enableApis?: boolean;
}

/** The API that another construct of the stack enables, if one does: nothing is enabled in the projects of others. */
export function apiOfStack(scope: IConstruct, api: GoogleApi, project: string): ProjectService | undefined {
  return stackChild(scope, "EnabledApis").node.tryFindChild(logicalId(project, api)) as ProjectService | undefined;
}

/**
 * The enabled API of a project, one per stack at a fixed path: shared by all constructs, moved by none of them, and
 * never disabled when the stack goes.
 */
export function enabledApi(scope: IConstruct, api: GoogleApi, options: ApiOptions): ProjectService | undefined {
  if (options.enableApis === false) {
    return undefined;
  }
  const apis = stackChild(scope, "EnabledApis");
  const id = logicalId(options.project, api);
  return getOrCreate(apis, id, () =>
    fixAddress(
      new ProjectService(apis, id, {
        project: options.project,
        service: `${api}.googleapis.com`,
        disableOnDestroy: false,
        provider: options.provider,
      }),
      id,
    ),
  );
}
