import { Refusals } from "../../constructs/private/refusals";
import { ProblemCode, show } from "../../vocabulary/problem";
import type { NameGrammar } from "../../vocabulary/resource-name";
import type { BreakGlassGuardProps, BreakGlassPermit } from "../break-glass-guard";
import type { GuardSettings, PermitSettings } from "./objects";

/** Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ (RFC 1123 label). */
const LABEL: NameGrammar = {
  pattern: /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
  allowed: "1 to 63 lower-case letters, digits and hyphens, starting and ending with a letter or digit",
};

/** Source: as above (RFC 1123 subdomain), and long enough for the suffixes that the guard appends. */
const NAME: NameGrammar = {
  pattern: /^(?=.{1,200}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/,
  allowed: "up to 200 lower-case letters, digits, hyphens and dots, starting and ending with a letter or digit",
};

const DOMAIN: NameGrammar = {
  pattern: /^(?=.{1,200}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/,
  allowed: 'a DNS name with a dot in it, for example "binauthz.example.com"',
};

const ACCOUNT = /^system:serviceaccount:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;

// RE2, the language of `matches`, has neither; an expression that does not compile would refuse every use.
const NOT_IN_RE2 = /\(\?(?:[=!]|<[=!])|\\[1-9]|\\k</;

/** Every domain that Kubernetes keeps for itself. */
const RESERVED_DOMAIN = /(?:^|\.)(?:k8s|kubernetes)\.io$/;

/** The resources that carry pods, by kind. */
const RESOURCES: Record<string, string> = {
  Pod: "pods",
  PodTemplate: "podtemplates",
  ReplicationController: "replicationcontrollers",
  Deployment: "deployments",
  StatefulSet: "statefulsets",
  DaemonSet: "daemonsets",
  ReplicaSet: "replicasets",
  Job: "jobs",
  CronJob: "cronjobs",
};

/** Reads the options of a guard; throws with everything that is wrong with them. */
export function guardSettings(path: string, props: BreakGlassGuardProps): GuardSettings {
  const refusals = new Refusals(path);
  const name = props.guardName ?? "binauthz-break-glass";
  refusals.name("guardName", name, NAME);
  if (refusals.name("domain", props.domain, DOMAIN) && RESERVED_DOMAIN.test(props.domain)) {
    refusals.add(
      ProblemCode.INVALID_NAME,
      `"domain" is one that Kubernetes keeps for itself, got ${show(props.domain)}; allowed: a DNS name of your own`,
    );
  }
  checkList(refusals, "responderGroups", props.responderGroups, (property, group) =>
    checkGroup(refusals, property, group),
  );
  checkList(refusals, "namespaces", props.namespaces, (property, namespace) =>
    refusals.name(property, namespace, LABEL),
  );
  if (props.gitOpsAccounts !== undefined) {
    checkList(refusals, "gitOpsAccounts", props.gitOpsAccounts, (property, account) =>
      checkAccount(refusals, property, account),
    );
  }
  const ticketPattern = props.ticketPattern ?? "\\S";
  checkPattern(refusals, ticketPattern);
  refusals.throwIfAny();
  return {
    name,
    domain: props.domain,
    reasonAnnotation: `${props.domain}/break-glass-reason`,
    ticketAnnotation: `${props.domain}/break-glass-ticket`,
    ticketPattern,
    responderGroups: [...props.responderGroups],
    namespaces: [...props.namespaces],
    gitOpsAccounts: [...(props.gitOpsAccounts ?? [])],
  };
}

function checkList(
  refusals: Refusals,
  property: string,
  values: readonly string[],
  checkValue: (property: string, value: string) => void,
): void {
  if (!Array.isArray(values) || values.length === 0) {
    refusals.add(ProblemCode.INVALID_OPTIONS, `"${property}" is empty, got ${show(values)}; allowed: at least one`);
    return;
  }
  values.forEach((value, index) => {
    checkValue(`${property}[${index}]`, value);
    if (values.indexOf(value) !== index) {
      refusals.add(
        ProblemCode.INVALID_OPTIONS,
        `"${property}[${index}]" is named twice, got ${show(value)}; allowed: each one once`,
      );
    }
  });
}

/** `system:authenticated` and its like are everybody, or accounts that others control. */
function checkGroup(refusals: Refusals, property: string, group: string): void {
  if (!refusals.literal(property, group)) {
    return;
  }
  if (typeof group !== "string" || group.trim() === "" || group.startsWith("system:")) {
    refusals.add(
      ProblemCode.INVALID_MEMBER,
      `"${property}" is no group of people, got ${show(group)}; allowed: a group as the cluster knows it, for example "responders@example.com"`,
    );
  }
}

function checkAccount(refusals: Refusals, property: string, account: string): void {
  if (refusals.literal(property, account) && !ACCOUNT.test(account)) {
    refusals.add(
      ProblemCode.INVALID_MEMBER,
      `"${property}" is no service account of the cluster, got ${show(account)}; allowed: system:serviceaccount:NAMESPACE:NAME`,
    );
  }
}

function checkPattern(refusals: Refusals, pattern: string): void {
  if (!refusals.literal("ticketPattern", pattern)) {
    return;
  }
  const error = patternError(pattern);
  if (error !== undefined) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"ticketPattern" ${error}, got ${show(pattern)}; allowed: a regular expression of RE2 that the empty text does not match, for example "^INC-[0-9]+$"`,
    );
  }
}

function patternError(pattern: string): string | undefined {
  if (NOT_IN_RE2.test(pattern)) {
    return "has a look-around or a back reference, which RE2 does not know";
  }
  try {
    return expressionOf(pattern).test("") ? "asks for nothing" : undefined;
  } catch {
    return "is no regular expression";
  }
}

/** RE2 takes flags at the beginning, as `(?i)`; JavaScript beside the expression. */
function expressionOf(pattern: string): RegExp {
  const [lead = "", flags = ""] = /^\(\?([ims]+)\)/.exec(pattern) ?? [];
  return new RegExp(pattern.slice(lead.length), `${[...new Set(flags)].join("")}u`);
}

/** Reads a permit; throws with everything that is wrong with it. */
export function permitSettings(path: string, guard: GuardSettings, permit: BreakGlassPermit): PermitSettings {
  const refusals = new Refusals(path);
  const resource = RESOURCES[permit.kind];
  if (guard.gitOpsAccounts.length === 0) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      'a permit is for what a GitOps controller brings in, got a guard without "gitOpsAccounts"; allowed: a guard that names them',
    );
  }
  if (!guard.namespaces.includes(permit.namespace)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"namespace" is none in which the guard allows break-glass, got ${show(permit.namespace)}; allowed: ${guard.namespaces.join(", ")}`,
    );
  }
  if (resource === undefined) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"kind" is none that carries pods, got ${show(permit.kind)}; allowed: ${Object.keys(RESOURCES).join(", ")}`,
    );
  }
  refusals.name("workloadName", permit.workloadName, NAME);
  if (typeof permit.reason !== "string" || permit.reason.trim() === "") {
    refusals.add(ProblemCode.INVALID_OPTIONS, `"reason" is empty, got ${show(permit.reason)}; allowed: a sentence`);
  }
  if (typeof permit.ticket !== "string" || !expressionOf(guard.ticketPattern).test(permit.ticket)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"ticket" does not match the guard's pattern, got ${show(permit.ticket)}; allowed: ${guard.ticketPattern}`,
    );
  }
  refusals.throwIfAny();
  return {
    namespace: permit.namespace,
    resource,
    workloadName: permit.workloadName,
    reason: permit.reason,
    ticket: permit.ticket,
  };
}
