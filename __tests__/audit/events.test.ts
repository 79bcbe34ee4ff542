import { readEntries } from "../../lib/audit/entries";
import { type AuditEvent, eventsOf, logKindOf } from "../../lib/audit/events";
import type { LogKind } from "../../lib/audit/kinds";
import ENTRIES from "../fixtures/audit-log-entries.json";

type Name = keyof typeof ENTRIES;

const read = (entry: unknown) => readEntries([{ source: "logs.json", text: JSON.stringify([entry]) }]).entries[0];
const events = (entry: unknown) => eventsOf(read(entry));

/** What every sample says, as somebody who reads it would. A sample that is nowhere says nothing. */
const SAYS: Readonly<Record<AuditEvent["kind"], readonly Name[]>> = {
  "break-glass": [
    "pod admitted by break-glass",
    "pod created by a person with the label",
    "deployment created with the label",
    "deployment created with the annotation",
    "deployment patched to carry the label",
    "cron job created with the label",
    "labelled deployment created by a GitOps controller",
    "revision with the label written by a person",
    "Cloud Run revision by break-glass",
    "Cloud Run job by break-glass",
  ],
  "failed-open": [
    "pod admitted, backend failed",
    "pod admitted, backend failed, older label",
    "pod admitted, webhook failed",
    "pod admitted, webhook failed as one of many",
  ],
  "enforcement-off": [
    "cluster enforcement disabled",
    "cluster enforcement left to platform policies",
    "cluster enforcement disabled by the deprecated switch",
  ],
  "policy-opened": ["policy opened", "policy put in dry run"],
  denied: [
    "pod denied",
    "pod update denied",
    "pod denied, form of 2019",
    "Cloud Run revision denied",
    "Cloud Run job denied",
  ],
  "dry-run": ["pod admitted by dry run"],
  attempt: ["labelled deployment refused"],
  change: [
    "policy updated",
    "attestor created",
    "attestor updated",
    "attestor deleted",
    "attestor opened to others",
    "key version destroyed",
    "key version disabled",
    "key version created",
    "key opened to others",
    "key ring opened to others",
    "another key ring opened to others",
    "key updated, full method name",
    "another key version destroyed",
  ],
  "enforcement-on": ["cluster enforcement enabled", "cluster enforcement enabled by the deprecated switch"],
  signature: [
    "signature by the signer",
    "signature by the federated signer",
    "signature by a person",
    "signature by a person, full method name",
    "signature by another federated identity",
    "signature by nobody in particular",
    "signature with another key",
  ],
};

const SILENT: readonly Name[] = [
  "pod admitted",
  "pod deleted",
  "pod over quota",
  "pod admitted, another webhook failed",
  "deployment created",
  "labelled deployment scaled by a controller",
  "labelled deployment deleted",
  "revision with the label written by its controller",
  "Cloud Run revision deployed",
  "Cloud Run job executed",
  // What the entry of a dry run on Cloud Run holds is inferred: an alert looks for its words, this command for none.
  "Cloud Run revision admitted by dry run",
  "Cloud Run job admitted by dry run",
  "Cloud Run revision of a service for dry runs",
  "policy read",
  "attestors listed",
  "note opened to others",
  "note deleted",
  "note changed, older method name",
  "note read",
  "attestations of a note listed",
  "attestation created",
  "occurrence opened to others",
  "public key read",
  "cluster logging changed",
  "cluster created without enforcement",
];

test.each(Object.keys(ENTRIES) as Name[])("%s", (name) => {
  const expected = Object.entries(SAYS).flatMap(([kind, names]) => (names.includes(name) ? [kind] : []));
  expect(events(ENTRIES[name]).map(({ kind }) => kind)).toEqual(expected);
});

test("the table has every sample once", () => {
  expect([...Object.values(SAYS).flat(), ...SILENT].sort()).toEqual(Object.keys(ENTRIES).sort());
});

