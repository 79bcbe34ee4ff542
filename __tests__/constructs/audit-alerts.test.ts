import { GoogleProvider } from "@cdktf/provider-google/lib/provider";
import { TerraformStack, TerraformVariable } from "cdktf";
import { AlertChannel, AuditAlerts, type AuditAlertsProps } from "../../lib";
import ENTRIES from "../fixtures/audit-log-entries.json";
import { logMatches } from "../support/logging-query";
import { KEY, PROJECT, problemsOf, refusalOf, testApp, testStack, trustRootIn } from "../support/synth";
import { type Json, type Template, template } from "../support/template";

const ALERT = "google_monitoring_alert_policy";
const CHANNEL = "google_monitoring_notification_channel";
const EMAIL = AlertChannel.email("security@example.com");
const SIGNER = `serviceAccount:signer@${PROJECT}.iam.gserviceaccount.com`;

function alertsIn(stack: TerraformStack, props: Partial<AuditAlertsProps> = {}): AuditAlerts {
  return new AuditAlerts(stack, "Alerts", { channels: [EMAIL], ...props });
}

function synth(props: Partial<AuditAlertsProps> = {}, keys = false): Template {
  const stack = testStack();
  alertsIn(stack, keys ? { ...props, keys: [{ trustRoot: trustRootIn(stack), signers: [SIGNER] }] } : props);
  return template(stack);
}

const idsOf = (t: Template): string[] => Object.keys(t.resources(ALERT)).map((id) => id.replace(`${PROJECT}_`, ""));
const filterOf = (alert: Json): string => alert.conditions[0].condition_matched_log.filter;

const ALL = [
  "break-glass-cloud-run",
  "break-glass-pods",
  "break-glass-workloads",
  "denied-cloud-run",
  "denied-pods",
  "dry-run",
  "dry-run-cloud-run",
  "enforcement-off",
  "fail-open",
  "note-changed",
  "policy-changed",
];

describe("the alerts of a project", () => {
  test("are all there, unless switched off", () => {
    expect(idsOf(synth()).sort()).toEqual(ALL);
  });

  test.each<[keyof AuditAlertsProps, string[]]>([
    ["breakGlass", ["break-glass-cloud-run", "break-glass-pods", "break-glass-workloads"]],
    ["failOpen", ["fail-open"]],
    ["denied", ["denied-cloud-run", "denied-pods"]],
    ["dryRunViolations", ["dry-run", "dry-run-cloud-run"]],
    ["policyChanges", ["note-changed", "policy-changed"]],
    ["enforcementOff", ["enforcement-off"]],
  ])("without %s are the others", (name, gone) => {
    expect(idsOf(synth({ [name]: false })).sort()).toEqual(ALL.filter((id) => !gone.includes(id)));
    expect(idsOf(synth({ [name]: true })).sort()).toEqual(ALL);
  });

  // The address says what an alert is for; the log entry of the samples says whether it is.
  test.each<[string, keyof typeof ENTRIES]>([
    ["break-glass-pods", "pod admitted by break-glass"],
    ["break-glass-workloads", "deployment created with the label"],
    ["break-glass-cloud-run", "Cloud Run revision by break-glass"],
    ["fail-open", "pod admitted, backend failed"],
    ["denied-pods", "pod denied"],
    ["denied-cloud-run", "Cloud Run revision denied"],
    ["dry-run", "pod admitted by dry run"],
    ["dry-run-cloud-run", "Cloud Run revision admitted by dry run"],
    ["note-changed", "note opened to others"],
    ["policy-changed", "policy opened"],
    ["enforcement-off", "cluster enforcement disabled"],
  ])("%s is the one that fires on: %s", (id, name) => {
    const fired = Object.entries<Json>(synth().resources(ALERT))
      .filter(([, alert]) => logMatches(filterOf(alert), ENTRIES[name], { textInNames: true }))
      .map(([address]) => address);
    expect(fired).toEqual([`${PROJECT}_${id}`]);
  });

  test("have one condition each, which is all that an alert on logs may have, a rate limit, and an end", () => {
    for (const alert of Object.values<Json>(synth().resources(ALERT))) {
      expect(alert.conditions).toHaveLength(1);
      expect(alert.combiner).toBe("OR");
      expect(alert.alert_strategy).toEqual({
        auto_close: "86400s",
        notification_rate_limit: { period: "300s" },
      });
      expect(alert.project).toBe(PROJECT);
    }
  });

  test("take another rate limit, end and runbook", () => {
    const t = synth({ notificationRateLimit: "3600s", autoClose: "1800s", runbookUrl: "https://example.com/runbook" });
    for (const alert of Object.values<Json>(t.resources(ALERT))) {
      expect(alert.alert_strategy).toEqual({ auto_close: "1800s", notification_rate_limit: { period: "3600s" } });
      expect(alert.documentation.links).toEqual([{ display_name: "Runbook", url: "https://example.com/runbook" }]);
    }
  });

  test("name the person, as a variable of Cloud Monitoring and not of Terraform", () => {
    const alert = synth().resource(ALERT, `${PROJECT}_break-glass-workloads`);
    expect(alert.conditions[0].condition_matched_log.label_extractors.who).toBe(
      "EXTRACT(protoPayload.authenticationInfo.principalEmail)",
    );
    expect(alert.documentation.content).toContain("- who: $${log.extracted_label.who}");
    expect(alert.documentation.content).toContain("Ask the person named here");
  });

  test("show no label that they do not take from the entry", () => {
    for (const alert of Object.values<Json>(synth({}, true).resources(ALERT))) {
      const shown = [...alert.documentation.content.matchAll(/extracted_label\.(\w+)/g)].map(([, name]) => name);
      expect(shown.sort()).toEqual(Object.keys(alert.conditions[0].condition_matched_log.label_extractors).sort());
    }
  });

  test("snapshot", () => {
    const t = synth({}, true);
    expect(t.allResources.filter(([address]) => address.startsWith("google_monitoring"))).toMatchSnapshot();
  });
});

