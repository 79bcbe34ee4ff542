import { sha256 } from "./facts";
import {
  type Certainty,
  type Check,
  EFFECTS,
  type Finding,
  type Found,
  type ReviewSettings,
  SEVERITIES,
  type Severity,
} from "./types";

const DECIDED: Certainty = { state: "decided" };

/** A finding of what a check said, with what follows from the check and the settings. */
export function findingOf(
  check: Check,
  found: Found,
  settings: ReviewSettings,
  constructPathOf: (address: string) => string | undefined,
): Finding {
  const { address, after, before, certainty = DECIDED, effects = check.effects, source, target } = found;
  const usual = found.severity ?? check.severity;
  const raised = effects.some((effect) => effect !== "narrows") && isProd(target, settings) ? raise(usual) : usual;
  const path = address === undefined ? undefined : constructPathOf(address);
  return {
    id: check.id,
    severity: raised,
    effects,
    ...(address !== undefined && { address }),
    ...(path !== undefined && { constructPath: path }),
    ...(target !== undefined && { target }),
    title: found.title ?? check.title,
    message: found.message,
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    mend: found.mend ?? check.mend,
    fingerprint: sha256(JSON.stringify([check.id, address, target, before, after].map((part) => part ?? null))),
    certainty,
    ...(source !== undefined && { source }),
  };
}

function isProd(target: string | undefined, { prodTargets }: ReviewSettings): boolean {
  const key = target?.startsWith("gke:") ? target.slice(target.indexOf("/") + 1) : undefined;
  return prodTargets.some((entry) => entry === target || entry === key);
}

/** One step more; `info` stays what it is. */
function raise(severity: Severity): Severity {
  const index = SEVERITIES.indexOf(severity);
  return severity === "info" || index === 0 ? severity : SEVERITIES[index - 1];
}

/** Whether the first weighs as much as the second, or more. */
export function atLeast(severity: Severity, threshold: Severity): boolean {
  return SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(threshold);
}

/** Most severe first, of these what opens before what stops; then by id, address and target: always in the same order. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  const key = ({ address = "", effects, id, severity, target = "" }: Finding) =>
    [SEVERITIES.indexOf(severity), Math.min(...effects.map((effect) => EFFECTS.indexOf(effect))), id, address, target]
      .map((part) => (typeof part === "number" ? String(part).padStart(2, "0") : part))
      .join("\u0000");
  return [...findings]
    .map((finding) => ({ finding, key: key(finding) }))
    .sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0))
    .map(({ finding }) => finding);
}
