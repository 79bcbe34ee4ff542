import { isRecord, own } from "../trust/private/attribute";
import {
  BREAK_GLASS,
  CLOUD_RUN_DENIED,
  CONTROLLERS,
  ENFORCING_MODES,
  FAILED_OPEN_LABELS,
  KEY_CHANGES,
  OLD_BREAK_GLASS,
  OLD_WEBHOOK,
  POD_KINDS,
  POD_METADATA,
  POLICY_CHANGES,
  SIGNATURE,
  VIOLATES_POLICY,
  WEBHOOK,
  WEBHOOK_FAILED_OPEN,
} from "../vocabulary/audit-log";
import { workloadOf } from "../workloads/owner";
import type { AuditedCall, Fields, LogEntry, Principal } from "./entries";
import type { EventKind, LogKind } from "./kinds";

/** Something that happened. One entry can be several: a pod that a person made with the break-glass label is one. */
export interface AuditEvent {
  readonly kind: Exclude<EventKind, "foreign-signature" | "foreign-change">;
  readonly time: string;
  /** `gke:PROJECT/LOCATION.CLUSTER`, `run:PROJECT/LOCATION/SERVICE`, or the project. */
  readonly place: string;
  readonly namespace?: string;
  /** The workload, the policy, the attestor, the key or the cluster. */
  readonly subject: string;
  readonly principal: Principal;
  readonly images: readonly string[];
  /** What the entry says of it; one line. */
  readonly detail?: string;
}

/** The kind of log that an entry is of; undefined where it is of none that speaks of Binary Authorization. */
export function logKindOf({ log, resourceType, audit }: LogEntry): LogKind | undefined {
  if (audit === undefined) {
    return undefined;
  }
  const activity = log.endsWith("/activity");
  switch (audit.service) {
    case "k8s.io":
      return activity ? "clusters" : undefined;
    case "binaryauthorization.googleapis.com":
      return activity ? "policy" : undefined;
    case "container.googleapis.com":
      return activity ? "enforcement" : undefined;
    case "cloudkms.googleapis.com":
      // Only a signature shows that signatures are logged: other calls are logged by other settings.
      return activity ? "keys" : last(audit.method) === SIGNATURE ? "signatures" : undefined;
    default:
      return log.endsWith("/system_event") && isCloudRun(resourceType) ? "cloud-run" : undefined;
  }
}

/** What an entry says about Binary Authorization. */
export function eventsOf(entry: LogEntry): AuditEvent[] {
  const { audit } = entry;
  if (audit === undefined) {
    return [];
  }
  switch (audit.service) {
    case "k8s.io":
      return kubernetes(entry, audit);
    case "binaryauthorization.googleapis.com":
      return policy(entry, audit);
    case "container.googleapis.com":
      return enforcement(entry, audit);
    case "cloudkms.googleapis.com":
      return keys(entry, audit);
    default:
      return isCloudRun(entry.resourceType) ? cloudRun(entry, audit) : [];
  }
}

function isCloudRun(resourceType: string): boolean {
  return resourceType === "cloud_run_revision" || resourceType === "cloud_run_job";
}

/** Method names are written in a short and in a full form. */
function last(method: string): string {
  return method.slice(method.lastIndexOf(".") + 1);
}

const KUBERNETES_METHOD = /^io\.k8s\.[a-z0-9.]+?\.v\d\w*\.([a-z]+)(?:\.([a-z]+))?\.([a-z]+)$/;
const KUBERNETES_RESOURCE = /namespaces\/([^/]+)\/([^/]+)\/([^/]+)/;

