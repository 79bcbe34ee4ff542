import {
  createAccount,
  createKeyVersion,
  grant,
  type JsonObject,
  METHODS,
  type MethodId,
  putBuild,
  putCluster,
  putIamPolicy,
  putOccurrence,
  type Sandbox,
  startSandbox,
  tokenFor,
} from "../../lib/sandbox";
import { PREDEFINED_ROLES } from "../../lib/vocabulary/role-permissions";
import { call } from "../support/sandbox";
import { ATTESTOR, BLOCK, IMAGE, KEY, makeAttestor, makeKey, NOTE, POLICY, PROJECT, RING, useSandbox } from "./support";

const P = `projects/${PROJECT}`;
const L = `${P}/locations/us-central1`;
const ACCOUNT = `${P}/serviceAccounts/signer@${PROJECT}.iam.gserviceaccount.com`;
const CLUSTER = `${L}/clusters/prod`;
const VERSION = `${KEY}/cryptoKeyVersions/1`;
const FOLDER = "folders/1001";
const ORGANIZATION = "organizations/2001";
const WHO = "user:nobody@example.com";

const G = `${P}/locations/global/workloadIdentityPools`;
const TOPIC = `${P}/topics/cloud-builds`;
const SUBSCRIPTION = `${P}/subscriptions/signer`;
const OIDC = {
  oidc: { issuerUri: "https://issuer.example.com" },
  attributeMapping: { "google.subject": "assertion.sub" },
};

const IAM = { getIamPolicy: "GET", setIamPolicy: "POST" } as const;
const DENY = { defaultAdmissionRule: { evaluationMode: "ALWAYS_DENY", enforcementMode: BLOCK } };

type Request = [request: string, body?: JsonObject];

