import type { AdmissionRequest } from "../support/validating-admission-policy";
import {
  ALL_KINDS,
  ARGO,
  BROKEN,
  controller,
  create,
  EVIDENCE,
  LABEL,
  OLD_ANNOTATION,
  type PodOptions,
  REASON,
  TICKET,
  update,
  workload,
} from "./support";

/** One request and what has to come of it. */
export interface Row {
  readonly what: string;
  readonly request: AdmissionRequest;
  /** Why it is refused: no permission, no evidence. None: admitted. */
  readonly refused: readonly ("permission" | "evidence")[];
}

const row = (what: string, request: AdmissionRequest, ...refused: Row["refused"]): Row => ({ what, request, refused });

const label = (value: string): PodOptions => ({ ...BROKEN, labels: { [LABEL]: value } });
const ANNOTATED: PodOptions = { annotations: { ...EVIDENCE, [OLD_ANNOTATION]: "true" } };
const BOTH: PodOptions = { ...BROKEN, ...ANNOTATED };
const bare = (annotations?: Record<string, string>): PodOptions => ({ labels: { [LABEL]: "true" }, annotations });
const OTHER = "example.com/other:1";

const REPLACEABLE = ["PodTemplate", "ReplicationController", "Deployment", "StatefulSet", "DaemonSet", "CronJob"];

