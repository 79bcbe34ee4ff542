import { imageParts } from "../../admission/image";
import { REASON_NO_DIGEST } from "../../admission/messages";
import type { AppliedRule, AttestorVerdict, Diagnosis } from "../../admission/types";
import type { ExplainedDecision } from "../../workloads/survey";

/** Why a decision is what it is, in words of people; a sentence without full stop. */
export function whyOf(decision: ExplainedDecision): string {
  const { policy, overriddenBy } = decision;
  const why = policyWhy(decision);
  if (overriddenBy === undefined) {
    return why;
  }
  const [by, without] = overriddenBy === "dry-run" ? ["a dry run", "enforced"] : ["break-glass", "without it"];
  const verdict = policy.verdict === "denied" ? "it would be denied" : "it cannot be decided";
  return `let through by ${by}; ${without}, ${verdict}: ${why}`;
}

function policyWhy({ policy }: ExplainedDecision): string {
  const { verdict, decidedBy, pattern, rule } = policy;
  if (verdict === "admitted") {
    switch (decidedBy) {
      case "not-enforced":
        return "Binary Authorization is not enforced there";
      case "exempt-image":
        return `exempt image ${pattern}`;
      case "system-policy":
        return `exempt in Google's system policy, ${pattern}`;
      default:
        return policy.attestors.length > 0
          ? `attested by ${policy.attestors.map(({ attestor }) => shortName(attestor)).join(" and ")}`
          : `${ruleName(rule)} allows every image${rule?.evaluationMode ? ` (${rule.evaluationMode})` : ""}`;
    }
  }
  const failing = policy.attestors.filter((attestor) => attestor.verdict !== "satisfied");
  const details = [...policy.diagnosis.map(({ detail }) => detail), ...byAttestors(failing)];
  if (details.length > 0) {
    return details.join("; ");
  }
  return verdict === "denied" ? `${ruleName(rule)} denies every image` : "not known";
}

function byAttestors(failing: readonly AttestorVerdict[]): string[] {
  const untagged = failing.filter(({ reason }) => reason === REASON_NO_DIGEST);
  const names = untagged.map(({ attestor }) => shortName(attestor)).join(" and ");
  return [
    ...(untagged.length > 0 ? [`not named by its digest, which is what ${names} vouches for`] : []),
    ...failing
      .filter(({ reason }) => reason !== REASON_NO_DIGEST)
      .map(({ attestor, diagnosis }) => {
        const details = [...new Set(diagnosis.map(({ detail }) => detail))].join("; ");
        return `${shortName(attestor)}: ${details || "not known"}`;
      }),
  ];
}

function ruleName(rule: AppliedRule | undefined): string {
  return rule?.key === undefined ? "the default rule" : `the rule for ${rule.key}`;
}

function shortName(attestor: string): string {
  return attestor.slice(attestor.lastIndexOf("/") + 1);
}

/** What a person can do about it, the most promising first; sentences without full stop. Empty where it is admitted. */
export function remediesOf(decision: ExplainedDecision): string[] {
  const { policy, pinned } = decision;
  if (policy.verdict === "admitted") {
    return [];
  }
  const failing = policy.attestors.filter(({ verdict }) => verdict !== "satisfied");
  const remedies = [
    ...(pinned?.verdict === "admitted" ? [`pin it to what runs: ${pinned.image} would be admitted`] : []),
    ...(pinned?.verdict === "undecided"
      ? [`pin it to what runs: ${pinned.image}; whether that is admitted, only --attestations can tell`]
      : []),
    ...policy.hints.filter((hint) => pinned === undefined || !hint.includes(pinned.image)),
    ...policy.diagnosis.flatMap((diagnosis) => forDiagnosis(diagnosis, undefined)),
    ...failing.flatMap((attestor) =>
      attestor.reason === REASON_NO_DIGEST
        ? forTag(decision, attestor.attestor)
        : attestor.diagnosis.flatMap((diagnosis) => forDiagnosis(diagnosis, attestor.attestor)),
    ),
    ...(policy.rule?.evaluationMode === "ALWAYS_DENY"
      ? [`to let it run, exempt the image, or have ${ruleName(policy.rule)} require attestations instead`]
      : []),
  ];
  return [...new Set(remedies)];
}

function forTag({ policy, pinned, asked }: ExplainedDecision, attestor: string): string[] {
  const attested = policy.hints.some((hint) => hint.startsWith("a digest of this repository is attested"));
  if (attested || (pinned !== undefined && pinned.verdict !== "denied")) {
    return [];
  }
  const { repository } = imageParts(asked.image);
  const image = pinned?.image ?? `${repository}@sha256:…`;
  return [`name the image by its digest, ${image}, and have ${shortName(attestor)} attest it`];
}

/** What no reading of the sources can know: where the evidence is. */
const NOBODY_LOOKED = "nobody looked for attestations";

function forDiagnosis(diagnosis: Diagnosis, attestor: string | undefined): string[] {
  const name = attestor === undefined ? "the attestor" : shortName(attestor);
  switch (diagnosis.code) {
    case "no-attestation":
      return [
        diagnosis.detail === NOBODY_LOOKED
          ? `say which attestations there are with --attestations FILE: ${attestationList(attestor)} > FILE`
          : `have ${name} attest this digest`,
      ];
    case "other-note":
    case "other-digest":
    case "bad-signature":
    case "payload-not-json":
    case "malformed-attestation":
      return [`have ${name} attest this digest`];
    case "unknown-key-id":
      return [`sign with a key that ${name} has, or add the key that signed to it`];
    case "attestor-without-keys":
      return [`give ${name} a public key`];
    case "attestor-unknown":
      return [`add the source that has ${name} with --from, or what gcloud lists of it with --attestors FILE`];
    case "unsupported-key-type":
      return [`sign with a key of a type that is verified here, in Cloud KMS for example`];
    case "invalid-policy":
      return ["mend the policy: the API does not accept it as it is"];
    case "value-unknown":
      return forUnknown(diagnosis.value);
  }
}

function attestationList(attestor: string | undefined): string {
  const [, project, name] = /^projects\/([^/]+)\/attestors\/([^/]+)$/.exec(attestor ?? "") ?? [];
  return name === undefined
    ? "gcloud container binauthz attestations list --format=json"
    : `gcloud container binauthz attestations list --attestor=${name} --attestor-project=${project} --format=json`;
}

function forUnknown(value: string): string[] {
  const [, key] = /^the public key "\/\/cloudkms\.googleapis\.com\/v1\/([^"]+)"/.exec(value) ?? [];
  if (key !== undefined) {
    return [`give the public key with --keys ${key}=FILE.pem`];
  }
  if (/^the policy of /.test(value)) {
    return [`add the source that has ${value} with --from`];
  }
  if (/^the namespace of the pod/.test(value)) {
    return ["say the namespace with --namespace"];
  }
  return [`give a source that knows ${value}: after the apply, the state`];
}