/** A request for every method that needs a permission, against what `arrange` makes. */
const REQUESTS: Partial<Record<MethodId, Request>> = {
  "cloudkms.keyRings.create": [`POST cloudkms/v1/${P}/locations/global/keyRings?keyRingId=new`, {}],
  "cloudkms.keyRings.get": [`GET cloudkms/v1/${RING}`],
  "cloudkms.keyRings.list": [`GET cloudkms/v1/${P}/locations/global/keyRings`],
  "cloudkms.cryptoKeys.create": [
    `POST cloudkms/v1/${RING}/cryptoKeys?cryptoKeyId=new`,
    { purpose: "ASYMMETRIC_SIGN", versionTemplate: { algorithm: "EC_SIGN_P256_SHA256" } },
  ],
  "cloudkms.cryptoKeys.get": [`GET cloudkms/v1/${KEY}`],
  "cloudkms.cryptoKeys.list": [`GET cloudkms/v1/${RING}/cryptoKeys`],
  "cloudkms.cryptoKeys.patch": [`PATCH cloudkms/v1/${KEY}?updateMask=labels`, { labels: {} }],
  "cloudkms.cryptoKeyVersions.create": [`POST cloudkms/v1/${KEY}/cryptoKeyVersions`, {}],
  "cloudkms.cryptoKeyVersions.get": [`GET cloudkms/v1/${VERSION}`],
  "cloudkms.cryptoKeyVersions.list": [`GET cloudkms/v1/${KEY}/cryptoKeyVersions`],
  "cloudkms.cryptoKeyVersions.patch": [`PATCH cloudkms/v1/${VERSION}?updateMask=state`, { state: "DISABLED" }],
  "cloudkms.cryptoKeyVersions.destroy": [`POST cloudkms/v1/${VERSION}:destroy`, {}],
  "cloudkms.cryptoKeyVersions.restore": [`POST cloudkms/v1/${KEY}/cryptoKeyVersions/2:restore`, {}],
  "cloudkms.cryptoKeyVersions.getPublicKey": [`GET cloudkms/v1/${VERSION}/publicKey`],
  "cloudkms.cryptoKeyVersions.asymmetricSign": [`POST cloudkms/v1/${VERSION}:asymmetricSign`, { data: "eA==" }],
  "containeranalysis.notes.create": [`POST containeranalysis/v1/${P}/notes?noteId=new`, { attestation: {} }],
  "containeranalysis.notes.get": [`GET containeranalysis/v1/${NOTE}`],
  "containeranalysis.notes.list": [`GET containeranalysis/v1/${P}/notes`],
  "containeranalysis.notes.patch": [`PATCH containeranalysis/v1/${NOTE}?updateMask=shortDescription`, {}],
  "containeranalysis.notes.delete": [`DELETE containeranalysis/v1/${NOTE}`],
  "containeranalysis.notes.occurrences.list": [`GET containeranalysis/v1/${NOTE}/occurrences`],
  "containeranalysis.occurrences.create": [
    `POST containeranalysis/v1/${P}/occurrences`,
    { noteName: NOTE, resourceUri: "new@sha256:0", attestation: {} },
  ],
  "containeranalysis.occurrences.get": [`GET containeranalysis/v1/OCCURRENCE`],
  "containeranalysis.occurrences.list": [`GET containeranalysis/v1/${P}/occurrences`],
  "containeranalysis.occurrences.patch": [`PATCH containeranalysis/v1/OCCURRENCE?updateMask=remediation`, {}],
  "containeranalysis.occurrences.delete": [`DELETE containeranalysis/v1/OCCURRENCE`],
  "containeranalysis.occurrences.getNotes": [`GET containeranalysis/v1/OCCURRENCE/notes`],
  "binaryauthorization.projects.getPolicy": [`GET binaryauthorization/v1/${POLICY}`],
  "binaryauthorization.projects.updatePolicy": [`PUT binaryauthorization/v1/${POLICY}`, DENY],
  "binaryauthorization.attestors.create": [
    `POST binaryauthorization/v1/${P}/attestors?attestorId=new`,
    { userOwnedGrafeasNote: { noteReference: NOTE } },
  ],
  "binaryauthorization.attestors.get": [`GET binaryauthorization/v1/${ATTESTOR}`],
  "binaryauthorization.attestors.list": [`GET binaryauthorization/v1/${P}/attestors`],
  "binaryauthorization.attestors.update": [
    `PUT binaryauthorization/v1/${ATTESTOR}`,
    { userOwnedGrafeasNote: { noteReference: NOTE } },
  ],
  "binaryauthorization.attestors.delete": [`DELETE binaryauthorization/v1/${ATTESTOR}`],
  "binaryauthorization.attestors.validateAttestationOccurrence": [
    `POST binaryauthorization/v1/${ATTESTOR}:validateAttestationOccurrence`,
    {},
  ],
  "container.clusters.create": [`POST container/v1/${L}/clusters`, { cluster: { name: "new" } }],
  "container.clusters.get": [`GET container/v1/${CLUSTER}`],
  "container.clusters.list": [`GET container/v1/${P}/locations/-/clusters`],
  "container.clusters.update": [
    `PUT container/v1/${CLUSTER}`,
    { update: { desiredBinaryAuthorization: { evaluationMode: "DISABLED" } } },
  ],
  "container.clusters.set": [`POST container/v1/${CLUSTER}:setResourceLabels`, { resourceLabels: {} }],
  "container.clusters.delete": [`DELETE container/v1/${CLUSTER}`],
  "container.nodePools.create": [`POST container/v1/${CLUSTER}/nodePools`, { nodePool: { name: "new" } }],
  "container.nodePools.get": [`GET container/v1/${CLUSTER}/nodePools/default-pool`],
  "container.nodePools.list": [`GET container/v1/${CLUSTER}/nodePools`],
  "container.nodePools.update": [`PUT container/v1/${CLUSTER}/nodePools/default-pool`, {}],
  "container.nodePools.set": [`POST container/v1/${CLUSTER}/nodePools/default-pool:setSize`, { nodeCount: 1 }],
  "container.nodePools.delete": [`DELETE container/v1/${CLUSTER}/nodePools/default-pool`],
  "container.operations.get": [`GET container/v1/OPERATION`],
  "compute.instanceGroupManagers.list": [`GET compute/v1/${P}/zones/us-central1-a/instanceGroupManagers`],
  "compute.instanceGroupManagers.get": [`GET compute/v1/INSTANCE_GROUP_MANAGER`],
  "serviceusage.services.list": [`GET serviceusage/v1/${P}/services`],
  "serviceusage.services.get": [`GET serviceusage/v1/${P}/services/cloudkms.googleapis.com`],
  "serviceusage.services.batchEnable": [`POST serviceusage/v1/${P}/services:batchEnable`, { serviceIds: ["x"] }],
  "serviceusage.services.enable": [`POST serviceusage/v1/${P}/services/x.googleapis.com:enable`, {}],
  "serviceusage.services.disable": [`POST serviceusage/v1/${P}/services/x.googleapis.com:disable`, {}],
  "serviceusage.services.generateServiceIdentity": [
    `POST serviceusage/v1beta1/${P}/services/binaryauthorization.googleapis.com:generateServiceIdentity`,
    {},
  ],
  "cloudresourcemanager.projects.get": [`GET cloudresourcemanager/v1/${P}`],
  "cloudresourcemanager.folders.get": [`GET cloudresourcemanager/v3/${FOLDER}`],
  "cloudresourcemanager.organizations.get": [`GET cloudresourcemanager/v1/${ORGANIZATION}`],
  "cloudbilling.projects.getBillingInfo": [`GET cloudbilling/v1/${P}/billingInfo`],
  "iam.serviceAccounts.create": [`POST iam/v1/${P}/serviceAccounts`, { accountId: "another" }],
  "iam.serviceAccounts.get": [`GET iam/v1/${ACCOUNT}`],
  "iam.serviceAccounts.list": [`GET iam/v1/${P}/serviceAccounts`],
  "iam.serviceAccounts.patch": [`PATCH iam/v1/${ACCOUNT}`, { serviceAccount: {}, updateMask: "displayName" }],
  "iam.serviceAccounts.delete": [`DELETE iam/v1/${ACCOUNT}`],
  "iam.serviceAccounts.enable": [`POST iam/v1/${ACCOUNT}:enable`, {}],
  "iam.serviceAccounts.disable": [`POST iam/v1/${ACCOUNT}:disable`, {}],
  "iam.roles.create": [`POST iam/v1/${P}/roles`, { roleId: "another", role: {} }],
  "iam.roles.get": [`GET iam/v1/${P}/roles/one`],
  "iam.roles.patch": [`PATCH iam/v1/${P}/roles/one?updateMask=title`, { title: "x" }],
  "iam.roles.delete": [`DELETE iam/v1/${P}/roles/one`],
  "iam.roles.undelete": [`POST iam/v1/${P}/roles/gone:undelete`, {}],
  "iamcredentials.serviceAccounts.generateAccessToken": [
    `POST iamcredentials/v1/${ACCOUNT.replace(PROJECT, "-")}:generateAccessToken`,
    { scope: ["https://www.googleapis.com/auth/cloud-platform"] },
  ],
  "artifactregistry.repositories.create": [
    `POST artifactregistry/v1/${L}/repositories?repositoryId=new`,
    { format: "DOCKER" },
  ],
  "artifactregistry.repositories.get": [`GET artifactregistry/v1/${L}/repositories/images`],
  "artifactregistry.repositories.list": [`GET artifactregistry/v1/${L}/repositories`],
  "artifactregistry.repositories.patch": [`PATCH artifactregistry/v1/${L}/repositories/images?updateMask=labels`, {}],
  "artifactregistry.repositories.delete": [`DELETE artifactregistry/v1/${L}/repositories/images`],
  "cloudbuild.triggers.create": [`POST cloudbuild/v1/${L}/triggers`, { name: "new" }],
  "cloudbuild.triggers.get": [`GET cloudbuild/v1/${L}/triggers/build`],
  "cloudbuild.triggers.list": [`GET cloudbuild/v1/${L}/triggers`],
  "cloudbuild.triggers.patch": [`PATCH cloudbuild/v1/${L}/triggers/build`, { name: "build" }],
  "cloudbuild.triggers.delete": [`DELETE cloudbuild/v1/${L}/triggers/build`],
  "cloudbuild.builds.get": [`GET cloudbuild/v1/${L}/builds/done`],
  "cloudbuild.connections.create": [`POST cloudbuild/v2/${L}/connections?connectionId=new`, {}],
  "cloudbuild.connections.get": [`GET cloudbuild/v2/${L}/connections/github`],
  "cloudbuild.connections.delete": [`DELETE cloudbuild/v2/${L}/connections/github`],
  "cloudbuild.repositories.create": [`POST cloudbuild/v2/${L}/connections/github/repositories?repositoryId=new`, {}],
  "cloudbuild.repositories.get": [`GET cloudbuild/v2/${L}/connections/github/repositories/app`],
  "cloudbuild.repositories.delete": [`DELETE cloudbuild/v2/${L}/connections/github/repositories/app`],
  "cloudbuild.operations.get": [`GET cloudbuild/v1/${L}/operations/x`],
  "cloudbuild.builds.list": [`GET cloudbuild/v1/${L}/builds`],
  "cloudbuild.builds.create": [`POST cloudbuild/v1/${L}/builds`, { steps: [{ name: "x" }] }],
  "cloudbuild.builds.approve": [
    `POST cloudbuild/v1/${L}/builds/waiting:approve`,
    { approvalResult: { decision: "APPROVED" } },
  ],
  "cloudbuild.triggers.run": [`POST cloudbuild/v1/${L}/triggers/build:run`, {}],
  "iam.workloadIdentityPools.create": [`POST iam/v1/${G}?workloadIdentityPoolId=another`, {}],
  "iam.workloadIdentityPools.get": [`GET iam/v1/${G}/pool`],
  "iam.workloadIdentityPools.list": [`GET iam/v1/${G}`],
  "iam.workloadIdentityPools.patch": [`PATCH iam/v1/${G}/pool?updateMask=description`, {}],
  "iam.workloadIdentityPools.delete": [`DELETE iam/v1/${G}/pool`],
  "iam.workloadIdentityPools.undelete": [`POST iam/v1/${G}/gone:undelete`, {}],
  "iam.workloadIdentityPools.providers.create": [
    `POST iam/v1/${G}/pool/providers?workloadIdentityPoolProviderId=another`,
    OIDC,
  ],
  "iam.workloadIdentityPools.providers.get": [`GET iam/v1/${G}/pool/providers/oidc`],
  "iam.workloadIdentityPools.providers.list": [`GET iam/v1/${G}/pool/providers`],
  "iam.workloadIdentityPools.providers.patch": [`PATCH iam/v1/${G}/pool/providers/oidc?updateMask=description`, {}],
  "iam.workloadIdentityPools.providers.delete": [`DELETE iam/v1/${G}/pool/providers/oidc`],
  "iam.workloadIdentityPools.providers.undelete": [`POST iam/v1/${G}/pool/providers/gone:undelete`, {}],
  "pubsub.topics.create": [`PUT pubsub/v1/${P}/topics/another`, {}],
  "pubsub.topics.get": [`GET pubsub/v1/${TOPIC}`],
  "pubsub.topics.list": [`GET pubsub/v1/${P}/topics`],
  "pubsub.topics.patch": [`PATCH pubsub/v1/${TOPIC}?updateMask=labels`, { topic: { labels: {} } }],
  "pubsub.topics.delete": [`DELETE pubsub/v1/${TOPIC}`],
  "pubsub.topics.publish": [`POST pubsub/v1/${TOPIC}:publish`, { messages: [{ data: "eA==" }] }],
  "pubsub.topics.subscriptions.list": [`GET pubsub/v1/${TOPIC}/subscriptions`],
  "pubsub.subscriptions.create": [`PUT pubsub/v1/${P}/subscriptions/another`, { topic: TOPIC }],
  "pubsub.subscriptions.get": [`GET pubsub/v1/${SUBSCRIPTION}`],
  "pubsub.subscriptions.list": [`GET pubsub/v1/${P}/subscriptions`],
  "pubsub.subscriptions.patch": [
    `PATCH pubsub/v1/${SUBSCRIPTION}?updateMask=ackDeadlineSeconds`,
    { subscription: { ackDeadlineSeconds: 20 } },
  ],
  "pubsub.subscriptions.delete": [`DELETE pubsub/v1/${SUBSCRIPTION}`],
  "pubsub.subscriptions.pull": [`POST pubsub/v1/${SUBSCRIPTION}:pull`, { maxMessages: 1 }],
  "pubsub.subscriptions.acknowledge": [`POST pubsub/v1/${SUBSCRIPTION}:acknowledge`, { ackIds: [] }],
  "ondemandscanning.scans.analyzePackages": [
    `POST ondemandscanning/v1/${P}/locations/us/scans:analyzePackages`,
    { resourceUri: "app", packages: [{ package: "x" }] },
  ],
  "ondemandscanning.scans.vulnerabilities.list": [
    `GET ondemandscanning/v1/${P}/locations/us/scans/one/vulnerabilities`,
  ],
  "ondemandscanning.operations.get": [`GET ondemandscanning/v1/${P}/locations/us/operations/one`],
};