test.each<[Name, Partial<AuditEvent>]>([
  [
    "pod admitted by break-glass",
    {
      place: "gke:my-secure-project/us-central1-a.prod",
      namespace: "prod",
      subject: "Pod web-1",
      images: ["nginx:latest"],
      detail:
        "Image nginx:latest denied by attestor projects/P/attestors/A: Expected digest with sha256 scheme, but got tag or malformed digest",
    },
  ],
  [
    "deployment created with the annotation",
    { subject: "Deployment web", detail: "deployed with the break-glass annotation" },
  ],
  [
    "revision with the label written by a person",
    { subject: "ControllerRevision db-7d4", namespace: "prod", images: ["nginx:latest"] },
  ],
  ["deployment patched to carry the label", { subject: "Deployment web", images: ["nginx:latest"] }],
  [
    "cron job created with the label",
    { subject: "CronJob web", principal: { name: "alice@example.com", impersonatedBy: [] } },
  ],
  ["pod denied, form of 2019", { images: ["nginx:latest"] }],
  [
    "pod denied",
    {
      detail:
        "Image nginx:latest denied by Binary Authorization cluster admission rule for us-central1-a.prod. Denied by always_deny admission rule",
    },
  ],
  ["labelled deployment refused", { detail: "break-glass, refused: break-glass skips Binary Authorization" }],
  ["Cloud Run revision denied", { place: "run:my-secure-project/us-central1/web", images: ["nginx@sha256:aa"] }],
  [
    "Cloud Run revision by break-glass",
    { subject: "revision web-00001-abc", detail: expect.stringContaining("justification: incident 7") },
  ],
  ["cluster enforcement disabled", { place: "gke:my-secure-project/us-central1-a.prod", detail: "DISABLED" }],
  ["policy put in dry run", { detail: "UpdatePolicy: us-central1-a.prod REQUIRE_ATTESTATION, dry run" }],
  [
    "signature by the federated signer",
    {
      place: "my-secure-project",
      principal: {
        name: "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/ci/subject/repo:org/app:ref:refs/heads/main",
        impersonatedBy: [],
      },
    },
  ],
  ["signature by nobody in particular", { principal: { impersonatedBy: [] } }],
])("%s in full", (name, expected) => {
  expect(events(ENTRIES[name])).toEqual([expect.objectContaining(expected)]);
});

test.each<[LogKind | undefined, Name]>([
  ["clusters", "pod admitted"],
  ["cloud-run", "Cloud Run revision deployed"],
  ["policy", "attestor created"],
  [undefined, "policy read"],
  ["keys", "key version created"],
  ["signatures", "signature by a person, full method name"],
  // Reading a public key says nothing about whether signatures are logged.
  [undefined, "public key read"],
  ["enforcement", "cluster logging changed"],
])("the log %s has: %s", (kind, name) => {
  expect(logKindOf(read(ENTRIES[name]))).toBe(kind);
});

/** A sample with something changed. */
function changed(name: Name, change: (entry: Changeable) => void): unknown {
  const copy = structuredClone(ENTRIES[name]) as unknown as Changeable;
  change(copy);
  return copy;
}

interface Changeable {
  labels: Record<string, string>;
  resource: { type: string };
  protoPayload: Record<string, unknown> & {
    request: Record<string, unknown>;
    response: Record<string, unknown>;
    authenticationInfo: Record<string, unknown>;
  };
}

