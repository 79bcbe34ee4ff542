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

const PAGER = "projects/sec-proj/notificationChannels/1";
const MAIL = "projects/sec-proj/notificationChannels/2";

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
  {
    id: "L001",
    name: "an alert that tells nobody any more, and one that tells somebody else as well",
    bad: planOf([changed("google_monitoring_alert_policy.a", alert(true, [PAGER]), alert(true, []))]),
    twin: planOf([changed("google_monitoring_alert_policy.a", alert(true, [PAGER]), alert(true, [PAGER, MAIL]))]),
    expected: { severity: "medium", effects: ["blind"], target: "projects/sec-proj/break-glass" },
  },
  {
    id: "L001",
    name: "the channel of the alert switched off, and a channel that the alert does not use",
    bad: planOf([
      same("google_monitoring_alert_policy.a", alert(true, [PAGER])),
      changed("google_monitoring_notification_channel.c", channel(PAGER, true), channel(PAGER, false)),
    ]),
    twin: planOf([
      same("google_monitoring_alert_policy.a", alert(true, [PAGER])),
      changed("google_monitoring_notification_channel.c", channel(MAIL, true), channel(MAIL, false)),
    ]),
  },
  {
    id: "L001",
    name: "the channel of the alert taken away, and one of an alert on something else",
    bad: planOf([
      same("google_monitoring_alert_policy.a", alert(true, [PAGER])),
      deleted("google_monitoring_notification_channel.c", channel(PAGER, true)),
    ]),
    twin: planOf([
      same("google_monitoring_alert_policy.a", {
        ...alert(true, [PAGER]),
        display_name: "disk",
        conditions: [{ condition_threshold: [{ filter: 'metric.type="disk"' }] }],
      }),
      deleted("google_monitoring_notification_channel.c", channel(PAGER, true)),
    ]),
  },
  {
    id: "L001",
    name: "the bucket of signatures kept for a shorter time, and for a longer one",
    bad: planOf([changed("google_logging_project_bucket_config.b", bucket(400), bucket(30))]),
    twin: planOf([changed("google_logging_project_bucket_config.b", bucket(400), bucket(3650))]),
    expected: { before: "400 days", after: "30 days" },
  },
  {
    id: "L001",
    name: "the bucket of signatures taken away, and one of something else",
    bad: planOf([deleted("google_logging_project_bucket_config.b", bucket(400))]),
    twin: planOf([deleted("google_logging_project_bucket_config.b", { ...bucket(400), bucket_id: "web-requests" })]),
  },
  {
    id: "L001",
    name: "a sink that goes elsewhere, and its other description",
    bad: planOf([changed("google_logging_project_sink.s", sink("b"), sink("elsewhere"))]),
    twin: planOf([
      changed("google_logging_project_sink.s", sink("b"), { ...sink("b"), description: "what the keys signed" }),
    ]),
  },
  {
    id: "L001",
    name: "one account left out of the audit of Cloud KMS, and the same audit in another order",
    bad: planOf([
      changed("google_project_iam_audit_config.a", audit("cloudkms.googleapis.com"), {
        ...audit("cloudkms.googleapis.com"),
        audit_log_config: [{ log_type: "DATA_READ", exempted_members: ["user:mallory@example.com"] }],
      }),
    ]),
    twin: planOf([
      changed("google_project_iam_audit_config.a", audit("cloudkms.googleapis.com"), {
        audit_log_config: [{ exempted_members: [], log_type: "DATA_READ" }],
        service: "cloudkms.googleapis.com",
        project: "sec-proj",
      }),
    ]),
  },
  {
    id: "W001",
    name: "the old annotation put on the pods of what others manage, and on the object itself",
    bad: planOf([
      created("kubernetes_annotations.a", {
        kind: "Deployment",
        metadata: [{ name: "web", namespace: "apps" }],
        template_annotations: { "alpha.image-policy.k8s.io/break-glass": "true" },
      }),
    ]),
    twin: planOf([
      created("kubernetes_annotations.a", {
        kind: "Deployment",
        metadata: [{ name: "web", namespace: "apps" }],
        annotations: { "alpha.image-policy.k8s.io/break-glass": "true" },
      }),
    ]),
    expected: { severity: "high", effects: ["opens"], target: "Deployment/apps/web (annotations)" },
  },
  {
    id: "W001",
    name: "the label put on a pod, and on a Deployment",
    bad: planOf([
      created("kubernetes_labels.l", {
        kind: "Pod",
        metadata: [{ name: "web", namespace: "apps" }],
        labels: BREAK_GLASS,
      }),
    ]),
    twin: planOf([
      created("kubernetes_labels.l", {
        kind: "Deployment",
        metadata: [{ name: "web", namespace: "apps" }],
        labels: BREAK_GLASS,
      }),
    ]),
  },
  ...["CronJob", "PodTemplate", "ReplicationController"].map(
    (kind): Case => ({
      id: "W001",
      name: `the label on the pods of a ${kind}, and on the ${kind}`,
      bad: planOf([created("kubernetes_manifest.m", carrying(kind, { template: BREAK_GLASS }))]),
      twin: planOf([created("kubernetes_manifest.m", carrying(kind, { object: BREAK_GLASS }))]),
      expected: { target: `${kind}/apps/web` },
    }),
  ),
];

casesOf(cases);

function audit(service: string): Json {
  return { project: "sec-proj", service, audit_log_config: [{ log_type: "DATA_READ", exempted_members: [] }] };
}

function carrying(kind: string, { object, template }: { readonly object?: Json; readonly template?: Json }): Json {
  const pods = { metadata: { labels: template }, spec: { containers: [{ name: "c", image: APP }] } };
  const parts: Readonly<Record<string, Json>> = {
    CronJob: { spec: { jobTemplate: { spec: { template: pods } } } },
    PodTemplate: { template: pods },
    ReplicationController: { spec: { template: pods } },
  };
  return { manifest: { kind, metadata: { name: "web", namespace: "apps", labels: object }, ...parts[kind] } };
}

function channel(name: string, enabled: boolean): Json {
  return { project: "sec-proj", name, type: "email", enabled, labels: { email_address: "a@example.com" } };
}

function bucket(retention_days: number): Json {
  return { project: "sec-proj", location: "global", bucket_id: "binauthz-signatures", retention_days, locked: false };
}

function sink(to: string): Json {
  return {
    project: "sec-proj",
    name: "binauthz-signatures",
    destination: `logging.googleapis.com/projects/sec-proj/locations/global/buckets/${to}`,
    filter: 'protoPayload.serviceName="cloudkms.googleapis.com"',
  };
}

function alert(enabled: boolean, notification_channels: readonly string[] = []): Json {
  return {
    notification_channels,
    project: "sec-proj",
    display_name: "break-glass",
    enabled,
    conditions: [
      { condition_matched_log: [{ filter: 'labels."imagepolicywebhook.image-policy.k8s.io/break-glass"="true"' }] },
    ],
  };
}