const POLICIED: [kind: string, path: string][] = [
  ["cloudkms.keyRings", `cloudkms/v1/${RING}`],
  ["cloudkms.cryptoKeys", `cloudkms/v1/${KEY}`],
  ["containeranalysis.notes", `containeranalysis/v1/${NOTE}`],
  ["binaryauthorization.policy", `binaryauthorization/v1/${POLICY}`],
  ["binaryauthorization.attestors", `binaryauthorization/v1/${ATTESTOR}`],
  ["cloudresourcemanager.projects", `cloudresourcemanager/v1/${P}`],
  ["cloudresourcemanager.folders", `cloudresourcemanager/v3/${FOLDER}`],
  ["cloudresourcemanager.organizations", `cloudresourcemanager/v1/${ORGANIZATION}`],
  ["iam.serviceAccounts", `iam/v1/${ACCOUNT}`],
  ["artifactregistry.repositories", `artifactregistry/v1/${L}/repositories/images`],
  ["pubsub.topics", `pubsub/v1/${TOPIC}`],
  ["pubsub.subscriptions", `pubsub/v1/${SUBSCRIPTION}`],
];
for (const [kind, path] of POLICIED) {
  for (const [verb, http] of Object.entries(IAM)) {
    const body = verb === "setIamPolicy" ? { policy: {} } : undefined;
    REQUESTS[`${kind}.${verb}` as MethodId] = [`${http} ${path}:${verb}`, body];
  }
}

