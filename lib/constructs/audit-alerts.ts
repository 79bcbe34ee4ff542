import { MonitoringAlertPolicy } from "@cdktf/provider-google/lib/monitoring-alert-policy";
import { MonitoringNotificationChannel } from "@cdktf/provider-google/lib/monitoring-notification-channel";
import type { TerraformProvider } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import { memberError } from "../vocabulary/member";
import { ProblemCode, show } from "../vocabulary/problem";
import { PROJECT_ID } from "../vocabulary/resource-name";
import type { AlertChannel } from "./alert-channel";
import { claim, fixAddress, logicalId, waitFor } from "./private/addressing";
import {
  type AlertDefinition,
  type AlertGroup,
  foreignSignatureAlert,
  keyChangedAlert,
  PROJECT_ALERTS,
} from "./private/alert-definitions";
import { enabledApi } from "./private/apis";
import { projectOfKey, resolveProject } from "./private/project";
import { pathOf, Refusals } from "./private/refusals";
import { escapeTemplate } from "./private/template";
import { releaseAll } from "./private/terraform-block";
import type { ITrustRoot } from "./trust-root";

/** Alerts on what Cloud Audit Logs say of Binary Authorization. */
export interface IAuditAlerts extends IConstruct {
  /** The resources of the alerts. */
  readonly alertPolicies: MonitoringAlertPolicy[];
}

/** A signing key, and who may sign with it. */
export interface WatchedKey {
  /** The key. */
  readonly trustRoot: ITrustRoot;

  /**
   * Who signs with it, as IAM members: `serviceAccount:EMAIL`, `user:EMAIL` or `principal://…`. Everybody else's
   * signature is an alert.
   */
  readonly signers: string[];
}

/** What is watched, and who is told. */
export interface AuditAlertsProps {
  /** Where the alerts are sent. Every watched project needs at least one channel. */
  readonly channels: AlertChannel[];

  /**
   * The projects whose clusters, services and policy are watched. An alert sees the logs of its own project only, so that
   * each project gets alerts of its own.
   * @default - the literal project of the google provider
   */
  readonly projects?: string[];

  /**
   * Signing keys that are watched, each in its own project. The alert on foreign signatures needs the Data Access audit
   * log of Cloud KMS, which `SignatureLog` switches on.
   * @default - none
   */
  readonly keys?: WatchedKey[];

  /**
   * Whether the use of break-glass is an alert: on pods, on the workload that carries the label, and on Cloud Run.
   * @default true
   */
  readonly breakGlass?: boolean;

  /**
   * Whether a pod that is admitted because Binary Authorization did not answer is an alert.
   * @default true
   */
  readonly failOpen?: boolean;

  /**
   * Whether a refused pod or revision is an alert.
   * @default true
   */
  readonly denied?: boolean;

  /**
   * Whether a pod or revision that only a dry run admitted is an alert.
   * @default true
   */
  readonly dryRunViolations?: boolean;

  /**
   * Whether a change of the policy, of an attestor, or of a note is an alert.
   * @default true
   */
  readonly policyChanges?: boolean;

  /**
   * Whether a cluster that is switched to enforce no longer is an alert.
   * @default true
   */
  readonly enforcementOff?: boolean;

  /**
   * Whether a change of a watched key is an alert.
   * @default true
   */
  readonly keyChanges?: boolean;

  /**
   * Whether a signature with a watched key by anyone but its signers is an alert.
   * @default true
   */
  readonly foreignSignatures?: boolean;

  /**
   * The least time between two notifications of one alert, in seconds: `300s`. From 300 seconds to two days.
   * @default "300s"
   */
  readonly notificationRateLimit?: string;

  /**
   * After which time without a new entry an incident closes by itself, in seconds: a day is `86400s`. From 30 minutes to
   * seven days.
   * @default "86400s"
   */
  readonly autoClose?: string;

  /**
   * The address of your own runbook, shown with every notification.
   * @default - none: the text of the notification says what to do first
   */
  readonly runbookUrl?: string;

  /**
   * Whether monitoring.googleapis.com is enabled here; `false` where an organisation does it elsewhere.
   * @default true
   */
  readonly enableApis?: boolean;

  /**
   * The google provider, where the stack has several.
   * @default - the default provider of the stack
   */
  readonly provider?: TerraformProvider;
}

/** Where the alerts of one project go. */
interface Destination {
  readonly names: string[];
  readonly resources: MonitoringNotificationChannel[];
}