describe("several projects", () => {
  test("have alerts and channels of their own: an alert sees the logs of its project only", () => {
    const t = synth({ projects: ["first-project", "other-project"] });
    expect(Object.keys(t.resources(ALERT))).toHaveLength(2 * ALL.length);
    for (const [id, alert] of Object.entries<Json>(t.resources(ALERT))) {
      expect(id.startsWith(`${alert.project}_`)).toBe(true);
      const channel = `${CHANNEL}.${alert.project}_email_security-example-com`;
      expect(alert.notification_channels).toEqual([expect.stringContaining(`\${${channel}`)]);
      expect(alert.depends_on).toEqual([
        `google_project_service.${alert.project}_monitoring`,
        expect.stringContaining(channel),
      ]);
    }
  });
});

describe("a watched key", () => {
  test("has alerts in its own project", () => {
    const stack = testStack();
    const trustRoot = trustRootIn(stack, { project: "key-project" });
    alertsIn(stack, { keys: [{ trustRoot, signers: [SIGNER] }] });
    const t = template(stack);
    const own = Object.entries<Json>(t.resources(ALERT)).filter(([, alert]) => alert.project === "key-project");
    expect(own.map(([id]) => id)).toEqual([
      "key-project_global_binauthz-ring_build-signer-key_foreign-signature",
      "key-project_global_binauthz-ring_build-signer-key_key-changed",
    ]);
    expect(Object.keys(t.resources(CHANNEL))).toHaveLength(2);
  });

  test.each<[keyof AuditAlertsProps, string]>([
    ["keyChanges", "key-changed"],
    ["foreignSignatures", "foreign-signature"],
  ])("without %s has the other alert", (name, gone) => {
    const ids = (props: Partial<AuditAlertsProps>) =>
      idsOf(synth(props, true)).filter((id) => id.startsWith("global_"));
    expect(ids({}).map((id) => id.split("_").pop())).toEqual(["foreign-signature", "key-changed"]);
    expect(ids({ [name]: false }).map((id) => id.split("_").pop())).toEqual(
      ["foreign-signature", "key-changed"].filter((id) => id !== gone),
    );
  });

  test("raises no alarm on its signers", () => {
    const filter = filterOf(
      synth({}, true).resource(ALERT, `${PROJECT}_global_binauthz-ring_build-signer-key_foreign-signature`),
    );
    expect(filter).toContain(KEY);
    expect(logMatches(filter, ENTRIES["signature by the signer"], { textInNames: true })).toBe(false);
    expect(logMatches(filter, ENTRIES["signature by a person"], { textInNames: true })).toBe(true);
  });
});