const CONSTRAINT = "container.managed.enableBinaryAuthorization";
const DEFINITION = { actionType: "DENY", condition: "true" };

/** What guards a chain: its collections all have the same five methods. */
function fiveOf(kind: string, api: string, collection: string, id: string, create: Request, update: Request): void {
  Object.assign(REQUESTS, {
    [`${kind}.create`]: create,
    [`${kind}.get`]: [`GET ${api}/${collection}/${id}`],
    [`${kind}.list`]: [`GET ${api}/${collection}`],
    [`${kind}.${update[0].startsWith("PUT") || kind === "logging.sinks" ? "update" : "patch"}`]: update,
    [`${kind}.delete`]: [`DELETE ${api}/${collection}/${id}`],
  });
}

const ALERT = { conditions: [{ conditionThreshold: {} }] };
const LISTED: [
  kind: string,
  api: string,
  collection: string,
  id: string,
  query: string,
  body: JsonObject,
  by?: string,
][] = [
  ["monitoring.alertPolicies", "monitoring/v3", `${P}/alertPolicies`, "1", "", ALERT],
  ["monitoring.notificationChannels", "monitoring/v3", `${P}/notificationChannels`, "1", "", {}],
  ["logging.buckets", "logging/v2", `${P}/locations/global/buckets`, "one", "?bucketId=new", {}],
  ["logging.sinks", "logging/v2", `${P}/sinks`, "one", "", { name: "new" }],
  ["logging.metrics", "logging/v2", `${P}/metrics`, "one", "", { name: "new" }, "PUT"],
  ["orgpolicy.policies", "orgpolicy/v2", `${P}/policies`, CONSTRAINT, "", { name: `${P}/policies/run.managed.new` }],
  [
    "orgpolicy.customConstraints",
    "orgpolicy/v2",
    `${ORGANIZATION}/customConstraints`,
    "custom.one",
    "",
    { name: "custom.new", ...DEFINITION },
  ],
  ["run.services", "run/v2", `${L}/services`, "web", "?serviceId=new", {}],
  ["run.jobs", "run/v2", `${L}/jobs`, "nightly", "?jobId=new", {}],
];
for (const [kind, api, collection, id, query, body, by = "PATCH"] of LISTED) {
  const item = `${api}/${collection}/${id}`;
  fiveOf(kind, api, collection, id, [`POST ${api}/${collection}${query}`, body], [`${by} ${item}`, body]);
}
REQUESTS["run.operations.get"] = [`GET run/v2/${L}/operations/x`];