const GROUPS = Object.keys(PROJECT_ALERTS) as AlertGroup[];

/**
 * Log-based alerts that tell when Binary Authorization was bypassed, failed, refused something, or was changed.
 *
 * Each alert can be switched off. Each notification says what happened, who did it where the log names them, and what to
 * do first.
 */
export class AuditAlerts extends Construct implements IAuditAlerts {
  public readonly alertPolicies: MonitoringAlertPolicy[] = [];
  /** The notification channels that were made. */
  public readonly notificationChannels: MonitoringNotificationChannel[] = [];

  private readonly destinations = new Map<string, Destination>();
  private released = false;

  /**
   * @param scope the construct's parent
   * @param id the construct's id; no part of any address
   * @param props what is watched, and who is told
   */
  public constructor(scope: Construct, id: string, props: AuditAlertsProps) {
    super(scope, id);
    const projects = validate(scope, id, props);
    for (const project of projects) {
      for (const group of GROUPS.filter((name) => props[name] !== false)) {
        for (const alert of PROJECT_ALERTS[group]) {
          this.addAlert(props, project, alert, [project, alert.id]);
        }
      }
    }
    for (const { trustRoot, signers } of props.keys ?? []) {
      const { cryptoKeyId } = trustRoot;
      const project = projectOfKey(trustRoot);
      const parts = cryptoKeyId.split("/").filter((_, index) => index % 2 === 1);
      const alerts = [
        ...(props.keyChanges === false ? [] : [keyChangedAlert(cryptoKeyId)]),
        ...(props.foreignSignatures === false ? [] : [foreignSignatureAlert(cryptoKeyId, signers)]),
      ];
      for (const alert of alerts) {
        this.addAlert(props, project, alert, [...parts, alert.id]);
      }
    }
  }

  /**
   * Leaves alerts and channels alone from now on: the next apply forgets them, and they go on telling. Terraform 1.7 or
   * newer.
   */
  public release(): void {
    if (!this.released) {
      this.released = true;
      releaseAll(this, [...this.notificationChannels, ...this.alertPolicies]);
    }
  }

  private addAlert(props: AuditAlertsProps, project: string, alert: AlertDefinition, address: string[]): void {
    claim(this, "audit alert", address.join("/"));
    const id = logicalId(...address);
    const { names, resources } = this.destinationOf(props, project);
    const policy = fixAddress(
      new MonitoringAlertPolicy(this, id, {
        project,
        displayName: alert.displayName,
        severity: alert.severity,
        combiner: "OR",
        conditions: [
          {
            displayName: alert.displayName,
            conditionMatchedLog: { filter: alert.filter, labelExtractors: extractors(alert.labels) },
          },
        ],
        alertStrategy: {
          notificationRateLimit: { period: props.notificationRateLimit ?? "300s" },
          autoClose: props.autoClose ?? "86400s",
        },
        documentation: {
          mimeType: "text/markdown",
          subject: alert.displayName,
          content: escapeTemplate(notification(alert)),
          links: props.runbookUrl === undefined ? undefined : [{ displayName: "Runbook", url: props.runbookUrl }],
        },
        notificationChannels: names,
        provider: props.provider,
      }),
      id,
    );
    waitFor(policy, enabledApi(this, "monitoring", { ...props, project }), ...resources);
    this.alertPolicies.push(policy);
  }

  private destinationOf(props: AuditAlertsProps, project: string): Destination {
    const present = this.destinations.get(project);
    if (present) {
      return present;
    }
    const given = props.channels
      .filter((channel) => channel._project === project)
      .map((channel) => channel._name as string);
    const made = props.channels.flatMap((channel) => {
      const config = channel._config;
      return config ? [this.makeChannel(props, project, config)] : [];
    });
    // The name of a channel is Google's: it is known once the channel is there.
    const destination = { names: [...given, ...made.map((channel) => channel.name)], resources: made };
    this.destinations.set(project, destination);
    return destination;
  }

  private makeChannel(
    props: AuditAlertsProps,
    project: string,
    { id: parts, ...config }: NonNullable<AlertChannel["_config"]>,
  ): MonitoringNotificationChannel {
    claim(this, "notification channel", `${project} ${parts.join(" ")}`);
    const id = logicalId(project, ...parts);
    const channel = fixAddress(
      new MonitoringNotificationChannel(this, id, { project, ...config, provider: props.provider }),
      id,
    );
    waitFor(channel, enabledApi(this, "monitoring", { ...props, project }));
    this.notificationChannels.push(channel);
    return channel;
  }
}

