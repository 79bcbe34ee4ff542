import {
  ATTEST,
  ATTESTOR_ADDRESS,
  attestor,
  type Case,
  CLUSTER,
  casesOf,
  changed,
  cluster,
  created,
  DEPLOYMENT,
  DIGEST,
  deleted,
  deployment,
  type Json,
  KMS_ID,
  NOTE,
  POLICY,
  planOf,
  policy,
  same,
} from "./support";

const APP = "us-docker.pkg.dev/sec-proj/apps/app";
const BREAK_GLASS = { "image-policy.k8s.io/break-glass": "true" };
const enforcing = [
  same(CLUSTER, cluster()),
  same(POLICY, policy({ clusters: { "us-central1.prod": ATTEST }, exempt: ["us-docker.pkg.dev/sec-proj/base/*"] })),
  same(ATTESTOR_ADDRESS, attestor()),
];
const manifest = (annotations: Json): Json => ({
  manifest: {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "apps" },
    spec: { template: { metadata: { annotations }, spec: { containers: [{ name: "c", image: APP }] } } },
  },
});
const inventory = (digest: string) => ({
  images: [],
  attestations: [{ note: NOTE, digest, keyIds: [KMS_ID] }],
});

const cases: readonly Case[] = [
  {
    id: "W001",
    name: "the label on a pod template, and another value of it",
    bad: planOf([changed(DEPLOYMENT, deployment(APP), deployment(APP, BREAK_GLASS))]),
    twin: planOf([
      changed(DEPLOYMENT, deployment(APP), deployment(APP, { "image-policy.k8s.io/break-glass": "false" })),
    ]),
    expected: { severity: "high", effects: ["opens"], target: "deployment/apps/web" },
  },
  {
    id: "W001",
    name: "the annotation in a manifest, and on the object instead of its pods",
    bad: planOf([created("kubernetes_manifest.m", manifest({ "alpha.image-policy.k8s.io/break-glass": "true" }))]),
    twin: planOf([
      created("kubernetes_manifest.m", {
        manifest: { ...manifest({}).manifest, metadata: { name: "web", namespace: "apps", labels: BREAK_GLASS } },
      }),
    ]),
  },
  {
    id: "W002",
    name: "an image by tag, and by digest",
    bad: planOf([...enforcing, created(DEPLOYMENT, deployment(`${APP}:v1`))]),
    twin: planOf([...enforcing, created(DEPLOYMENT, deployment(`${APP}@${DIGEST}`))]),
    expected: { severity: "medium", effects: ["blocks"], after: `${APP}:v1` },
  },
  {
    id: "W002",
    name: "an image by tag where one of two clusters asks for attestations, and an exempt one",
    bad: planOf([
      ...enforcing,
      same("google_container_cluster.dev", cluster({ name: "dev", mode: "DISABLED" })),
      created(DEPLOYMENT, deployment(`${APP}:v1`)),
    ]),
    twin: planOf([...enforcing, created(DEPLOYMENT, deployment("us-docker.pkg.dev/sec-proj/base/app:v1"))]),
    undecided: true,
  },
  {
    id: "W003",
    name: "a digest without an attestation, and with one",
    bad: planOf([...enforcing, created(DEPLOYMENT, deployment(`${APP}@${DIGEST}`))]),
    around: { inventory: inventory(`sha256:${"cd".repeat(32)}`) },
    twin: planOf([...enforcing, created(DEPLOYMENT, deployment(`${APP}@${DIGEST}`))]),
    twinAround: { inventory: inventory(DIGEST) },
    expected: { severity: "high", effects: ["blocks"] },
  },
  {
    id: "L001",
    name: "the audit of Cloud KMS taken away, and of Compute Engine",
    bad: planOf([deleted("google_project_iam_audit_config.a", audit("cloudkms.googleapis.com"))]),
    twin: planOf([deleted("google_project_iam_audit_config.a", audit("compute.googleapis.com"))]),
    expected: { severity: "medium", effects: ["blind"] },
  },
  {
    id: "L001",
    name: "an exclusion of the audit log, and of something else",
    bad: planOf([
      created("google_logging_project_exclusion.e", {
        project: "sec-proj",
        name: "e",
        filter: 'logName:"cloudaudit.googleapis.com"',
      }),
    ]),
    twin: planOf([
      created("google_logging_project_exclusion.e", { project: "sec-proj", name: "e", filter: "severity<INFO" }),
    ]),
  },
  {
    id: "L001",
    name: "the alert on break-glass switched off, and given another name for people",
    bad: planOf([changed("google_monitoring_alert_policy.a", alert(true), alert(false))]),
    twin: planOf([
      changed("google_monitoring_alert_policy.a", alert(true), {
        ...alert(true),
        documentation: [{ content: "words" }],
      }),
    ]),
  },
];

casesOf(cases);

function audit(service: string): Json {
  return { project: "sec-proj", service, audit_log_config: [{ log_type: "DATA_READ", exempted_members: [] }] };
}

function alert(enabled: boolean): Json {
  return {
    project: "sec-proj",
    display_name: "break-glass",
    enabled,
    conditions: [
      { condition_matched_log: [{ filter: 'labels."imagepolicywebhook.image-policy.k8s.io/break-glass"="true"' }] },
    ],
  };
}
