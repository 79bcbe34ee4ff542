import {
  breakGlassOnCloudRun,
  breakGlassOnPods,
  breakGlassOnWorkloads,
  deniedOnCloudRun,
  deniedOnPods,
  dryRunOnCloudRun,
  dryRunViolation,
  enforcementOff,
  failOpen,
  foreignSignature,
  keyChanged,
  keyLog,
  noteChanged,
  policyChanged,
} from "../../lib/constructs/private/alert-filters";
import ENTRIES from "../fixtures/audit-log-entries.json";
import { logMatches } from "../support/logging-query";
import { KEY, PROJECT } from "../support/synth";

type Entry = keyof typeof ENTRIES;

const SIGNERS = [
  `serviceAccount:signer@${PROJECT}.iam.gserviceaccount.com`,
  "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/ci/subject/repo:org/app:ref:refs/heads/main",
];

const FOREIGN: Entry[] = [
  "signature by a person",
  "signature by a person, full method name",
  "signature by another federated identity",
  "signature by nobody in particular",
];
const OWN: Entry[] = ["signature by the signer", "signature by the federated signer"];
const KEY_CHANGES: Entry[] = [
  "key version destroyed",
  "key version disabled",
  "key version created",
  "key opened to others",
  "key ring opened to others",
  "key updated, full method name",
];

/** Each filter, and every entry of the samples that it fires on. It stays silent on all others. */
const FIRES: [alert: string, filter: string, on: Entry[]][] = [
  [
    "break-glass on pods",
    breakGlassOnPods(),
    ["pod admitted by break-glass", "pod created by a person with the label"],
  ],
  [
    "break-glass on workloads",
    breakGlassOnWorkloads(),
    [
      "deployment created with the label",
      "deployment created with the annotation",
      "deployment patched to carry the label",
      "cron job created with the label",
      "pod created by a person with the label",
      "labelled deployment created by a GitOps controller",
      "revision with the label written by a person",
    ],
  ],
  [
    "break-glass on Cloud Run",
    breakGlassOnCloudRun(),
    ["Cloud Run revision by break-glass", "Cloud Run job by break-glass"],
  ],
  [
    "fail open",
    failOpen(),
    [
      "pod admitted, backend failed",
      "pod admitted, backend failed, older label",
      "pod admitted, webhook failed",
      "pod admitted, webhook failed as one of many",
    ],
  ],
  ["denied", deniedOnPods(), ["pod denied", "pod update denied", "pod denied, form of 2019"]],
  ["denied on Cloud Run", deniedOnCloudRun(), ["Cloud Run revision denied", "Cloud Run job denied"]],
  ["dry run", dryRunViolation(), ["pod admitted by dry run"]],
  [
    "dry run on Cloud Run",
    dryRunOnCloudRun(),
    ["Cloud Run revision admitted by dry run", "Cloud Run job admitted by dry run"],
  ],
  ["note changed", noteChanged(), ["note opened to others", "note deleted", "note changed, older method name"]],
  [
    "policy changed",
    policyChanged(),
    [
      "policy updated",
      "policy opened",
      "policy put in dry run",
      "attestor created",
      "attestor updated",
      "attestor deleted",
      "attestor opened to others",
    ],
  ],
  [
    "enforcement off",
    enforcementOff(),
    [
      "cluster enforcement disabled",
      "cluster enforcement left to platform policies",
      "cluster enforcement disabled by the deprecated switch",
    ],
  ],
  ["key changed", keyChanged(KEY), KEY_CHANGES],
  ["foreign signature", foreignSignature(KEY, SIGNERS), FOREIGN],
  [
    "foreign signature, one signer",
    foreignSignature(KEY, SIGNERS.slice(0, 1)),
    ["signature by the federated signer", ...FOREIGN],
  ],
  ["log of the key", keyLog(KEY), [...KEY_CHANGES, ...OWN, ...FOREIGN, "public key read"]],
];

describe.each([{ textInNames: true }, { textInNames: false }])(
  "with texts looked for in names: $textInNames",
  (readings) => {
    test.each(FIRES)("%s fires on its samples, and on nothing else", (_, filter, on) => {
      const fired = Object.entries(ENTRIES)
        .filter(([, entry]) => logMatches(filter, entry, readings))
        .map(([name]) => name);
      expect(fired.sort()).toEqual([...on].sort());
    });
  },
);

test("no filter is longer than an alert takes", () => {
  // https://docs.cloud.google.com/logging/docs/view/logging-query-language: 20,000 characters.
  for (const [, filter] of FIRES) {
    expect(filter.length).toBeLessThan(20_000);
  }
});

test("no filter holds an escape, whose reading the language leaves open", () => {
  for (const [, filter] of FIRES) {
    expect(filter).not.toContain("\\");
  }
});