/** Requests that a guard without GitOps mode judges. */
export const ROWS: readonly Row[] = [
  ...ALL_KINDS.flatMap((kind) => [
    row(`developer creates a plain ${kind}`, create("developer", workload(kind))),
    row(`developer creates a ${kind} with the label`, create("developer", workload(kind, BROKEN)), "permission"),
    row(
      `developer creates a ${kind} with the annotation`,
      create("developer", workload(kind, ANNOTATED)),
      "permission",
    ),
    row(`responder creates a ${kind} with the label`, create("responder", workload(kind, BROKEN))),
    row(`responder creates a ${kind} with the annotation`, create("responder", workload(kind, ANNOTATED))),
    row(`responder gives no evidence for a ${kind}`, create("responder", workload(kind, bare())), "evidence"),
    row(`cluster administrator creates a ${kind} with the label`, create("admin", workload(kind, BROKEN))),
  ]),
  // The value is Google's to read: which ones count is not documented.
  row("developer creates a Pod with another value", create("developer", workload("Pod", label("false"))), "permission"),
  row("developer creates a Pod with an empty value", create("developer", workload("Pod", label(""))), "permission"),
  row(
    "developer labels the Deployment, but not its pods",
    create("developer", workload("Deployment", { ownLabels: { [LABEL]: "true" } })),
  ),
  row(
    "developer creates a Pod with other labels and annotations",
    create("developer", workload("Pod", { labels: { app: "web" }, annotations: { owner: "web" } })),
  ),
  row(
    "developer creates a bare Pod with the label",
    create("developer", workload("Pod", bare())),
    "permission",
    "evidence",
  ),
  row("responder gives no ticket", create("responder", workload("Pod", bare({ [REASON]: "down" }))), "evidence"),
  row("responder gives no reason", create("responder", workload("Pod", bare({ [TICKET]: "INC-1" }))), "evidence"),
  row(
    "responder gives an empty reason",
    create("responder", workload("Pod", bare({ [REASON]: " ", [TICKET]: "INC-1" }))),
    "evidence",
  ),
  row(
    "responder gives a ticket of another form",
    create("responder", workload("Pod", bare({ [REASON]: "down", [TICKET]: "see chat" }))),
    "evidence",
  ),

  ...[
    { what: "of another controller", data: { apiVersion: "example.com/v1", spec: { cpu: { guest: 2 } } } },
    { what: "with nothing in it", data: {} },
    { what: "of pods without metadata", data: { spec: { template: { spec: { containers: [] } } } } },
  ].map(({ what, data }) =>
    row(`somebody creates a revision ${what}`, create("developer", { ...workload("ControllerRevision"), data })),
  ),

  // Later changes.
  row("developer labels a Pod", update("developer", workload("Pod"), workload("Pod", BROKEN)), "permission"),
  row(
    "developer turns the label of a Pod on",
    update("developer", workload("Pod", label("false")), workload("Pod", label("true"))),
    "permission",
  ),
  row("responder labels a Pod", update("responder", workload("Pod"), workload("Pod", BROKEN))),
  ...REPLACEABLE.flatMap((kind) => [
    row(
      `developer patches the label into a ${kind}`,
      update("developer", workload(kind), workload(kind, BROKEN)),
      "permission",
    ),
    row(`responder patches the label into a ${kind}`, update("responder", workload(kind), workload(kind, BROKEN))),
    row(
      `developer swaps the image of a labelled ${kind}`,
      update("developer", workload(kind, BROKEN), workload(kind, { ...BROKEN, image: OTHER })),
      "permission",
    ),
    row(
      `developer swaps the init image of a labelled ${kind}`,
      update(
        "developer",
        workload(kind, { ...BROKEN, initImage: "example.com/init:1" }),
        workload(kind, { ...BROKEN, initImage: OTHER }),
      ),
      "permission",
    ),
    row(
      `developer adds an init container to a labelled ${kind}`,
      update("developer", workload(kind, BROKEN), workload(kind, { ...BROKEN, initImage: OTHER })),
      "permission",
    ),
    row(
      `developer mounts an image into a labelled ${kind}`,
      update("developer", workload(kind, BROKEN), workload(kind, { ...BROKEN, mountedImage: OTHER })),
      "permission",
    ),
    row(
      `developer annotates a labelled ${kind} that mounts an image`,
      update(
        "developer",
        workload(kind, { ...BROKEN, mountedImage: OTHER }),
        workload(kind, { ...BROKEN, mountedImage: OTHER, ownLabels: { team: "web" } }),
      ),
    ),
    // A chart that always writes the label, as "false", from before there was a guard.
    row(
      `developer turns the label of a ${kind} on`,
      update("developer", workload(kind, label("false")), workload(kind, label("true"))),
      "permission",
    ),
    row(
      `developer turns the annotation of a ${kind} on`,
      update(
        "developer",
        workload(kind, { annotations: { ...EVIDENCE, [OLD_ANNOTATION]: "false" } }),
        workload(kind, ANNOTATED),
      ),
      "permission",
    ),
    row(
      `developer adds the label to a ${kind} with the annotation`,
      update("developer", workload(kind, ANNOTATED), workload(kind, BOTH)),
      "permission",
    ),
    row(
      `developer takes the annotation off a labelled ${kind}`,
      update("developer", workload(kind, BOTH), workload(kind, BROKEN)),
    ),
    row(
      `responder turns the label of a ${kind} on`,
      update("responder", workload(kind, label("false")), workload(kind, label("true"))),
    ),
    row(
      `developer annotates a labelled ${kind}`,
      update("developer", workload(kind, BROKEN), workload(kind, { ...BROKEN, ownLabels: { team: "web" } })),
    ),
    row(
      `developer takes the label off a ${kind}`,
      update("developer", workload(kind, BROKEN), workload(kind, { annotations: EVIDENCE })),
    ),
    row(
      `developer takes the evidence off a labelled ${kind}`,
      update("developer", workload(kind, BROKEN), workload(kind, bare())),
      "evidence",
    ),
    row(
      `developer annotates a ${kind} that was labelled before there was a guard`,
      update("developer", workload(kind, bare()), workload(kind, { ...bare(), ownLabels: { team: "web" } })),
    ),
  ]),
  row(
    "developer scales a labelled Deployment",
    update(
      "developer",
      workload("Deployment", { ...BROKEN, replicas: 1 }),
      workload("Deployment", { ...BROKEN, replicas: 5 }),
    ),
  ),
  row(
    "developer swaps the image of a labelled Pod",
    update("developer", workload("Pod", BROKEN), workload("Pod", { ...BROKEN, image: OTHER })),
    "permission",
  ),
  row(
    "developer swaps the image of a plain Pod",
    update("developer", workload("Pod"), workload("Pod", { image: OTHER })),
  ),
  row(
    "developer debugs a plain Pod",
    update("developer", workload("Pod"), workload("Pod", { debugImage: OTHER }), "/ephemeralcontainers"),
  ),
  row(
    "developer debugs a labelled Pod",
    update(
      "developer",
      workload("Pod", BROKEN),
      workload("Pod", { ...BROKEN, debugImage: OTHER }),
      "/ephemeralcontainers",
    ),
    "permission",
  ),
  row(
    "responder debugs a labelled Pod",
    update(
      "responder",
      workload("Pod", BROKEN),
      workload("Pod", { ...BROKEN, debugImage: OTHER }),
      "/ephemeralcontainers",
    ),
  ),

  // What Kubernetes makes of a workload that was judged.
  ...[
    ["replicaset", "Pod"],
    ["replication", "Pod"],
    ["statefulset", "Pod"],
    ["daemon-set", "Pod"],
    ["job", "Pod"],
    ["deployment", "ReplicaSet"],
    ["cronjob", "Job"],
    ["statefulset", "ControllerRevision"],
    ["daemon-set", "ControllerRevision"],
  ].flatMap(([name, kind]) => [
    row(`the ${name} controller creates a labelled ${kind}`, create(controller(name), workload(kind, BROKEN))),
    row(`the ${name} controller creates a plain ${kind}`, create(controller(name), workload(kind))),
    row(
      `the ${name} controller keeps a labelled ${kind} up to date`,
      update(controller(name), workload(kind, BROKEN), workload(kind, { ...BROKEN, ownLabels: { team: "web" } })),
    ),
  ]),
  row(
    "the garbage collector changes a labelled Pod",
    update(
      controller("generic-garbage-collector").replace(/-controller$/, ""),
      workload("Pod", BROKEN),
      workload("Pod", { ...BROKEN, ownLabels: { team: "web" } }),
    ),
  ),
  ...[
    ["replicaset", "Deployment"],
    ["deployment", "Pod"],
    ["cronjob", "Pod"],
    ["replicaset", "ReplicaSet"],
    ["job", "Job"],
    ["namespace", "Pod"],
    ["deployment", "ControllerRevision"],
  ].map(([name, kind]) =>
    row(
      `the ${name} controller creates a labelled ${kind}, which is not its to make`,
      create(controller(name), workload(kind, BROKEN)),
      "permission",
    ),
  ),
  row(
    "another account of kube-system creates a labelled Pod",
    create("system:serviceaccount:kube-system:default", workload("Pod", BROKEN)),
    "permission",
  ),
  row(
    "an account of the same name in another namespace creates a labelled Pod",
    create("system:serviceaccount:prod:replicaset-controller", workload("Pod", BROKEN)),
    "permission",
  ),
  row(
    "another operator creates a labelled Pod",
    create("system:serviceaccount:tekton:tekton-pipelines-controller", workload("Pod", BROKEN)),
    "permission",
  ),
];

/** The same for a guard in GitOps mode, where Argo CD holds a permit for the Deployment `web`. */
export const GITOPS_ROWS: readonly Row[] = [
  ...ROWS,
  row("Argo CD brings in the Deployment of the permit", create(ARGO, workload("Deployment", BROKEN))),
  row(
    "Argo CD labels the Deployment of the permit",
    update(ARGO, workload("Deployment"), workload("Deployment", BROKEN)),
  ),
  row("Argo CD brings in another Deployment", create(ARGO, workload("Deployment", BROKEN, "api")), "permission"),
  ...ALL_KINDS.filter((kind) => kind !== "Deployment").map((kind) =>
    row(`Argo CD brings in a ${kind} of the same name`, create(ARGO, workload(kind, BROKEN)), "permission"),
  ),
  ...ALL_KINDS.map((kind) => row(`Argo CD brings in a plain ${kind}`, create(ARGO, workload(kind)))),
  row("the permit needs evidence as well", create(ARGO, workload("Deployment", bare())), "evidence"),
  row(
    "Argo CD syncs what was let through before",
    update(
      ARGO,
      workload("Deployment", BROKEN, "api"),
      workload("Deployment", { ...BROKEN, ownLabels: { team: "web" } }, "api"),
    ),
  ),
];