function kubernetes(entry: LogEntry, audit: AuditedCall): AuditEvent[] {
  const [, resource, part, verb] = KUBERNETES_METHOD.exec(audit.method) ?? [];
  const kind = resource === undefined ? undefined : own(POD_KINDS, resource);
  if (kind === undefined || verb === undefined || /^delete/.test(verb)) {
    return [];
  }
  const cluster = (label: string, otherwise = "?") => own(entry.resourceLabels, label) ?? otherwise;
  const [, namespace, , name = "(without a name)"] = KUBERNETES_RESOURCE.exec(audit.resource) ?? [];
  const common = {
    time: entry.time,
    place: `gke:${cluster("project_id", entry.owner)}/${cluster("location")}.${cluster("cluster_name")}`,
    ...(namespace !== undefined && { namespace }),
    principal: audit.principal,
  };
  // Whoever reports a status, or scales, hands back an object that somebody else labelled.
  const sign = part === undefined || part === "ephemeralcontainers" ? carried(audit) : undefined;
  if (kind !== "Pod") {
    return sign !== undefined && !byController(audit.principal)
      ? [
          {
            ...common,
            kind: audit.failed ? "attempt" : "break-glass",
            subject: `${kind} ${name}`,
            images: imagesOf(audit),
            detail: audit.failed
              ? `break-glass, refused: ${oneLine(refusalOf(audit))}`
              : `deployed with the break-glass ${sign}`,
          },
        ]
      : [];
  }
  const pod = { ...common, subject: podSubject(audit, name) };
  const result = verificationResult(entry);
  if (isDenial(audit)) {
    const causes = causesOf(audit.response);
    const named = verifiedImages(causes);
    const message = refusalOf(audit).replace(`admission webhook "${WEBHOOK}" denied the request: `, "");
    return [{ ...pod, kind: "denied", images: named.length > 0 ? named : imagesOf(audit), detail: oneLine(message) }];
  }
  const override = (kind: AuditEvent["kind"], fallback?: string): AuditEvent => {
    const named = verifiedImages(result);
    const detail = result === "" ? fallback : detailOf(result);
    return {
      ...pod,
      kind,
      images: named.length > 0 ? named : imagesOf(audit),
      ...(detail !== undefined && { detail }),
    };
  };
  const skipped =
    isMarked(entry, "break-glass") || (sign !== undefined && (verb === "create" || !byController(audit.principal)));
  if (audit.failed) {
    // Refused by something else: the pod does not run.
    return skipped ? [{ ...override("attempt"), detail: `break-glass, refused: ${oneLine(refusalOf(audit))}` }] : [];
  }
  return [
    ...(skipped ? [override("break-glass", sign && `carries the break-glass ${sign}`)] : []),
    ...(failedOpen(entry) ? [override("failed-open", "Binary Authorization did not answer")] : []),
    ...(isMarked(entry, "dry-run") ? [override("dry-run")] : []),
  ];
}

function byController({ name }: Principal): boolean {
  return name?.startsWith(CONTROLLERS) === true;
}

/**
 * The prefixes of labels: GKE's, and that of clusters outside of Google Cloud.
 * Source of the second: https://docs.cloud.google.com/binary-authorization/docs/viewing-on-prem-logs
 */
const MARKS = [WEBHOOK, "binaryauthorization.googleapis.com"];

function isMarked({ labels }: LogEntry, mark: string): boolean {
  return MARKS.some((prefix) => isSet(own(labels, `${prefix}/${mark}`)));
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== "false";
}

function failedOpen({ labels }: LogEntry): boolean {
  return (
    FAILED_OPEN_LABELS.some((label) => isSet(own(labels, label))) ||
    Object.entries(labels).some(([label, value]) => label.startsWith(`${WEBHOOK_FAILED_OPEN}/`) && value === WEBHOOK)
  );
}

function isDenial({ response }: AuditedCall): boolean {
  const reason = own(response, "reason");
  return (
    own(response, "status") === "Failure" &&
    (reason === VIOLATES_POLICY || (reason === "Forbidden" && textOf(response, "message").includes(OLD_WEBHOOK)))
  );
}

/** What a pod, or what makes pods, carries of break-glass: the word for it, or nothing. */
function carried({ request, response }: AuditedCall): "label" | "annotation" | undefined {
  const found = [request, response].flatMap((body) => POD_METADATA.map((path) => at(body, path)));
  const has = (place: string, name: string) =>
    found.some((metadata) => {
      const map = metadata === undefined ? undefined : own(metadata, place);
      const value = isRecord(map) ? own(map, name) : undefined;
      // A patch takes something away by setting it to null.
      return value !== undefined && value !== null;
    });
  return has("labels", BREAK_GLASS) ? "label" : has("annotations", OLD_BREAK_GLASS) ? "annotation" : undefined;
}