describe("channels", () => {
  const password = (stack: TerraformStack) =>
    new TerraformVariable(stack, "password", { type: "string", sensitive: true }).stringValue;

  test("are made once for all alerts of a project", () => {
    const stack = testStack();
    const url = "https://example.com/hook";
    alertsIn(stack, {
      channels: [
        EMAIL,
        AlertChannel.pubsub("projects/ops/topics/alerts"),
        AlertChannel.webhook({ url, username: "binauthz", password: password(stack) }),
      ],
    });
    const made = Object.values<Json>(template(stack).resources(CHANNEL));
    expect(made.map(({ type, labels, sensitive_labels }) => ({ type, labels, sensitive_labels }))).toEqual(
      expect.arrayContaining([
        { type: "email", labels: { email_address: "security@example.com" }, sensitive_labels: undefined },
        { type: "pubsub", labels: { topic: "projects/ops/topics/alerts" }, sensitive_labels: undefined },
        {
          type: "webhook_basicauth",
          labels: { url, username: "binauthz" },
          // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of Terraform
          sensitive_labels: { password: "${var.password}" },
        },
      ]),
    );
    expect(made).toHaveLength(3);
  });

  test("that exist are named, and none is made", () => {
    const name = `projects/${PROJECT}/notificationChannels/123`;
    const t = synth({ channels: [AlertChannel.fromChannelName(name)] });
    expect(t.resources(CHANNEL)).toEqual({});
    expect(t.resource(ALERT, `${PROJECT}_fail-open`).notification_channels).toEqual([name]);
  });

  test("that exist are used in their own project only", () => {
    const existing = AlertChannel.fromChannelName("projects/other-project/notificationChannels/9");
    const t = synth({ channels: [EMAIL, existing], projects: [PROJECT, "other-project"] });
    expect(t.resource(ALERT, `${PROJECT}_fail-open`).notification_channels).toHaveLength(1);
    expect(t.resource(ALERT, "other-project_fail-open").notification_channels).toEqual([
      "projects/other-project/notificationChannels/9",
      expect.stringContaining("other-project_email_"),
    ]);
  });
});

test("the API is enabled here, or elsewhere", () => {
  expect(Object.keys(synth().resources("google_project_service"))).toEqual([`${PROJECT}_monitoring`]);
  expect(synth({ enableApis: false }).resources("google_project_service")).toEqual({});
});

test("a provider handed over is used, and says the project", () => {
  const stack = new TerraformStack(testApp(), "Stack");
  const provider = new GoogleProvider(stack, "Google", { alias: "prod", project: "aliased-project" });
  alertsIn(stack, { provider });
  for (const [, resource] of template(stack).allResources) {
    expect(resource).toMatchObject({ provider: "google.prod", project: "aliased-project" });
  }
});

const LIMITS = { rate: "seconds from 300s to 172800s", close: "seconds from 1800s to 604800s" };

