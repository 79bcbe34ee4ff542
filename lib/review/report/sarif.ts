import type { Verdict } from "../gate";
import type { Outcome, RuleInfo, SetAside } from "../outcome";
import { type Finding, SEVERITIES, type Severity } from "../types";
import { attributeAddress } from "./attribute";
import { cut, printable, safeJson } from "./escape";
import { showCertainty } from "./summary";

/**
 * GitHub takes 25,000 results of a run, and texts of 1,024 characters.
 * Source: https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
 */
const MOST_RESULTS = 25_000;
const MOST_CHARACTERS = 1_000;

const DOCUMENTATION = "https://github.com/cdktf-binauthz/cdktf-binauthz/blob/main/docs/review-rules.md";

const LEVEL: Readonly<Record<Severity, string>> = {
  critical: "error",
  high: "error",
  medium: "warning",
  low: "note",
  info: "note",
};

/** GitHub shows 9 and above as critical, 7 as high, 4 as medium. */
const SECURITY_SEVERITY: Readonly<Record<Severity, string>> = {
  critical: "9.5",
  high: "8.0",
  medium: "5.5",
  low: "3.0",
  info: "1.0",
};

const EXIT: Readonly<Record<Verdict, readonly [code: number, meaning: string]>> = {
  pass: [0, "passed"],
  fail: [2, "findings at or above the threshold"],
  undecided: [3, "not decidable from the input, and nothing worse"],
};

/** SARIF 2.1.0: one run; what was set aside stays in it, with its suppression. */
export function sarifOf(outcome: Outcome): string {
  const { findings, name, rules, setAside, subject, verdict, version } = outcome;
  const all: readonly (readonly [Finding, SetAside | undefined])[] = [
    ...findings.map((finding) => [finding, undefined] as const),
    ...setAside.map((entry) => [entry.finding, entry] as const),
  ];
  const results = all.slice(0, MOST_RESULTS);
  const shownRules = rulesOf(
    rules,
    all.map(([finding]) => finding),
  );
  const indexes = new Map(shownRules.map(({ id }, index) => [id, index]));
  const [exitCode, exitCodeDescription] = EXIT[verdict];
  return `${safeJson({
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "binauthz",
            ...(version !== undefined && { version, semanticVersion: version }),
            informationUri: "https://github.com/cdktf-binauthz/cdktf-binauthz",
            rules: shownRules,
          },
        },
        automationDetails: { id: `binauthz-${subject}/${name}/` },
        invocations: [
          {
            executionSuccessful: true,
            exitCode,
            exitCodeDescription,
            ...(all.length > results.length && {
              toolExecutionNotifications: [
                { level: "warning", message: { text: `${all.length - results.length} results are left out.` } },
              ],
            }),
          },
        ],
        results: results.map(([finding, aside]) => resultOf(finding, aside, indexes.get(finding.id) ?? 0, outcome)),
        columnKind: "utf16CodeUnits",
      },
    ],
  })}\n`;
}

/** Those of the catalogue, and those of what was found beside it; each as severe as the worst of its findings. */
function rulesOf(rules: readonly RuleInfo[], findings: readonly Finding[]) {
  const known = new Set(rules.map(({ id }) => id));
  const others = new Map(
    findings
      .filter(({ id }) => !known.has(id))
      .map((finding) => [finding.id, { ...finding, looksAt: "the settings of the review" }]),
  );
  return [...rules, ...others.values()].map(({ effects, id, looksAt, mend, severity, title }) => {
    const worst = findings
      .filter((finding) => finding.id === id)
      .map(worstOf)
      .reduce((one, other) => (SEVERITIES.indexOf(other) < SEVERITIES.indexOf(one) ? other : one), severity);
    return {
      id,
      name: title
        .replace(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) => (next ?? "").toUpperCase())
        .slice(0, 255),
      shortDescription: { text: text(title) },
      fullDescription: { text: text(`${title}. Looks at ${looksAt}.`) },
      help: { text: text(mend) },
      helpUri: `${DOCUMENTATION}#${id.toLowerCase()}`,
      defaultConfiguration: { level: LEVEL[severity] },
      properties: {
        tags: ["security", "binary-authorization", ...effects],
        precision: "high",
        "security-severity": SECURITY_SEVERITY[worst],
      },
    };
  });
}

function resultOf(finding: Finding, aside: SetAside | undefined, ruleIndex: number, { report }: Outcome) {
  const { address, after, before, certainty, constructPath, effects, fingerprint, id, severity, source, target } =
    finding;
  const change = before === undefined && after === undefined ? [] : [`${before ?? "nothing"} → ${after ?? "nothing"}`];
  // First, since tools that show findings beside attributes of a plan look for TYPE.NAME.ATTRIBUTE in the first place.
  const attribute = attributeAddress(finding);
  const places = [
    ...(attribute === undefined ? [] : [{ fullyQualifiedName: printable(attribute), kind: "member" }]),
    ...(address === undefined ? [] : [{ fullyQualifiedName: printable(address), kind: "resource" }]),
    ...(constructPath === undefined ? [] : [{ fullyQualifiedName: printable(constructPath), kind: "construct" }]),
    ...(target === undefined ? [] : [{ fullyQualifiedName: printable(target), kind: "target" }]),
  ];
  const sentences = [finding.message, ...change, showCertainty(finding)].filter((part) => part !== undefined);
  return {
    ruleId: id,
    ruleIndex,
    level: LEVEL[worstOf(finding)],
    message: { text: text(sentences.join(" ")) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(source ?? report.plans[0]?.source) },
          region: { startLine: 1 },
        },
        ...(places.length > 0 && { logicalLocations: places }),
      },
    ],
    partialFingerprints: { "binauthz/v1": fingerprint },
    ...(aside && { suppressions: [suppressionOf(aside)] }),
    properties: {
      severity,
      effects,
      decided: certainty.state === "decided",
      ...(before !== undefined && { before: text(before) }),
      ...(after !== undefined && { after: text(after) }),
    },
  };
}

function suppressionOf({ by, expires, owner, reason }: SetAside) {
  const details = [owner, expires === undefined ? undefined : `until ${expires}`].filter((part) => part !== undefined);
  return {
    kind: "external",
    status: "accepted",
    justification: text(details.length === 0 ? `${by}: ${reason}` : `${by}: ${reason} (${details.join(", ")})`),
  };
}

/** As severe as it is, or as it could be. */
function worstOf({ certainty, severity }: Finding): Severity {
  return certainty.state === "decided" ? severity : certainty.worst;
}

function text(value: string): string {
  return cut(printable(value), MOST_CHARACTERS);
}

/** A path of the repository as a URI. */
function uriOf(source: string | undefined): string {
  const path = (source ?? "terraform.plan.json").replace(/\\/g, "/").replace(/^(?:\.\/)+/, "");
  // What a path may not hold as it is: `encodeURI` throws where a pair of code units is torn.
  const encoded = encodeURI(path.replace(/\p{Cs}/gu, "?"))
    .replace(/[?#]/g, encodeURIComponent)
    .replace(/^([^/]*):/, "$1%3A");
  return encoded.startsWith("/") ? `file://${encoded}` : encoded;
}
