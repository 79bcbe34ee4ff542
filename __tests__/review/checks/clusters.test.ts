import {
  ALLOW,
  ATTEST,
  type Case,
  CLUSTER,
  casesOf,
  changed,
  cluster,
  created,
  deleted,
  type Json,
  POLICY,
  PROJECT,
  planOf,
  policy,
  replaced,
  SERVICE,
  same,
  service,
} from "./support";

const DISABLED = { mode: "DISABLED" };
const TARGET = `gke:${PROJECT}/us-central1.prod`;
const FLEET = "google_gke_hub_fleet.f";
const ATTACHED = "google_container_attached_cluster.c";
const API = "google_project_service.b";
const ORG = "google_org_policy_policy.o";
const V1 = "google_cloud_run_service.s";
const FUNCTION = "google_cloudfunctions2_function.f";
const ORG_NAME = "projects/sec-proj/policies/run.allowedBinaryAuthorizationPolicies";

const withBlock = (plan: Json, block: boolean): Json => {
  plan.configuration.root_module.resources = [
    {
      address: CLUSTER,
      mode: "managed",
      type: "google_container_cluster",
      name: "prod",
      expressions: block ? { binary_authorization: [{}] } : { name: { constant_value: "prod" } },
    },
  ];
  return plan;
};
const fleet = (evaluation_mode: string | null): Json => ({
  project: PROJECT,
  default_cluster_config: [
    { binary_authorization_config: evaluation_mode === null ? [] : [{ evaluation_mode, policy_bindings: [] }] },
  ],
});
const attached = (evaluation_mode: string): Json => ({
  project: PROJECT,
  location: "us-west1",
  name: "c",
  binary_authorization: [{ evaluation_mode }],
});
const api = (name: string, disable_on_destroy: boolean | null): Json => ({
  project: PROJECT,
  service: `${name}.googleapis.com`,
  disable_on_destroy,
});
const allowing = (values: readonly string[]): Json => ({
  name: ORG_NAME,
  parent: `projects/${PROJECT}`,
  spec: [
    { rules: [{ allow_all: "", deny_all: "", enforce: "", values: [{ allowed_values: values, denied_values: [] }] }] },
  ],
});
const boolean = (name: string, enforce: string): Json => ({
  name,
  parent: `projects/${PROJECT}`,
  spec: [{ rules: [{ allow_all: "", enforce, values: [] }] }],
});
const first = (annotations: Json): Json => ({
  project: PROJECT,
  location: "us-central1",
  name: "s",
  metadata: [{ annotations }],
});
const DEFAULT = { use_default: true };

const CLUSTERS = "projects/sec-proj/policies/container.managed.enableBinaryAuthorization";
const LEVELS = "projects/sec-proj/policies/cloudkms.allowedProtectionLevels";
const DELAY = "projects/sec-proj/policies/cloudkms.minimumDestroyScheduledDuration";
const ACCOUNT_KEYS = "projects/sec-proj/policies/iam.managed.disableServiceAccountKeyCreation";
const DRY_RUN = [{ rules: [{ enforce: "TRUE" }] }];
const listed = (name: string, allowed_values: readonly string[]): Json => ({ ...allowing(allowed_values), name });
const onAnnotation = (annotation: string, change: Json = {}): Json => ({
  name: "custom.run",
  parent: "organizations/1",
  action_type: "DENY",
  condition: `!('${annotation}' in resource.metadata.annotations)`,
  ...change,
});