/** The object at a path of fields; undefined where there is none. */
function at(body: Fields, path: string): Fields | undefined {
  let value: unknown = body;
  for (const name of path === "" ? [] : path.split(".")) {
    value = isRecord(value) ? own(value, name) : undefined;
  }
  return isRecord(value) ? value : undefined;
}

function podSubject({ request, response }: AuditedCall, name: string): string {
  const metadata = [response, request]
    .map((body) => own(body, "metadata"))
    .filter(isRecord)
    .find((fields) => typeof fields.name === "string" || typeof fields.generateName === "string");
  if (metadata === undefined) {
    return `Pod ${name}`;
  }
  const owner = workloadOf("Pod", metadata, at(request, "spec") ?? {});
  return `${owner.kind} ${owner.kind === "Pod" && metadata.name === undefined ? name : owner.name}`;
}

const LISTS = ["initContainers", "containers", "ephemeralContainers"];

/** The images that an object names, each once. */
function imagesOf({ request, response }: AuditedCall): string[] {
  const specs = [request, response].flatMap((body) =>
    POD_METADATA.map((path) => at(body, path.replace(/metadata$/, "spec"))),
  );
  const containers = specs.flatMap((spec) => LISTS.map((list) => spec && own(spec, list))).filter(Array.isArray);
  const images = containers
    .flat()
    .filter(isRecord)
    .map(({ image }) => image);
  return [...new Set(images.filter((image) => typeof image === "string"))];
}

function verificationResult({ labels }: LogEntry): string {
  const found = MARKS.map((prefix) => own(labels, `${prefix}/overridden-verification-result`));
  return (found.find((text) => text !== undefined) as string | undefined) ?? "";
}

/** `'IMAGE' : why`, one on each line. */
const RESULT = /^'([^'\n]+)' : (.*)$/gm;

function verifiedImages(text: string): string[] {
  return [...new Set([...text.matchAll(RESULT)].map(([, image]) => image))];
}

function detailOf(text: string): string {
  const found = [...text.matchAll(RESULT)].map(([, , why]) => why.trim());
  return found.length > 0 ? [...new Set(found)].join("; ") : oneLine(text);
}

function causesOf(response: Fields): string {
  const causes = own(at(response, "details") ?? {}, "causes");
  const reasons = (Array.isArray(causes) ? causes : []).filter(isRecord).map((cause) => textOf(cause, "reason"));
  return reasons.join("\n");
}

function refusalOf({ response, message }: AuditedCall): string {
  return textOf(response, "message") || message || "no reason given";
}

function textOf(fields: Fields, name: string): string {
  const value = own(fields, name);
  return typeof value === "string" ? value : "";
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, "; ");
}

function cloudRun(entry: LogEntry, audit: AuditedCall): AuditEvent[] {
  const of = (label: string) => own(entry.resourceLabels, label) as string | undefined;
  const name = of("service_name") ?? of("job_name") ?? "?";
  const common = {
    time: entry.time,
    place: `run:${of("project_id") ?? entry.owner}/${of("location") ?? "?"}/${name}`,
    subject: of("revision_name") === undefined ? name : `revision ${of("revision_name")}`,
    principal: audit.principal,
  };
  const conditions = own(at(audit.response, "status") ?? {}, "conditions");
  const denial = (Array.isArray(conditions) ? conditions : [])
    .filter(isRecord)
    .find(({ reason }) => reason === CLOUD_RUN_DENIED);
  if (denial !== undefined) {
    const message = textOf(denial, "message");
    const [, image] = /^Container image '([^']+)'/.exec(message) ?? [];
    return [{ ...common, kind: "denied", images: image === undefined ? [] : [image], detail: oneLine(message) }];
  }
  const said = breakGlassTexts([audit.request, audit.response, audit.message]);
  return said.length === 0
    ? []
    : [{ ...common, kind: "break-glass", images: imagesOf(audit), detail: said.map(oneLine).sort().join("; ") }];
}

/** What is said of break-glass anywhere: Google's filter looks for the word and for no field. */
function breakGlassTexts(roots: readonly unknown[]): string[] {
  const found = new Set<string>();
  // No recursion: an entry may nest deeper than a stack.
  const open: (readonly [name: string, value: unknown])[] = roots.map((value) => ["", value]);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [name, value] = next;
    if (typeof value === "string") {
      if (/breakglass/i.test(name)) {
        found.add(`justification: ${value}`);
      } else if (/breakglass/i.test(value)) {
        found.add(value);
      }
    } else if (Array.isArray(value)) {
      open.push(...value.map((item): readonly [string, unknown] => [name, item]));
    } else if (isRecord(value)) {
      open.push(...Object.entries(value));
    }
  }
  return [...found];
}