const REFUSALS: [name: string, props: (stack: TerraformStack) => Partial<AuditAlertsProps>, said: string[]][] = [
  [
    "no channel",
    () => ({ channels: [] }),
    [
      `[INVALID_OPTIONS] "channels" has none for the project "${PROJECT}", got []; allowed: a channel of every watched project, or one that is made`,
    ],
  ],
  [
    "a channel of another project only",
    () => ({ channels: [AlertChannel.fromChannelName("projects/other-project/notificationChannels/9")] }),
    [
      `[INVALID_OPTIONS] "channels" has none for the project "${PROJECT}", got ["projects/other-project/notificationChannels/9"]; allowed: a channel of every watched project, or one that is made`,
      `[PROJECT_MISMATCH] "channels[0]" is of a project that is not watched, got "projects/other-project/notificationChannels/9"; allowed: channels of ${PROJECT}`,
    ],
  ],
  [
    "no e-mail address",
    () => ({ channels: [AlertChannel.email("security")] }),
    [`[INVALID_OPTIONS] "channels[0]" is not valid, got "security"; allowed: an e-mail address`],
  ],
  [
    "no topic",
    () => ({ channels: [AlertChannel.pubsub("alerts")] }),
    [
      `[INVALID_OPTIONS] "channels[0]" is not valid, got "alerts"; allowed: projects/PROJECT/topics/TOPIC, with a topic of 3 to 255 characters`,
    ],
  ],
  [
    "no channel name",
    () => ({ channels: [EMAIL, AlertChannel.fromChannelName("123")] }),
    [`[INVALID_OPTIONS] "channels[1]" is not valid, got "123"; allowed: projects/PROJECT/notificationChannels/ID`],
  ],
  [
    "a password in the program, and a webhook in the clear",
    () => ({
      channels: [AlertChannel.webhook({ url: "http://example.com", username: " ", password: "hunter2" })],
    }),
    [
      `[INVALID_OPTIONS] "channels[0].url" is not valid, got "http://example.com"; allowed: an address that begins with https://`,
      `[INVALID_OPTIONS] "channels[0].username" is not valid, got " "; allowed: the name of a user`,
      `[INVALID_OPTIONS] "channels[0].password" is written into the program, got a literal of 7 characters; allowed: a reference to a sensitive Terraform variable or to a secret`,
    ],
  ],
  [
    "a project twice",
    () => ({ projects: [PROJECT, PROJECT] }),
    [
      `[INVALID_OPTIONS] "projects" is empty or names one twice, got ["${PROJECT}","${PROJECT}"]; allowed: at least one, each once`,
    ],
  ],
  [
    "no project",
    () => ({ projects: ["No Project"] }),
    [
      `[INVALID_PROJECT] "projects[0]" is not valid, got "No Project"; allowed: 6 to 30 lower-case letters, digits and hyphens, starting with a letter, not ending with a hyphen`,
    ],
  ],
  [
    "a key without signers",
    (stack) => ({ keys: [{ trustRoot: trustRootIn(stack), signers: [] }] }),
    [`[INVALID_OPTIONS] "keys[0].signers" is empty or names one twice, got []; allowed: at least one, each once`],
  ],
  [
    "a group as a signer, of whom the log says nothing",
    (stack) => ({ keys: [{ trustRoot: trustRootIn(stack), signers: ["group:ci@example.com"] }] }),
    [
      `[INVALID_MEMBER] "keys[0].signers[0]" is no single principal, got "group:ci@example.com"; allowed: serviceAccount:EMAIL, user:EMAIL or principal://…`,
    ],
  ],
  [
    "limits that Cloud Monitoring does not take",
    () => ({ notificationRateLimit: "1s", autoClose: "8 days" }),
    [
      `[INVALID_OPTIONS] "notificationRateLimit" is out of range, got "1s"; allowed: ${LIMITS.rate}`,
      `[INVALID_OPTIONS] "autoClose" is not valid, got "8 days"; allowed: ${LIMITS.close}`,
    ],
  ],
  [
    "a runbook in the clear",
    () => ({ runbookUrl: "example.com" }),
    [`[INVALID_OPTIONS] "runbookUrl" is not valid, got "example.com"; allowed: an address that begins with https://`],
  ],
];

test.each(REFUSALS)("refused: %s", (_, props, said) => {
  const stack = testStack();
  const given = props(stack);
  expect(problemsOf(() => alertsIn(stack, given)).map(({ code, message }) => `[${code}] ${message}`)).toEqual(said);
});

test("a password is never shown", () => {
  const channels = [AlertChannel.webhook({ url: "https://example.com", username: "a", password: "hunter2" })];
  expect(refusalOf(() => alertsIn(testStack(), { channels })).join()).not.toContain("hunter2");
});

test("refused: the alerts of a project twice", () => {
  const stack = testStack();
  alertsIn(stack);
  expect(refusalOf(() => new AuditAlerts(stack, "Again", { channels: [EMAIL] }))).toEqual([
    `[DUPLICATE_RESOURCE] Stack/Again: the audit alert "${PROJECT}/break-glass-pods" is declared twice, first at Stack/Alerts; allowed: one construct for it in the app`,
  ]);
});
