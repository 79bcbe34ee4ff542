import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { interleave } from "../measure.mjs";
import { ROOT } from "../programs.mjs";
import { detail, pluck, ratioFigure } from "./figure.mjs";

const [FEW, MANY] = [100, 10_000];
const FORMATS = ["text", "json", "markdown"];
const DENIED = 2;

/** Memory of `binauthz admit` over a folder: two containers and a Service in each file, held against two clusters. */
export function manifestFigures(_programs, runs) {
  const folder = mkdtempSync(join(tmpdir(), "cdktf-binauthz-manifests-"));
  try {
    writeFileSync(join(folder, "policy.yaml"), POLICY);
    for (const count of [FEW, MANY]) {
      mkdirSync(join(folder, `${count}`));
      for (let index = 0; index < count; index++) {
        writeFileSync(join(folder, `${count}`, `app-${index}.yaml`), manifest(index));
      }
    }
    const groups = FORMATS.map((format) => formatFigures(folder, format, Math.min(runs, 3)));
    return { figures: groups.map(({ figure }) => figure), details: groups.flatMap(({ details }) => details) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function formatFigures(folder, format, rounds) {
  const side = (count) => ({
    program: join(ROOT, "dist/cli/binauthz.js"),
    args: [
      "admit",
      "--from",
      join(folder, "policy.yaml"),
      "-f",
      join(folder, `${count}`),
      "--format",
      `${format}=report`,
    ],
    status: DENIED,
  });
  const [few, many] = interleave(rounds, [side(FEW), side(MANY)]);
  const name = (count) => `admit, ${count.toLocaleString("en")} manifests, ${format}`;
  return {
    figure: ratioFigure({
      figure: `${name(MANY)}: peak memory`,
      against: `${FEW} manifests`,
      ours: pluck(many, "rss"),
      theirs: pluck(few, "rss"),
    }),
    details: [detail(name(FEW), few), detail(name(MANY), many)],
  };
}

const POLICY = `admissionWhitelistPatterns:
- namePattern: quay.io/example-monitor/*
clusterAdmissionRules:
${["prod", "staging"]
  .map(
    (cluster) => `  us-central1-a.${cluster}:
    enforcementMode: ${cluster === "prod" ? "ENFORCED_BLOCK_AND_AUDIT_LOG" : "DRYRUN_AUDIT_LOG_ONLY"}
    evaluationMode: REQUIRE_ATTESTATION
    requireAttestationsBy:
    - projects/my-project/attestors/build-attestor
`,
  )
  .join("")}defaultAdmissionRule:
  enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG
  evaluationMode: ALWAYS_DENY
name: projects/my-project/policy
`;

function manifest(index) {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-${index}
  namespace: team-${index % 50}
spec:
  selector:
    matchLabels:
      app: app-${index}
  template:
    metadata:
      labels:
        app: app-${index}
    spec:
      containers:
      - name: web
        image: us-central1-docker.pkg.dev/my-project/apps/app-${index}:1.0.${index}
        ports:
        - containerPort: 8080
      - name: agent
        image: quay.io/example-monitor/agent:${index % 7}
---
apiVersion: v1
kind: Service
metadata:
  name: app-${index}
  namespace: team-${index % 50}
spec:
  selector:
    app: app-${index}
  ports:
  - port: 80
    targetPort: 8080
`;
}
