import type { ServiceAccount } from "@cdktf/provider-google/lib/service-account";
import type { TerraformProvider, TerraformResource } from "cdktf";
import type { Construct } from "constructs";
import { ROLES } from "../../vocabulary/roles";
import type { OnDemandScanOptions } from "../on-demand-scan";
import { enabledApi } from "./apis";
import type { BuildStep } from "./cloud-build-config";
import { grantBinding } from "./iam";
import { architectureOf, type PlatformProps, platformTag } from "./platforms";
import type { Refusals } from "./refusals";

/** The image of the step that scans: the one with all components of gcloud. */
export const SCANNER_IMAGE = "gcr.io/google.com/cloudsdktool/google-cloud-cli:528.0.0";

/** What is scanned, and for which project. */
export interface ScannedImage {
  readonly image: string;
  readonly tag: string;
  readonly project: string;
}

/** What a building pipeline is told of scans. */
export interface ScanProps extends PlatformProps {
  readonly scanBeforePush?: OnDemandScanOptions;
}

/** The steps that scan what was built, one for the image of each platform; nothing is pushed unless all end well. */
export function scanSteps({ scanBeforePush: scan, platforms }: ScanProps, scanned: ScannedImage): BuildStep[] {
  if (scan === undefined) {
    return [];
  }
  return platforms === undefined
    ? [scanStep("scan", scan, scanned)]
    : platforms.map((platform) =>
        scanStep(`scan-${architectureOf(platform)}`, scan, { ...scanned, tag: platformTag(scanned.tag, platform) }),
      );
}

function scanStep(id: string, scan: OnDemandScanOptions, { image, tag, project }: ScannedImage): BuildStep {
  // Loaded when first used: most pipelines do not scan, and the scripts of a signer are long.
  const { onDemandScanScript } = require("./signing-scripts") as typeof import("./signing-scripts");
  return {
    id,
    image: scan.scannerImage ?? SCANNER_IMAGE,
    script: onDemandScanScript(
      (scan.exceptions ?? []).map((one) => ({ id: one.vulnerability, until: one.until, reason: one.reason })),
    ),
    env: {
      IMAGE: image,
      TAG: tag,
      PROJECT: project,
      LOCATION: scan.location ?? "us",
      SEVERITY: scan.severity ?? "CRITICAL",
      FIXABLE_ONLY: `${scan.fixableOnly ?? false}`,
    },
  };
}

/** Who scans, and where. */
export interface ScanGrant {
  readonly project: string;
  readonly member: string;
  readonly serviceAccount?: ServiceAccount;
  readonly provider?: TerraformProvider;
  readonly enableApis?: boolean;
}

/**
 * Lets an identity scan. There is no narrower role, and it opens nothing but scans.
 * Source: https://docs.cloud.google.com/artifact-analysis/docs/ods-cloudbuild
 */
export function grantScan(scope: Construct, grant: ScanGrant): TerraformResource {
  const { project, member, serviceAccount, provider, enableApis } = grant;
  return grantBinding(scope, {
    opened: { kind: "project", project },
    role: ROLES.ON_DEMAND_SCANNING,
    member,
    provider,
    after: [
      serviceAccount,
      enabledApi(scope, "cloudresourcemanager", { project, provider, enableApis }),
      enabledApi(scope, "ondemandscanning", { project, provider, enableApis }),
    ],
  });
}

/** Refuses exceptions without a reason or an end. */
export function checkScan(refusals: Refusals, scan: OnDemandScanOptions | undefined): void {
  if (scan?.exceptions !== undefined) {
    const { checkExceptions } = require("./exceptions") as typeof import("./exceptions");
    checkExceptions(refusals, scan.exceptions, "scanBeforePush");
  }
}
