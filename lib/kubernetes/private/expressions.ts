import { BREAK_GLASS, OLD_BREAK_GLASS } from "../../vocabulary/audit-log";

/**
 * The conditions of the guard, in the language of ValidatingAdmissionPolicy (CEL).
 *
 * They are written for failing closed. `has(…)` on plain objects only: optional chaining over a variable was accepted by
 * an API server and was false for every pod. Nothing reads a parameter: where a parameter object is missing, a policy
 * either refuses every change in the namespace or lets everything through. Whatever cannot be evaluated is refused, by
 * `failurePolicy: Fail`.
 */

/** The label that Binary Authorization acts on. Source: https://docs.cloud.google.com/binary-authorization/docs/using-breakglass */
const BREAK_GLASS_LABEL = BREAK_GLASS;

/** The annotation of the first releases, which clusters still act on. */
const BREAK_GLASS_ANNOTATION = OLD_BREAK_GLASS;

/** The account that no one is: permits are granted to it. */
export const PERMIT_ACCOUNT = { namespace: "kube-system", name: "binauthz-break-glass-permit" } as const;

/** An account that no one is either, and that no permit is granted to. It has what all accounts have. */
const UNPERMITTED_ACCOUNT = "binauthz-break-glass-nobody";

/** The resource of the permission; it exists in RBAC only. */
export const PERMISSION = { resource: "breakglasses", verb: "use" } as const;

/** One named condition, as the policy holds it. */
export interface NamedExpression {
  readonly name: string;
  readonly expression: string;
}

/** One check, and what is said to whom it refuses. */
export interface Validation {
  readonly expression: string;
  readonly message: string;
  readonly reason: "Forbidden" | "Invalid";
}

/** What the guard asks for. */
export interface GuardTerms {
  readonly domain: string;
  readonly reasonAnnotation: string;
  readonly ticketAnnotation: string;
  readonly ticketPattern: string;
  readonly gitOpsAccounts: readonly string[];
}

