import { showTarget } from "../../admission/targets";
import type { Diagnosis, ImageVerdict, Outcome } from "../../admission/types";
import type { Category, ExplainedDecision, PassedOverCount, Pinned, SurveyReport } from "../../workloads/survey";
import { safeJson } from "../escape";
import { remediesOf, whyOf } from "./advice";
import { type Summary, summaryOf } from "./summary";

/** The version of the shape that schemas/admit.json describes. */
const ADMIT_SCHEMA_VERSION = 1;

/** What `binauthz admit --format json` prints. */
export interface AdmitJson {
  readonly schemaVersion: typeof ADMIT_SCHEMA_VERSION;
  readonly result: SurveyReport["result"];
  readonly decisions: readonly DecisionJson[];
  readonly summary: Summary;
  readonly passedOver: readonly PassedOverCount[];
  readonly notes: readonly string[];
  readonly assumptions: readonly string[];
}

/** One container's image of one workload at one place. */
export interface DecisionJson {
  readonly id: string;
  readonly target: string;
  readonly namespace?: string;
  /** `Deployment/web`. */
  readonly workload?: string;
  readonly workloadInferred?: true;
  readonly container?: string;
  readonly containerKind?: string;
  readonly image: string;
  readonly runningDigest?: string;
  readonly verdict: Outcome;
  readonly category: Category;
  readonly overriddenBy?: string;
  readonly policyVerdict: Outcome;
  readonly decidedBy: ImageVerdict["decidedBy"];
  readonly rule?: ImageVerdict["rule"];
  readonly pattern?: string;
  readonly message?: string;
  readonly attestors: readonly { readonly attestor: string; readonly verdict: string; readonly reason?: string }[];
  readonly diagnosis: readonly (Diagnosis & { readonly attestor?: string })[];
  readonly hints: readonly string[];
  readonly why: string;
  readonly remedies: readonly string[];
  readonly pinned?: Pinned;
  readonly count: number;
  readonly sources: readonly string[];
}

/** A report as data, piece by piece: the text of an {@link AdmitJson}. */
export function* jsonOf(report: SurveyReport): Generator<string> {
  const { result, decisions, explained, passedOver, notes, assumptions } = report;
  const head: Partial<AdmitJson> = { schemaVersion: ADMIT_SCHEMA_VERSION, result };
  const tail: Partial<AdmitJson> = { summary: summaryOf(report), passedOver, notes, assumptions };
  // Between `{` and `}` of both stands the list.
  yield `${safeJson(head).slice(0, -2)},\n  "decisions": [`;
  for (const [index, decision] of decisions.entries()) {
    const text = safeJson(decisionJson(explained(decision))).replaceAll("\n", "\n    ");
    yield `${index === 0 ? "" : ","}\n    ${text}`;
  }
  yield `${decisions.length === 0 ? "" : "\n  "}],${safeJson(tail).slice(1)}\n`;
}

function decisionJson(decision: ExplainedDecision): DecisionJson {
  const { id, target, pod, asked, policy } = decision;
  const { namespace, workload } = pod;
  return {
    id,
    target: showTarget(target),
    ...(namespace !== undefined && { namespace }),
    ...(workload && { workload: `${workload.kind}/${workload.name}` }),
    ...(workload?.inferred && { workloadInferred: true }),
    ...(workload && { container: asked.container, containerKind: asked.kind }),
    image: asked.image,
    ...(asked.runningDigest && { runningDigest: asked.runningDigest }),
    verdict: decision.verdict,
    category: decision.category,
    ...(decision.overriddenBy && { overriddenBy: decision.overriddenBy }),
    policyVerdict: policy.verdict,
    decidedBy: policy.decidedBy,
    ...(policy.rule && { rule: policy.rule }),
    ...(policy.pattern !== undefined && { pattern: policy.pattern }),
    ...(policy.message !== undefined && { message: policy.message }),
    attestors: policy.attestors.map(({ attestor, verdict, reason }) => ({
      attestor,
      verdict,
      ...(reason && { reason }),
    })),
    diagnosis: [
      ...policy.diagnosis,
      ...policy.attestors.flatMap(({ attestor, diagnosis }) => diagnosis.map((entry) => ({ ...entry, attestor }))),
    ],
    hints: policy.hints,
    why: whyOf(decision),
    remedies: remediesOf(decision),
    ...(decision.pinned && { pinned: decision.pinned }),
    count: decision.count,
    sources: decision.sources,
  };
}
