import { readPolicyExport, type TrustModel } from "../../../lib/trust";
import { type Json, PROJECT } from "./support";

/** What `gcloud container binauthz policy export` prints of a policy that denies, with rules of another kind on top. */
export function policyExport(more: Json): TrustModel {
  const rule = { evaluationMode: "ALWAYS_DENY", enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG" };
  const maps = Object.fromEntries(Object.keys(more).map((map) => [map, { production: rule }]));
  return readPolicyExport("policy.yaml", {
    name: `projects/${PROJECT}/policy`,
    globalPolicyEvaluationMode: "ENABLE",
    defaultAdmissionRule: rule,
    ...maps,
  });
}