/** A literal of CEL. JSON's escapes are a part of CEL's; a backslash of a pattern is doubled by both. */
export function celString(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replace(/'/g, "\\'")}'`;
}

const celList = (texts: readonly string[]): string => `[${texts.map(celString).join(", ")}]`;

/**
 * The controllers that Kubernetes itself runs, and what each creates out of a workload that was judged before. They hold
 * no permission to use break-glass: without this, a responder's Deployment would never get a ReplicaSet, nor a pod.
 * Full names, not a prefix: any other account of kube-system is judged like everybody else.
 */
const CONTROLLERS = {
  Pod: ["replicaset", "replication", "statefulset", "daemon-set", "job"],
  ReplicaSet: ["deployment"],
  Job: ["cronjob"],
  ControllerRevision: ["statefulset", "daemon-set"],
} as const;

/** Left out by a condition on who asks and for what, never by one on the labels. */
export function matchConditions(): NamedExpression[] {
  const created = Object.entries(CONTROLLERS).map(
    ([kind, names]) =>
      `(request.kind.kind == ${celString(kind)} && request.userInfo.username in ${celList(
        names.map((name) => `system:serviceaccount:kube-system:${name}-controller`),
      )})`,
  );
  const revised = [
    "object.data",
    "object.data.spec",
    "object.data.spec.template",
    "object.data.spec.template.metadata",
  ];
  return [
    { name: "not-a-workload-controller", expression: `!(${created.join(" || ")})` },
    // Other controllers keep other things in revisions.
    {
      name: "carries-pods",
      expression: `request.kind.kind != 'ControllerRevision' || (${revised.map((path) => `has(${path})`).join(" && ")})`,
    },
  ];
}

/** Where a kind keeps the template of its pods. */
function podOf(object: string): string {
  return [
    `request.kind.kind == 'Pod' ? ${object} :`,
    `request.kind.kind == 'CronJob' ? ${object}.spec.jobTemplate.spec.template :`,
    `request.kind.kind == 'PodTemplate' ? ${object}.template :`,
    // The StatefulSet controller makes pods of the revision that the status names, whoever wrote it.
    `request.kind.kind == 'ControllerRevision' ? ${object}.data.spec.template :`,
    `${object}.spec.template`,
  ].join(" ");
}

/** What asks for break-glass: where it stands in the metadata of a pod, and its key. */
const MARKS = [
  ["labels", BREAK_GLASS_LABEL],
  ["annotations", BREAK_GLASS_ANNOTATION],
] as const;

const holds = (pod: string, map: string, key: string): string =>
  `(has(${pod}.metadata.${map}) && ${celString(key)} in ${pod}.metadata.${map})`;

function bypasses(pod: string): string {
  return `has(${pod}.metadata) && (${MARKS.map(([map, key]) => holds(pod, map, key)).join(" || ")})`;
}

/** Which values count is not documented: from "false" to "true" is a use, and so is one mark beside the other. */
function marksKept(pod: string, before: string): string {
  const value = (of: string, map: string, key: string) => `${of}.metadata.${map}[${celString(key)}]`;
  const kept = MARKS.map(
    ([map, key]) =>
      `(!${holds(pod, map, key)} || (${holds(before, map, key)} && ${value(pod, map, key)} == ${value(before, map, key)}))`,
  );
  return `has(${before}.metadata) && ${kept.join(" && ")}`;
}

/** All that can be run: containers, init containers, the ephemeral ones of a running pod, and images that are mounted. */
function imagesOf(pod: string): string {
  const optional = (list: string) => `(has(${pod}.spec.${list}) ? ${pod}.spec.${list}.map(c, c.image) : [])`;
  const mounted = `(has(${pod}.spec.volumes) ? ${pod}.spec.volumes.filter(v, has(v.image) && has(v.image.reference)).map(v, v.image.reference) : [])`;
  return `${pod}.spec.containers.map(c, c.image) + ${optional("initContainers")} + ${optional("ephemeralContainers")} + ${mounted}`;
}

function evidenceOf(pod: string, terms: GuardTerms): string {
  const filled = (key: string, pattern: string) =>
    `${celString(key)} in ${pod}.metadata.annotations && ${pod}.metadata.annotations[${celString(key)}].matches(${celString(pattern)})`;
  return [
    `has(${pod}.metadata) && has(${pod}.metadata.annotations)`,
    filled(terms.reasonAnnotation, "\\S"),
    filled(terms.ticketAnnotation, terms.ticketPattern),
  ].join(" && ");
}

/** In this order: each may use those before it. */
export function variables(terms: GuardTerms): NamedExpression[] {
  return [
    { name: "template", expression: podOf("object") },
    // Not asked for where nothing was there before; any object will do.
    { name: "before", expression: `request.operation != 'UPDATE' ? object : ${podOf("oldObject")}` },
    { name: "breakglass", expression: bypasses("variables.template") },
    { name: "images", expression: imagesOf("variables.template") },
    // Whoever scales or annotates what was let through, a controller above all, brings no image in.
    {
      name: "alreadyGranted",
      expression: `request.operation == 'UPDATE' && variables.breakglass && ${marksKept("variables.template", "variables.before")} && variables.images == ${imagesOf("variables.before")}`,
    },
    { name: "evidence", expression: evidenceOf("variables.template", terms) },
    { name: "evidenceBefore", expression: evidenceOf("variables.before", terms) },
  ];
}

function permission(account: string, domain: string, name?: string): string {
  const named = name === undefined ? "" : `.name(${name})`;
  return `${account}.group(${celString(domain)}).resource('${PERMISSION.resource}').namespace(request.namespace)${named}.check('${PERMISSION.verb}').allowed()`;
}

const permitAccount = (name: string): string => `authorizer.serviceAccount('${PERMIT_ACCOUNT.namespace}', '${name}')`;

const fromGitOps = (terms: GuardTerms): string => `request.userInfo.username in ${celList(terms.gitOpsAccounts)}`;

/**
 * The account of a GitOps controller is often allowed everything, and acts for whoever may merge: its own permission says
 * nothing. What counts is a permit that names the workload, and is for its account alone: what the group of all accounts
 * may, a controller could have brought in with a cluster role, which cannot be told from any other when it is written.
 */
function mayUse(terms: GuardTerms): string {
  const own = permission("authorizer", terms.domain);
  if (terms.gitOpsAccounts.length === 0) {
    return own;
  }
  const workload = "request.resource.resource + '.' + object.metadata.name";
  const permitted = permission(permitAccount(PERMIT_ACCOUNT.name), terms.domain, workload);
  const everybody = permission(permitAccount(UNPERMITTED_ACCOUNT), terms.domain, workload);
  return `(${fromGitOps(terms)} ? has(object.metadata.name) && ${permitted} && !${everybody} : ${own})`;
}

/**
 * What is checked of every workload. No expression asks RBAC more than twice: an API server ends each at a cost of
 * 1,000,000, and refuses; one question costs 350,000. Source: the limits in k8s.io/apiserver, pkg/apis/cel and
 * pkg/cel/library.
 */
export function validations(terms: GuardTerms): Validation[] {
  const gitOps = terms.gitOpsAccounts.length > 0;
  const unused = "!variables.breakglass || variables.alreadyGranted";
  const wide = permission(permitAccount(PERMIT_ACCOUNT.name), terms.domain);
  return [
    {
      expression: `${unused} || ${mayUse(terms)}`,
      message: gitOps
        ? `break-glass skips Binary Authorization: it needs the permission to ${PERMISSION.verb} ${PERMISSION.resource}.${terms.domain} in this namespace, and from a GitOps controller a permit that names this workload`
        : `break-glass skips Binary Authorization: it needs the permission to ${PERMISSION.verb} ${PERMISSION.resource}.${terms.domain} in this namespace`,
      reason: "Forbidden",
    },
    // The role that a permit is bound to can be replaced by one for everything.
    ...(gitOps
      ? [
          {
            expression: `${unused} || !(${fromGitOps(terms)}) || !${wide}`,
            message: `break-glass skips Binary Authorization: the account of the permits may ${PERMISSION.verb} every name of ${PERMISSION.resource}.${terms.domain} in this namespace, where a permit names one workload`,
            reason: "Forbidden" as const,
          },
        ]
      : []),
    {
      // What was there without evidence before the guard came stays operable.
      expression:
        "!variables.breakglass || variables.evidence || (variables.alreadyGranted && !variables.evidenceBefore)",
      message: `break-glass needs a reason and a ticket on the pod or its template: the annotations ${terms.reasonAnnotation} (any text) and ${terms.ticketAnnotation} (matching ${terms.ticketPattern})`,
      reason: "Invalid",
    },
  ];
}

/** What refers to permits in an object of RBAC: the account that they are for, or the resource that they open. */
function isPermit(object: string, domain: string): string {
  const subject = `(has(${object}.subjects) && ${object}.subjects.exists(s, s.kind == 'ServiceAccount' && s.name == '${PERMIT_ACCOUNT.name}' || s.name == 'system:serviceaccount:${PERMIT_ACCOUNT.namespace}:${PERMIT_ACCOUNT.name}'))`;
  // Of every group of the API, a role opens what it names. One that names nothing opens no workload: see validations.
  const named = `'*' in r.apiGroups && has(r.resourceNames) && has(r.resources) && ('${PERMISSION.resource}' in r.resources || '*' in r.resources)`;
  const rule = `(request.kind.kind == 'Role' && has(${object}.rules) && ${object}.rules.exists(r, has(r.apiGroups) && (${celString(domain)} in r.apiGroups || ${named})))`;
  return `(${subject} || ${rule})`;
}

/** What is checked of every role and binding: a permit out of Git would be no permit. */
export function permitValidations(terms: GuardTerms): Validation[] {
  return [
    {
      expression: `!(${fromGitOps(terms)}) || !(${isPermit("object", terms.domain)} || (request.operation == 'UPDATE' && ${isPermit("oldObject", terms.domain)}))`,
      message: "a permit for break-glass is given by a responder, never by a GitOps controller",
      reason: "Forbidden",
    },
  ];
}
