import { type OnDemandScanOptions, ScanLocation, VulnerabilitySeverity } from "../../lib";
import { onDemandScanScript } from "../../lib/constructs/private/signing-scripts";
import { buildIn, IMAGE, PROJECT, pipelineIn, testStack } from "../support/synth";
import { type Json, template, warnings } from "../support/template";

/** What Terraform makes of a string without interpolations. */
const evaluated = (text: string): string => text.replace(/([$%])\1\{/g, "$1{");

const KINDS = [
  ["BuildPipeline", (scan?: OnDemandScanOptions) => made(scan, buildIn), ["build", "scan"]],
  [
    "SignerPipeline",
    (scan?: OnDemandScanOptions) => made(scan, pipelineIn),
    ["build", "scan", "push", "sign-build-attestor"],
  ],
] as const;

function made(scanBeforePush: OnDemandScanOptions | undefined, construct: typeof buildIn | typeof pipelineIn) {
  const stack = testStack();
  construct(stack, { scanBeforePush });
  const t = template(stack);
  const [trigger] = Object.values(t.resources("google_cloudbuild_trigger"));
  const steps: Json[] = trigger.build.step;
  return { t, stack, trigger, steps, scan: steps.find(({ id }) => id === "scan") };
}

describe.each(KINDS)("%s with a scan before the push", (_, build, ids) => {
  test("scans after the build and before anything is pushed", () => {
    const { steps, scan } = build({});
    expect(steps.map(({ id }) => id)).toEqual(ids);
    expect(scan.env).toEqual([
      `IMAGE=${IMAGE}`,
      "TAG=$COMMIT_SHA",
      `PROJECT=${PROJECT}`,
      "LOCATION=us",
      "SEVERITY=CRITICAL",
      "FIXABLE_ONLY=false",
    ]);
    expect(scan.name).toBe("gcr.io/google.com/cloudsdktool/google-cloud-cli:528.0.0");
    expect(evaluated(scan.script)).toBe(onDemandScanScript([]));
  });

  test("takes threshold, exceptions, location and image", () => {
    const exceptions = [{ vulnerability: "CVE-2026-1", until: "2999-12-31", reason: `it's $HOME \${x}` }];
    const { scan, stack } = build({
      severity: VulnerabilitySeverity.LOW,
      fixableOnly: true,
      location: ScanLocation.ASIA,
      scannerImage: `example.com/scanner@sha256:${"a".repeat(64)}`,
      exceptions,
    });
    expect(scan.env.slice(3)).toEqual(["LOCATION=asia", "SEVERITY=LOW", "FIXABLE_ONLY=true"]);
    expect(evaluated(scan.script)).toContain(`{"id":"CVE-2026-1","until":"2999-12-31","reason":"it's $HOME \${x}"}`);
    expect(warnings(stack).join()).not.toContain("scannerImage");
  });

  test("lets the identity scan, and the trigger waits for that", () => {
    const { t, trigger } = build({});
    const added = t.bindings().filter((binding) => !build().t.bindings().includes(binding));
    expect(added).toEqual([
      expect.stringMatching(`^roles/ondemandscanning.admin on projects/${PROJECT} to serviceAccount:`),
    ]);
    expect(Object.keys(t.resources("google_project_service"))).toContain(`${PROJECT}_ondemandscanning`);
    const grant = t.allResources.find(([, { role }]) => role === "roles/ondemandscanning.admin");
    expect(grant?.[1].depends_on).toContain(`google_project_service.${PROJECT}_ondemandscanning`);
    expect(trigger.depends_on).toContain(grant?.[0]);
  });

  test("warns of an image that may change", () => {
    expect(warnings(build({}).stack).join()).toContain('"scanBeforePush.scannerImage"');
  });

  test("without it there is none", () => {
    expect(build().scan).toBeUndefined();
  });
});