function arrangeGuards({ state }: Sandbox): void {
  const tables = [
    state.alertPolicies,
    state.notificationChannels,
    state.logBuckets,
    state.logSinks,
    state.logMetrics,
    state.orgPolicies,
    state.customConstraints,
    state.runServices,
    state.runJobs,
  ];
  for (const [index, [, , collection, id]] of LISTED.entries()) {
    tables[index][`${collection}/${id}`] = { name: `${collection}/${id}` };
  }
}

/** One of everything; what has a name of the sandbox's choosing is put in for its placeholder. */
async function arrange(sandbox: Sandbox): Promise<Record<string, string>> {
  await makeAttestor(sandbox, await makeKey(sandbox));
  arrangeGuards(sandbox);
  createKeyVersion(sandbox.state, KEY, { state: "DESTROY_SCHEDULED" });
  sandbox.state.cryptoKeyVersions[`${KEY}/cryptoKeyVersions/2`].destroyTime = "2100-01-01T00:00:00Z";
  createAccount(sandbox.state, PROJECT, "signer");
  putCluster(sandbox.state, PROJECT, "us-central1", "prod");
  const pool = sandbox.state.nodePools[`${CLUSTER}/nodePools/default-pool`];
  sandbox.state.customRoles[`${P}/roles/one`] = { name: `${P}/roles/one` };
  sandbox.state.customRoles[`${P}/roles/gone`] = { name: `${P}/roles/gone`, deleted: true };
  const made = [
    call(sandbox, `POST artifactregistry/v1/${L}/repositories?repositoryId=images`, { format: "DOCKER" }),
    call(sandbox, `POST cloudbuild/v1/${L}/triggers`, { name: "build" }),
    call(sandbox, `POST cloudbuild/v2/${L}/connections?connectionId=github`, {}),
    call(sandbox, `POST cloudbuild/v2/${L}/connections/github/repositories?repositoryId=app`, {}),
    call(sandbox, `POST container/v1/${L}/clusters`, { cluster: { name: "other" } }),
    call(sandbox, `POST iam/v1/${G}?workloadIdentityPoolId=pool`, {}),
    call(sandbox, `PUT pubsub/v1/${TOPIC}`, {}),
  ];
  expect((await Promise.all(made)).map(({ status }) => status)).toEqual(made.map(() => 200));
  putBuild(sandbox.state, `${L}/builds/done`, { id: "done", status: "SUCCESS" });
  putBuild(sandbox.state, `${L}/builds/waiting`, { id: "waiting", status: "PENDING" });
  await call(sandbox, `PUT pubsub/v1/${SUBSCRIPTION}`, { topic: TOPIC });
  await call(sandbox, `POST iam/v1/${G}/pool/providers?workloadIdentityPoolProviderId=oidc`, OIDC);
  sandbox.state.workloadIdentityPools[`${G}/gone`] = { name: `${G}/gone`, state: "DELETED" };
  sandbox.state.workloadIdentityProviders[`${G}/pool/providers/gone`] = { state: "DELETED" };
  sandbox.state.scans[`${P}/locations/us/scans/one`] = [];
  return {
    OCCURRENCE: putOccurrence(sandbox.state, PROJECT, { noteName: NOTE, resourceUri: IMAGE }),
    OPERATION: Object.keys(sandbox.state.clusterOperations)[0],
    INSTANCE_GROUP_MANAGER: (pool.instanceGroupUrls as string[])[0].replace(/^.*\/v1\//, ""),
  };
}

/** What a method needs besides its own permission, on another resource. */
const ALSO: Partial<Record<MethodId, string>> = {
  "pubsub.subscriptions.create": "pubsub.topics.attachSubscription",
  "containeranalysis.occurrences.create": "containeranalysis.notes.attachOccurrence",
};

describe("every method", () => {
  const needing = (Object.keys(METHODS) as MethodId[]).filter((id) => METHODS[id].permission !== undefined);

  test("that needs a permission is tried below", () => {
    expect(Object.keys(REQUESTS).sort()).toEqual([...needing].sort());
  });

  test.each(needing)("%s", async (id) => {
    const sandbox = await startSandbox();
    try {
      const names = await arrange(sandbox);
      const [template, body] = REQUESTS[id] ?? [""];
      const request = Object.entries(names).reduce((text, [name, value]) => text.replace(name, value), template);
      const permission = METHODS[id].permission ?? "";
      const holder = /(?:folders|organizations)\/\d+/.exec(request)?.[0] ?? P;
      const before = JSON.stringify(sandbox.state);

      // Every other permission of the chain is of no use.
      const others = [...(PREDEFINED_ROLES.get("roles/owner") ?? [])].filter((other) => other !== permission);
      sandbox.state.customRoles[`${P}/roles/others`] = { includedPermissions: others };
      grant(sandbox.state, holder, `${P}/roles/others`, WHO);
      const refused = await call(sandbox, request, body, WHO);
      expect(refused.status).toBe(403);
      expect(refused.json.error).toMatchObject({
        status: "PERMISSION_DENIED",
        message: expect.stringContaining(`'${permission}'`),
        details: [{ reason: "IAM_PERMISSION_DENIED", metadata: { permission } }],
      });
      delete sandbox.state.customRoles[`${P}/roles/others`];
      delete sandbox.state.iamPolicies[holder];
      sandbox.state.counter = JSON.parse(before).counter;
      expect(JSON.stringify(sandbox.state)).toBe(before);

      const needed = [permission, ALSO[id]].filter((wanted) => wanted !== undefined);
      sandbox.state.customRoles[`${P}/roles/just`] = { includedPermissions: needed };
      grant(sandbox.state, holder, `${P}/roles/just`, WHO);
      const allowed = await call(sandbox, request, body, WHO);
      expect(allowed).toMatchObject({ status: 200 });
      const recorded = sandbox.requests[sandbox.requests.length - 1];
      expect(recorded).toMatchObject({ method: id, principal: WHO, status: 200 });
    } finally {
      await sandbox.close();
    }
  });
});

const google = useSandbox();

describe("where a binding counts", () => {
  const SIGN: Request = [`POST cloudkms/v1/${VERSION}:asymmetricSign`, { data: "eA==" }];
  const signs = async (who = WHO) => (await call(google.sandbox, ...SIGN, who)).status;

  test.each([
    ["the key", KEY, 200],
    ["its ring", RING, 200],
    ["its project", P, 200],
    ["another key of the ring", `${RING}/cryptoKeys/other`, 403],
    ["a key whose name begins alike", KEY.slice(0, -1), 403],
    ["another project", "projects/other-project", 403],
  ])("on %s", async (_, resource, status) => {
    await makeKey(google.sandbox);
    grant(google.sandbox.state, resource, "roles/cloudkms.signer", WHO);
    expect(await signs()).toBe(status);
  });

  test.each([
    ["roles/cloudkms.signer", 200],
    ["roles/cloudkms.signerVerifier", 200],
    ["roles/cloudkms.admin", 403],
    ["roles/cloudkms.publicKeyViewer", 403],
    ["roles/editor", 403],
    ["roles/owner", 200],
    ["roles/no.such", 403],
    ["projects/demo-project/roles/none", 403],
  ])("%s on the key signs: %i", async (role, status) => {
    await makeKey(google.sandbox);
    grant(google.sandbox.state, KEY, role, WHO);
    expect(await signs()).toBe(status);
  });

  test.each([
    ["allUsers", 200],
    ["allAuthenticatedUsers", 200],
    ["user:Nobody@example.com", 200],
    ["domain:example.com", 200],
    ["domain:ample.com", 403],
    ["serviceAccount:nobody@example.com", 403],
    ["user:nobody@example.com.evil.org", 403],
  ])("the member %s is %i for user:nobody@example.com", async (member, status) => {
    await makeKey(google.sandbox);
    grant(google.sandbox.state, KEY, "roles/cloudkms.signer", member);
    expect(await signs()).toBe(status);
  });

  test("a binding with a condition, which nobody evaluates here, opens nothing", async () => {
    await makeKey(google.sandbox);
    putIamPolicy(google.sandbox.state, KEY, {
      bindings: [{ role: "roles/cloudkms.signer", members: [WHO], condition: { title: "always", expression: "true" } }],
    });
    expect(await signs()).toBe(403);
  });

  test("a deleted custom role permits nothing", async () => {
    await makeKey(google.sandbox);
    const role = `${P}/roles/signs`;
    google.sandbox.state.customRoles[role] = {
      name: role,
      includedPermissions: ["cloudkms.cryptoKeyVersions.useToSign"],
    };
    grant(google.sandbox.state, KEY, role, WHO);
    expect(await signs()).toBe(200);
    expect((await call(google.sandbox, `DELETE iam/v1/${role}`)).status).toBe(200);
    expect(await signs()).toBe(403);
  });

  test("an owner does what roles/owner holds, and nothing that it does not", async () => {
    await makeKey(google.sandbox);
    createAccount(google.sandbox.state, PROJECT, "signer");
    expect(await signs(google.sandbox.state.owner)).toBe(200);
    const token = `POST iamcredentials/v1/${ACCOUNT}:generateAccessToken`;
    expect((await call(google.sandbox, token, {})).status).toBe(403);
  });

  test("Binary Authorization's own agent reads what is in its project, and nothing elsewhere", async () => {
    await makeAttestor(google.sandbox, await makeKey(google.sandbox));
    const note = google.sandbox.state.attestors[ATTESTOR].userOwnedGrafeasNote as JsonObject;
    const agent = `serviceAccount:${note.delegationServiceAccountEmail}`;
    const read = (name: string) =>
      call(google.sandbox, `GET containeranalysis/v1/${name}/occurrences`, undefined, agent);
    expect((await read(NOTE)).status).toBe(200);
    expect((await read("projects/other-project/notes/built")).status).toBe(403);
    expect((await call(google.sandbox, `GET binaryauthorization/v1/${POLICY}`, undefined, agent)).status).toBe(403);
  });
});

describe("tokens", () => {
  const get = (headers: Record<string, string>) =>
    fetch(`${google.sandbox.url}/binaryauthorization/v1/${POLICY}`, { headers });

  test.each([
    ["none", {}],
    ["one of a real account", { Authorization: "Bearer ya29.a0AfH6SMBx" }],
    ["a principal that is none", { Authorization: "Bearer principal:somebody" }],
    ["another scheme", { Authorization: `Basic ${tokenFor("user:owner@example.com")}` }],
  ])("%s is refused, and never kept", async (_, headers: Record<string, string>) => {
    const answer = await get(headers);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: { status: "UNAUTHENTICATED" } });
    expect(JSON.stringify(google.sandbox.requests)).not.toContain("ya29");
  });

  test.each(["somebody", "user:", "user:a b@c", "serviceAccount:x", "allUsers", ""])(
    "%j names no principal",
    (text) => {
      expect(() => tokenFor(text)).toThrow(RangeError);
    },
  );

  test("of an impersonated account act as it, until it is disabled", async () => {
    createAccount(google.sandbox.state, PROJECT, "signer");
    const member = `serviceAccount:signer@${PROJECT}.iam.gserviceaccount.com`;
    grant(google.sandbox.state, ACCOUNT, "roles/iam.serviceAccountTokenCreator", WHO);
    const path = `POST iamcredentials/v1/${ACCOUNT.replace(PROJECT, "-")}:generateAccessToken`;
    const { json } = await call(google.sandbox, path, { lifetime: "600s" }, WHO);
    const headers = { Authorization: `Bearer ${json.accessToken}` };
    expect((await get(headers)).status).toBe(403);
    grant(google.sandbox.state, P, "roles/binaryauthorization.policyViewer", member);
    expect((await get(headers)).status).toBe(200);
    expect(google.sandbox.requests[google.sandbox.requests.length - 1]).toMatchObject({ principal: member });
    await call(google.sandbox, `POST iam/v1/${ACCOUNT}:disable`, {});
    expect((await get(headers)).status).toBe(401);
    await call(google.sandbox, `POST iam/v1/${ACCOUNT}:enable`, {});
    expect((await call(google.sandbox, path, { lifetime: "90000s" }, WHO)).status).toBe(400);
  });
});