const RULE_MAPS = [
  "clusterAdmissionRules",
  "kubernetesNamespaceAdmissionRules",
  "kubernetesServiceAccountAdmissionRules",
  "istioServiceIdentityAdmissionRules",
];

function policy(entry: LogEntry, audit: AuditedCall): AuditEvent[] {
  const method = last(audit.method);
  if (!POLICY_CHANGES.includes(method)) {
    return [];
  }
  const rules = method === "UpdatePolicy" ? rulesOf(at(audit.request, "policy") ?? audit.request) : [];
  const opened = rules.some(({ open }) => open);
  const what = rules.length === 0 ? method : `${method}: ${rules.map(({ text }) => text).join(", ")}`;
  return [changed(entry, audit, opened ? "policy-opened" : "change", what)];
}

/** Every rule of a policy, and whether it lets every image run: by allowing all, or by a dry run. */
function rulesOf(fields: Fields): { readonly text: string; readonly open: boolean }[] {
  const specific = RULE_MAPS.flatMap((map) => Object.entries(at(fields, map) ?? {}));
  return [["default", own(fields, "defaultAdmissionRule")] as const, ...specific].flatMap(([key, rule]) => {
    if (!isRecord(rule)) {
      return [];
    }
    const mode = textOf(rule, "evaluationMode") || "no evaluation mode";
    const dryRun = textOf(rule, "enforcementMode") === "DRYRUN_AUDIT_LOG_ONLY";
    const attestors = own(rule, "requireAttestationsBy");
    const names = (Array.isArray(attestors) ? attestors : []).map((name) => last(String(name).replace(/^.*\//, ".")));
    const by = names.length === 0 ? "" : ` by ${names.join(" and ")}`;
    return [{ text: `${key} ${mode}${by}${dryRun ? ", dry run" : ""}`, open: mode === "ALWAYS_ALLOW" || dryRun }];
  });
}

function changed(entry: LogEntry, audit: AuditedCall, kind: AuditEvent["kind"], what?: string): AuditEvent {
  const detail = audit.failed ? `${what ?? last(audit.method)}, failed: ${oneLine(refusalOf(audit))}` : what;
  return {
    kind: audit.failed ? "attempt" : kind,
    time: entry.time,
    place: /^projects\/([^/]+)\//.exec(audit.resource)?.[1] ?? entry.owner,
    subject: audit.resource,
    principal: audit.principal,
    images: [],
    ...(detail !== undefined && { detail }),
  };
}

function keys(entry: LogEntry, audit: AuditedCall): AuditEvent[] {
  const method = last(audit.method);
  if (method === SIGNATURE) {
    return [changed(entry, audit, "signature")];
  }
  return KEY_CHANGES.includes(method) ? [changed(entry, audit, "change", method)] : [];
}

/** Source: https://docs.cloud.google.com/kubernetes-engine/docs/reference/rest/v1/ClusterUpdate */
function enforcement(entry: LogEntry, audit: AuditedCall): AuditEvent[] {
  const wanted = at(audit.request, "update.desiredBinaryAuthorization");
  if (!/(^|\.)ClusterManager\.UpdateCluster$/.test(audit.method) || wanted === undefined) {
    return [];
  }
  const mode = textOf(wanted, "evaluationMode");
  const on = ENFORCING_MODES.includes(mode) || [true, "true"].includes(own(wanted, "enabled") as boolean);
  const detail = mode || `enabled: ${String(own(wanted, "enabled") ?? "not said")}`;
  const [, project, location, name] =
    /^projects\/([^/]+)\/(?:zones|locations)\/([^/]+)\/clusters\/([^/]+)/.exec(audit.resource) ?? [];
  const event = changed(entry, audit, on ? "enforcement-on" : "enforcement-off", detail);
  return [
    name === undefined ? event : { ...event, place: `gke:${project}/${location}.${name}`, subject: `cluster ${name}` },
  ];
}