describe("beside the samples", () => {
  const FAILED = { status: { code: 7, message: "PERMISSION_DENIED" } };

  test.each<Name>(["policy opened", "key opened to others", "signature by a person", "cluster enforcement disabled"])(
    "%s, but not allowed to, is an attempt",
    (name) => {
      const [event] = events(changed(name, ({ protoPayload }) => Object.assign(protoPayload, FAILED)));
      expect(event).toMatchObject({ kind: "attempt", detail: expect.stringMatching(/failed: PERMISSION_DENIED$/) });
    },
  );

  test("a pod with the label that something else refused does not run", () => {
    const refused = changed("pod created by a person with the label", ({ protoPayload }) => {
      protoPayload.response = { status: "Failure", reason: "Forbidden", message: "exceeded quota: compute" };
    });
    expect(events(refused).map(({ kind, detail }) => [kind, detail])).toEqual([
      ["attempt", "break-glass, refused: exceeded quota: compute"],
    ]);
  });

  test("a pod that a controller makes with the old annotation counts without the label of the log", () => {
    const old = changed("pod admitted", ({ protoPayload }) => {
      protoPayload.request = {
        metadata: { name: "web-1", annotations: { "alpha.image-policy.k8s.io/break-glass": "true" } },
      };
    });
    expect(events(old)).toEqual([
      expect.objectContaining({ kind: "break-glass", detail: "carries the break-glass annotation" }),
    ]);
  });

  test("a patch that takes the label away is none", () => {
    const removed = changed("deployment patched to carry the label", ({ protoPayload }) => {
      protoPayload.request = {
        metadata: null,
        spec: { template: { metadata: { labels: { "image-policy.k8s.io/break-glass": null } } } },
      };
      protoPayload.response = {};
    });
    expect(events(removed)).toEqual([]);
  });

  test("a node that reports the status of a labelled pod did not label it", () => {
    const status = changed("pod created by a person with the label", (entry) => {
      entry.labels = {};
      entry.protoPayload.methodName = "io.k8s.core.v1.pods.status.patch";
      entry.protoPayload.authenticationInfo = { principalEmail: "system:node:gke-1" };
    });
    expect(events(status)).toEqual([]);
  });

  test("a pod is named by its Deployment, as far as its labels say it", () => {
    const owned = changed("pod admitted by break-glass", ({ protoPayload }) => {
      protoPayload.response = {
        metadata: {
          name: "web-5d4b9c7f6-x",
          labels: { "pod-template-hash": "5d4b9c7f6" },
          ownerReferences: [{ kind: "ReplicaSet", name: "web-5d4b9c7f6", controller: true }],
        },
      };
    });
    expect(events(owned)[0].subject).toBe("Deployment web");
  });

  test("a workload is called alike whatever of it the entry has", () => {
    const patch = changed("deployment patched to carry the label", ({ protoPayload }) => {
      protoPayload.response = {};
    });
    expect(events(patch)[0].subject).toBe("Deployment web");
  });

  test("labels of clusters outside of Google Cloud", () => {
    const outside = changed("pod admitted", (entry) => {
      entry.labels = { "binaryauthorization.googleapis.com/dry-run": "true" };
    });
    expect(events(outside).map(({ kind }) => kind)).toEqual(["dry-run"]);
  });

  test("a label that says false is none", () => {
    const no = changed("pod admitted", (entry) => {
      entry.labels = { "imagepolicywebhook.image-policy.k8s.io/dry-run": "false" };
    });
    expect(events(no)).toEqual([]);
  });

  test("a job of Cloud Run", () => {
    const job = changed("Cloud Run revision denied", (entry) => {
      Object.assign(entry.resource, {
        type: "cloud_run_job",
        labels: { project_id: "p", location: "eu", job_name: "nightly" },
      });
    });
    expect(events(job)).toEqual([expect.objectContaining({ place: "run:p/eu/nightly", subject: "nightly" })]);
  });

  test("who used an account in its name", () => {
    const delegated = changed("policy updated", ({ protoPayload }) => {
      protoPayload.authenticationInfo = {
        principalEmail: "terraform@example.com",
        serviceAccountDelegationInfo: [{ firstPartyPrincipal: { principalEmail: "alice@example.com" } }, {}],
      };
    });
    expect(events(delegated)[0].principal).toEqual({
      name: "terraform@example.com",
      impersonatedBy: ["alice@example.com"],
    });
  });

  test("words of every object are no fields of an entry", () => {
    const named = changed("cluster enforcement disabled", ({ protoPayload }) => {
      protoPayload.request = JSON.parse('{"__proto__":{"update":{"desiredBinaryAuthorization":{}}}}');
    });
    expect(events(named)).toEqual([]);
  });

  test("nesting deeper than a stack", () => {
    const deep = `${'{"a":'.repeat(20_000)}"breakglass"${"}".repeat(20_000)}`;
    const entry = JSON.stringify(ENTRIES["Cloud Run revision deployed"]).replace(
      /"response":/,
      `"request":${deep},"response":`,
    );
    const { entries } = readEntries([{ source: "x", text: `[${entry}]` }]);
    expect(eventsOf(entries[0]).map(({ kind }) => kind)).toEqual(["break-glass"]);
  });
});