describe("policies", () => {
  test("are replaced by whoever read them last, and by nobody else", async () => {
    await makeKey(google.sandbox);
    const path = `cloudkms/v1/${KEY}`;
    const before = (await call(google.sandbox, `GET ${path}:getIamPolicy?options.requestedPolicyVersion=3`)).json;
    const change = (member: string) =>
      call(google.sandbox, `POST ${path}:setIamPolicy`, {
        policy: { etag: before.etag, bindings: [{ role: "roles/cloudkms.signer", members: [member] }] },
      });
    const answers = await Promise.all([change("user:a@example.com"), change("user:b@example.com")]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const members = (await call(google.sandbox, `GET ${path}:getIamPolicy`)).json.bindings as JsonObject[];
    expect(members).toHaveLength(1);
    expect(members[0].members).toHaveLength(1);
  });

  test.each<[string, JsonObject]>([
    ["a member without a type", { role: "roles/viewer", members: ["somebody"] }],
    ["a role that is none", { role: "viewer", members: [WHO] }],
    [
      "an account that is not there",
      { role: "roles/viewer", members: [`serviceAccount:gone@${PROJECT}.iam.gserviceaccount.com`] },
    ],
    ["a custom role that is not there", { role: `${P}/roles/gone`, members: [WHO] }],
  ])("with %s are refused", async (_, binding) => {
    const path = `POST cloudresourcemanager/v1/${P}:setIamPolicy`;
    const answer = await call(google.sandbox, path, { policy: { bindings: [binding] } });
    expect(answer).toMatchObject({ status: 400, json: { error: { status: "INVALID_ARGUMENT" } } });
    expect(google.sandbox.state.iamPolicies).toEqual({});
  });

  test("testIamPermissions answers what is held", async () => {
    await makeKey(google.sandbox);
    grant(google.sandbox.state, KEY, "roles/cloudkms.signer", WHO);
    const permissions = ["cloudkms.cryptoKeyVersions.useToSign", "cloudkms.cryptoKeyVersions.viewPublicKey"];
    const path = `POST cloudkms/v1/${KEY}:testIamPermissions`;
    expect((await call(google.sandbox, path, { permissions }, WHO)).json).toEqual({ permissions: [permissions[0]] });
  });
});
