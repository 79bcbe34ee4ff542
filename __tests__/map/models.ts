// biome-ignore-all lint/suspicious/noTemplateCurlyInString: names that would be references elsewhere

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { MapInput } from "../../lib/map";
import { checkState, review } from "../../lib/review/engine";
import { openSourceText, type TrustModel } from "../../lib/trust";
import { EMPTY_MODEL, hidden, known, UNKNOWN } from "../../lib/trust/model";
import { estate } from "./estate";

/** What the map of an estate is made of, checks included. */
export function estateInput(clusters: number): MapInput {
  const { model } = openSourceText("cdktf.out/stacks/prod/cdk.tf.json", JSON.stringify(estate(clusters)));
  const report = checkState({ models: [model] });
  return { model: report.after.model, findings: report.findings, sources: ["cdktf.out/stacks/prod/cdk.tf.json"] };
}

/** The same of a plan: the chain of trust is opened in many ways at once. */
export function planInput(): MapInput {
  const name = "02-trust-chain-opened.plan.json";
  const text = readFileSync(join(__dirname, "../fixtures/plans", name), "utf8");
  const { plan } = openSourceText(name, text);
  if (plan === undefined) {
    throw new Error(`${name} is no plan`);
  }
  const report = review({ plans: [{ plan }] });
  return { model: report.after.model, before: report.before?.model, findings: report.findings, sources: [name] };
}

/** Names that would be something else wherever they are not escaped. */
export const HOSTILE: readonly string[] = [
  "</script><script>window.hacked=1</script>",
  '<img src=x onerror="window.hacked=2">',
  '" onmouseover="window.hacked=3" x=\'',
  "]]></text></svg><svg onload=window.hacked=4>",
  "&lt;b&gt;&#x3c;script>",
  "a\u202eb\u2066c\u200bd\u0007e\u001b[2Jf\u2028g",
  'x"] --> y["z\nclick n0 href "javascript:window.hacked=5"\nend',
  '%%{init: {"securityLevel": "loose"}}%%#quot;;end',
  "{{constructor}}${alert(1)}`",
  "\ud800 half of a pair",
  "<!--",
  "--><script>window.hacked=6</script>",
];

/** A chain of trust in which every name is hostile. */
function hostileModel(names: readonly string[] = HOSTILE): TrustModel {
  const at = (index: number) => names[index % names.length];
  const origin = { source: at(0), address: at(1), constructPath: at(2) };
  const rule = {
    evaluationMode: known("REQUIRE_ATTESTATION"),
    enforcementMode: known("ENFORCED_BLOCK_AND_AUDIT_LOG"),
    requireAttestationsBy: known(names.map((name) => known(`projects/p/attestors/${name}`))),
  };
  return {
    ...EMPTY_MODEL,
    keyVersions: names.map((name) => ({
      name: `projects/p/locations/${name}/keyRings/${name}/cryptoKeys/${name}/cryptoKeyVersions/1`,
      state: known(name),
      algorithm: hidden(name),
      protectionLevel: UNKNOWN,
      publicKey: UNKNOWN,
      origin,
    })),
    notes: names.map((name) => ({ name: `projects/p/notes/${name}`, humanReadableName: known(name), origin })),
    attestors: names.map((name) => ({
      name: `projects/p/attestors/${name}`,
      noteName: known(`projects/p/notes/${name}`),
      publicKeys: known([{ id: known(name), type: "pkix" as const, material: UNKNOWN, algorithm: known(name) }]),
      origin,
    })),
    policies: [
      {
        project: at(0),
        globalPolicyEvaluationMode: known("ENABLE"),
        exemptImages: known(names.map((name) => known(name))),
        defaultRule: known({ ...rule, evaluationMode: known(at(1)) }),
        specificRules: known({
          kind: "cluster",
          rules: names.map((name) => ({ key: known(`zone.${name}`), rule })),
        }),
        origin,
      },
    ],
    clusters: names.map((name) => ({
      project: at(0),
      location: "zone",
      name,
      evaluationMode: known(name),
      origin,
    })),
    services: names.map((name) => ({
      project: at(0),
      location: name,
      name,
      kind: "service" as const,
      policy: known("default"),
      breakglassJustification: known(name),
      origin,
    })),
    pipelines: names.map((name) => ({
      name: `projects/p/locations/l/triggers/${name}`,
      serviceAccount: known(`serviceAccount:${name}`),
      images: [name],
      signs: [{ attestor: known(`projects/p/attestors/${name}`), keyVersion: known(name) }],
      origin,
    })),
    powers: names.map((name) => ({
      kind: "edit-policy" as const,
      principal: known(`user:${name}`),
      role: known(name),
      on: known(`projects/${at(0)}`),
      conditional: false,
      origin,
    })),
  };
}

export function hostileInput(names: readonly string[] = HOSTILE): MapInput {
  const model = hostileModel(names);
  const report = checkState({ models: [model] });
  return { model, findings: report.findings, sources: names };
}