const cases: readonly Case[] = [
  {
    id: "C001",
    name: "a cluster that stops enforcing, and one whose deprecated field changes its empty form",
    bad: planOf([changed(CLUSTER, cluster(), cluster(DISABLED))]),
    twin: planOf([
      changed(
        CLUSTER,
        cluster({ binary_authorization: [{ enabled: null, evaluation_mode: "PROJECT_SINGLETON_POLICY_ENFORCE" }] }),
        cluster(),
      ),
    ]),
    expected: { severity: "critical", effects: ["opens"], target: TARGET },
  },
  {
    id: "C002",
    name: "a new cluster without enforcement, and with it",
    bad: planOf([created(CLUSTER, cluster({ mode: null }))]),
    twin: planOf([created(CLUSTER, cluster())]),
    expected: { severity: "high", effects: ["opens"] },
  },
  {
    id: "C003",
    name: "a cluster that enforces though its block is gone, and with its block",
    bad: withBlock(planOf([same(CLUSTER, cluster())]), false),
    twin: withBlock(planOf([same(CLUSTER, cluster())]), true),
    expected: { severity: "low", effects: ["blind"] },
  },
  {
    id: "C004",
    name: "a cluster that is replaced without its block, and with it",
    bad: planOf([replaced(CLUSTER, cluster(), cluster({ mode: null }), "network")]),
    twin: planOf([replaced(CLUSTER, cluster(), cluster(), "network")]),
    expected: { severity: "critical", effects: ["opens"] },
  },
  {
    id: "C005",
    name: "a cluster that is only audited, and one that is audited and enforced",
    bad: planOf([changed(CLUSTER, cluster(), cluster({ mode: "POLICY_BINDINGS" }))]),
    twin: planOf([
      changed(CLUSTER, cluster(), cluster({ mode: "POLICY_BINDINGS_AND_PROJECT_SINGLETON_POLICY_ENFORCE" })),
    ]),
    expected: { severity: "high", effects: ["opens"] },
  },
  {
    id: "C006",
    name: "a service whose block is gone, and one whose empty fields change",
    bad: planOf([changed(SERVICE, service(DEFAULT), service(null))]),
    twin: planOf([
      changed(SERVICE, service({ ...DEFAULT, policy: null, breakglass_justification: null }), service(DEFAULT)),
    ]),
    expected: { severity: "high", effects: ["opens"], target: `run:${PROJECT}/us-central1/s` },
  },
  {
    id: "C006",
    name: "a service of the first API whose annotation is gone, and one that keeps it",
    bad: planOf([changed(V1, first({ "run.googleapis.com/binary-authorization": "default" }), first({ a: "b" }))]),
    twin: planOf([
      changed(
        V1,
        first({ "run.googleapis.com/binary-authorization": "default" }),
        first({ "run.googleapis.com/binary-authorization": "default", a: "b" }),
      ),
    ]),
  },
  {
    id: "C006",
    name: "a worker pool and a function that are no longer checked",
    bad: planOf([changed("google_cloud_run_v2_worker_pool.w", service(DEFAULT), service({ use_default: false }))]),
    twin: planOf([same("google_cloud_run_v2_worker_pool.w", service({ use_default: false }))]),
  },
  {
    id: "C006",
    name: "a function whose policy is taken away, and one that keeps it",
    bad: planOf([
      changed(
        FUNCTION,
        {
          project: PROJECT,
          location: "us-central1",
          name: "f",
          service_config: [{ binary_authorization_policy: "default" }],
        },
        { project: PROJECT, location: "us-central1", name: "f", service_config: [{ binary_authorization_policy: "" }] },
      ),
    ]),
    twin: planOf([
      same(FUNCTION, {
        project: PROJECT,
        location: "us-central1",
        name: "f",
        service_config: [{ binary_authorization_policy: "default" }],
      }),
    ]),
  },
  {
    id: "C007",
    name: "break-glass, and another reason for one that was there",
    bad: planOf([changed(SERVICE, service(DEFAULT), service({ ...DEFAULT, breakglass_justification: "hotfix" }))]),
    twin: planOf([
      changed(
        SERVICE,
        service({ ...DEFAULT, breakglass_justification: "hotfix" }),
        service({ ...DEFAULT, breakglass_justification: "hotfix 2" }),
      ),
    ]),
    expected: { severity: "high", effects: ["opens"], after: "hotfix" },
  },
  {
    id: "C008",
    name: "a platform policy instead of the project's, and the project's instead of none",
    bad: planOf([changed(SERVICE, service(DEFAULT), service({ policy: "projects/p/platforms/cloudRun/policies/x" }))]),
    twin: planOf([changed(SERVICE, service(null), service(DEFAULT))]),
    expected: { severity: "medium", effects: ["blind"] },
  },
  {
    id: "C009",
    name: "a fleet whose default is switched off, and on",
    bad: planOf([changed(FLEET, fleet("POLICY_BINDINGS"), fleet("DISABLED"))]),
    twin: planOf([changed(FLEET, fleet("DISABLED"), fleet("POLICY_BINDINGS"))]),
    expected: { severity: "high", effects: ["opens"] },
  },
  {
    id: "C009",
    name: "an attached cluster that is switched off, and one that stays",
    bad: planOf([changed(ATTACHED, attached("PROJECT_SINGLETON_POLICY_ENFORCE"), attached("DISABLED"))]),
    twin: planOf([same(ATTACHED, attached("DISABLED"))]),
  },
  {
    id: "C010",
    name: "the API of Binary Authorization disabled, and another one",
    bad: planOf([deleted(API, api("binaryauthorization", true))]),
    twin: planOf([deleted(API, api("compute", true))]),
    expected: { severity: "critical", effects: ["opens", "blocks"] },
  },
  {
    id: "C010",
    name: "the API of Artifact Analysis leaves Terraform without being disabled, and stays",
    bad: planOf([deleted(API, api("containeranalysis", false))]),
    twin: planOf([same(API, api("containeranalysis", false))]),
    expected: { severity: "low", effects: ["blind"] },
  },
  {
    id: "C011",
    name: "another policy that Cloud Run may use, and one less",
    bad: planOf([
      changed(ORG, allowing(["default"]), allowing(["default", "projects/p/platforms/cloudRun/policies/x"])),
    ]),
    twin: planOf([changed(ORG, allowing(["default", "x"]), allowing(["default"]))]),
    expected: { severity: "critical", effects: ["opens"], target: ORG_NAME },
  },
  {
    id: "C011",
    name: "the policy of the organization taken away, and another policy of it",
    bad: planOf([deleted(ORG, allowing(["default"]))]),
    twin: planOf([deleted(ORG, boolean("projects/sec-proj/policies/compute.requireOsLogin", "TRUE"))]),
  },
  {
    id: "C011",
    name: "a custom constraint on Binary Authorization that is not enforced any more, and one on something else",
    bad: planOf([
      same("google_org_policy_custom_constraint.c", {
        name: "custom.gkeBinauthz",
        parent: "organizations/1",
        action_type: "DENY",
        condition: "resource.binaryAuthorization.evaluationMode == 'DISABLED'",
      }),
      changed(
        ORG,
        boolean("projects/sec-proj/policies/custom.gkeBinauthz", "TRUE"),
        boolean("projects/sec-proj/policies/custom.gkeBinauthz", "FALSE"),
      ),
    ]),
    twin: planOf([
      changed(
        ORG,
        boolean("projects/sec-proj/policies/custom.other", "TRUE"),
        boolean("projects/sec-proj/policies/custom.other", "FALSE"),
      ),
    ]),
  },
  {
    id: "C011",
    name: "a list that goes over to a dry run, and one that gets a dry run beside it",
    bad: planOf([changed(ORG, allowing(["default"]), { ...allowing([]), spec: [], dry_run_spec: [{ rules: [] }] })]),
    twin: planOf([changed(ORG, allowing(["default"]), { ...allowing(["default"]), dry_run_spec: [{ rules: [] }] })]),
    expected: { severity: "critical", after: "nothing by itself" },
  },
  {
    id: "C011",
    name: "a constraint on clusters that goes over to a dry run, and one that was in a dry run already",
    bad: planOf([
      changed(ORG, boolean(CLUSTERS, "TRUE"), { ...boolean(CLUSTERS, "TRUE"), spec: [], dry_run_spec: DRY_RUN }),
    ]),
    twin: planOf([
      changed(
        ORG,
        { ...boolean(CLUSTERS, "TRUE"), spec: [], dry_run_spec: DRY_RUN },
        { ...boolean(CLUSTERS, "TRUE"), spec: [], dry_run_spec: [] },
      ),
    ]),
    expected: { severity: "critical", target: CLUSTERS, before: "enforced" },
  },
  {
    id: "C011",
    name: "a policy of the project that overrides the folder's, and one that says the same",
    bad: planOf([created(ORG, boolean(CLUSTERS, "FALSE"))]),
    twin: planOf([created(ORG, boolean(CLUSTERS, "TRUE"))]),
    expected: { severity: "critical", effects: ["opens"], after: "not enforced" },
  },
  {
    id: "C011",
    name: "a policy that is reset, and one that is read only",
    bad: planOf([changed(ORG, boolean(CLUSTERS, "TRUE"), { ...boolean(CLUSTERS, "TRUE"), spec: [{ reset: true }] })]),
    twin: planOf([same(ORG, boolean(CLUSTERS, "TRUE"))]),
  },
  {
    id: "C011",
    name: "a custom constraint on the annotation of Cloud Run taken away, and one on another annotation",
    bad: planOf([
      deleted("google_org_policy_custom_constraint.c", onAnnotation("run.googleapis.com/binary-authorization")),
    ]),
    twin: planOf([deleted("google_org_policy_custom_constraint.c", onAnnotation("run.googleapis.com/ingress"))]),
    expected: { severity: "critical", target: "organizations/1/customConstraints/custom.run" },
  },
  {
    id: "C011",
    name: "a custom constraint that says the opposite, and its other display name",
    bad: planOf([
      changed(
        "google_org_policy_custom_constraint.c",
        onAnnotation("run.googleapis.com/binary-authorization"),
        onAnnotation("run.googleapis.com/binary-authorization", { action_type: "ALLOW" }),
      ),
    ]),
    twin: planOf([
      changed(
        "google_org_policy_custom_constraint.c",
        onAnnotation("run.googleapis.com/binary-authorization"),
        onAnnotation("run.googleapis.com/binary-authorization", { display_name: "Cloud Run asks" }),
      ),
    ]),
    undecided: true,
  },
  {
    id: "C011",
    name: "software keys allowed, and hardware keys only from now on",
    bad: planOf([changed(ORG, listed(LEVELS, ["is:HSM"]), listed(LEVELS, ["is:HSM", "is:SOFTWARE"]))]),
    twin: planOf([changed(ORG, listed(LEVELS, ["is:HSM", "is:SOFTWARE"]), listed(LEVELS, ["is:HSM"]))]),
    expected: { severity: "high", effects: ["opens"] },
  },
  {
    id: "C011",
    name: "a shorter delay before keys are destroyed, and a longer one",
    bad: planOf([changed(ORG, listed(DELAY, ["in:30d"]), listed(DELAY, ["in:7d"]))]),
    twin: planOf([changed(ORG, listed(DELAY, ["in:30d"]), listed(DELAY, ["in:120d"]))]),
    expected: { severity: "high" },
  },
  {
    id: "C011",
    name: "keys of service accounts allowed, and log-ins by serial port",
    bad: planOf([deleted(ORG, boolean(ACCOUNT_KEYS, "TRUE"))]),
    twin: planOf([deleted(ORG, boolean("projects/sec-proj/policies/compute.disableSerialPortAccess", "TRUE"))]),
    expected: { severity: "high" },
  },
  {
    id: "C012",
    name: "a cluster that moves to a zone of its own, and its rule with it",
    bad: planOf([
      replaced(CLUSTER, cluster(), cluster({ location: "us-central1-a" }), "location"),
      same(POLICY, policy({ byDefault: ALLOW, clusters: { "us-central1.prod": ATTEST } })),
    ]),
    twin: planOf([
      replaced(CLUSTER, cluster(), cluster({ location: "us-central1-a" }), "location"),
      changed(
        POLICY,
        policy({ byDefault: ALLOW, clusters: { "us-central1.prod": ATTEST } }),
        policy({ byDefault: ALLOW, clusters: { "us-central1-a.prod": ATTEST } }),
      ),
    ]),
    expected: { severity: "high", effects: ["opens"], target: `gke:${PROJECT}/us-central1-a.prod` },
  },
];

casesOf(cases);