function extractors(labels: AlertDefinition["labels"]): { [key: string]: string } {
  return Object.fromEntries(Object.entries(labels).map(([name, field]) => [name, `EXTRACT(${field})`]));
}

/** The text of a notification. Source of the variables: https://docs.cloud.google.com/monitoring/alerts/doc-variables */
function notification(alert: AlertDefinition): string {
  const found = Object.keys(alert.labels).map((name) => `- ${name}: \${log.extracted_label.${name}}`);
  const steps = alert.steps.map((step, index) => `${index + 1}. ${step}`);
  return [alert.happened, "", ...found, "", "What to do:", "", ...steps].join("\n");
}

/** The projects that are watched. */
function validate(scope: Construct, id: string, props: AuditAlertsProps): string[] {
  const refusals = new Refusals(pathOf(scope, id));
  const projects = props.projects ?? [resolveProject(refusals, scope, { provider: props.provider })];
  (props.projects ?? []).forEach((project, index) => {
    refusals.name(`projects[${index}]`, project, PROJECT_ID, ProblemCode.INVALID_PROJECT);
  });
  checkDistinct(refusals, "projects", projects);
  props.channels.forEach((channel, index) => {
    channel._check(refusals, `channels[${index}]`);
  });
  (props.keys ?? []).forEach((key, index) => {
    checkKey(refusals, `keys[${index}]`, key);
  });
  checkNobodyUntold(refusals, props, projects);
  checkSeconds(refusals, "notificationRateLimit", props.notificationRateLimit, 300, 172_800);
  checkSeconds(refusals, "autoClose", props.autoClose, 1800, 604_800);
  if (props.runbookUrl !== undefined) {
    refusals.form("runbookUrl", props.runbookUrl, /^https:\/\/[^\s/]+/, "an address that begins with https://");
  }
  refusals.throwIfAny();
  return projects;
}

function checkDistinct(refusals: Refusals, property: string, values: readonly string[]): void {
  if (values.length === 0 || new Set(values).size !== values.length) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"${property}" is empty or names one twice, got ${show(values)}; allowed: at least one, each once`,
    );
  }
}

function checkKey(refusals: Refusals, property: string, { signers }: WatchedKey): void {
  checkDistinct(refusals, `${property}.signers`, signers);
  signers.forEach((member, index) => {
    const form = `${property}.signers[${index}]`;
    // The log names one principal: of a group or a set nobody could say whether it is in it.
    if (
      refusals.literal(form, member) &&
      (memberError(member) || !/^(?:serviceAccount|user|principal):/.test(member))
    ) {
      refusals.add(
        ProblemCode.INVALID_MEMBER,
        `"${form}" is no single principal, got ${show(member)}; allowed: serviceAccount:EMAIL, user:EMAIL or principal://…`,
      );
    }
  });
}

/** An alert without a channel is an incident that nobody sees. */
function checkNobodyUntold(refusals: Refusals, props: AuditAlertsProps, projects: readonly string[]): void {
  const watched = new Set([...projects, ...(props.keys ?? []).map(({ trustRoot }) => projectOfKey(trustRoot))]);
  const made = props.channels.some((channel) => channel._config !== undefined);
  for (const project of watched) {
    if (!made && !props.channels.some((channel) => channel._project === project)) {
      refusals.add(
        ProblemCode.INVALID_OPTIONS,
        `"channels" has none for the project "${project}", got ${show(props.channels.map((channel) => channel._name))}; allowed: a channel of every watched project, or one that is made`,
      );
    }
  }
  for (const [index, channel] of props.channels.entries()) {
    if (channel._project !== undefined && !watched.has(channel._project)) {
      refusals.add(
        ProblemCode.PROJECT_MISMATCH,
        `"channels[${index}]" is of a project that is not watched, got ${show(channel._name)}; allowed: channels of ${[...watched].join(", ")}`,
      );
    }
  }
}

function checkSeconds(
  refusals: Refusals,
  property: string,
  value: string | undefined,
  least: number,
  most: number,
): void {
  if (value === undefined || !refusals.form(property, value, /^[0-9]+s$/, `seconds from ${least}s to ${most}s`)) {
    return;
  }
  const seconds = Number.parseInt(value, 10);
  if (seconds < least || seconds > most) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"${property}" is out of range, got ${show(value)}; allowed: seconds from ${least}s to ${most}s`,
    );
  }
}
