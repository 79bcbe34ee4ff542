import { readFileSync } from "node:fs";
import { join } from "node:path";
import { showEffective } from "../../../lib/review/effective";
import { effectiveFor, type Facts, factsOf, sha256 } from "../../../lib/review/facts";
import { DEFAULT_GATE } from "../../../lib/review/gate";
import { type Judgement, judge, type Outcome } from "../../../lib/review/outcome";
import { EMPTY_SETTINGS } from "../../../lib/review/settings";
import { signersOf } from "../../../lib/review/signers";
import type { Finding, Report } from "../../../lib/review/types";
import { EMPTY_MODEL } from "../../../lib/trust";
import { readPlan } from "../../../lib/trust/plan";

export const PLAN_HASH = "ab".repeat(32);

export const RULES: Judgement["checks"] = [
  {
    id: "P007",
    title: "Default rule opened",
    severity: "critical",
    effects: ["opens"],
    looksAt: "the evaluation mode of the default rule of a policy",
    mend: "Keep ALWAYS_DENY as the default and name the clusters that may differ.",
  },
  {
    id: "A002",
    title: "Key removed",
    severity: "high",
    effects: ["blocks", "narrows"],
    looksAt: "the keys of attestors by their material",
    mend: "Attest what runs with a key that stays, then remove the old one.",
  },
  {
    id: "K005",
    title: "Destroy delay shortened",
    severity: "low",
    effects: ["blocks"],
    looksAt: "destroy_scheduled_duration of keys",
    mend: "Keep the delay as long as it was.",
  },
];

/** A finding with everything that the test does not care about filled in. */
export function finding(fields: Partial<Finding> = {}): Finding {
  const { address = "google_binary_authorization_policy.p", id = "P007", target = "default:sec-proj" } = fields;
  return {
    id,
    severity: "critical",
    effects: ["opens"],
    address,
    target,
    title: "Default rule opened",
    message: "Images for which no rule of a cluster applies were refused, and now all run.",
    before: "deny",
    after: "allow all",
    mend: "Keep ALWAYS_DENY as the default and name the clusters that may differ.",
    fingerprint: sha256(JSON.stringify([id, address, target, fields.after ?? "allow all"])),
    certainty: { state: "decided" },
    ...fields,
  };
}

export const UNDECIDED = finding({
  id: "I001",
  severity: "high",
  address: "google_kms_crypto_key_iam_member.sign",
  target: "serviceAccount:ci@sec-proj.iam.gserviceaccount.com",
  title: "New principal can sign",
  message: "It may use a key of the attestor.",
  before: undefined,
  after: undefined,
  certainty: { state: "undecided", best: "medium", worst: "high", because: "nothing says who may attach to the note" },
});

/** A report of these findings, over the facts of a plan of the fixtures. */
export function report(findings: readonly Finding[], plan?: string, fields: Partial<Report> = {}): Report {
  const read =
    plan === undefined
      ? { before: EMPTY_MODEL, after: EMPTY_MODEL }
      : readPlan(plan, JSON.parse(readFileSync(join(__dirname, "../../fixtures/plans", `${plan}.plan.json`), "utf8")));
  const [before, after] = [factsOf(read.before), factsOf(read.after)];
  const names = [...new Set([...before.targets.keys(), ...after.targets.keys()])];
  const show = (facts: Facts, name: string) => showEffective(effectiveFor(facts, name));
  const [was, willBe] = [signersOf(before, false), signersOf(after, false)];
  return {
    schemaVersion: 1,
    findings,
    targets: names.map((target) => ({
      target,
      before: show(before, target),
      after: show(after, target),
      changed: show(before, target) !== show(after, target),
    })),
    signers: [...new Set([...was.keys(), ...willBe.keys()])].map((key) => {
      const [attestor, principal] = JSON.parse(key);
      return {
        attestor,
        principal,
        before: was.get(key)?.power ?? "none",
        after: willBe.get(key)?.power ?? "none",
      };
    }),
    allGrants: false,
    plans: [{ source: "plan.json", hash: PLAN_HASH, timestamp: "2026-11-20T21:46:00Z" }],
    before,
    after,
    ...fields,
  };
}

export function outcome(of: Report, judgement: Partial<Judgement> = {}): Outcome {
  return judge(of, {
    subject: "review",
    gate: DEFAULT_GATE,
    settings: EMPTY_SETTINGS,
    today: "2026-11-20",
    checks: RULES,
    version: "1.2.3",
    ...judgement,
  });
}

/** What an author of a change may write anywhere: it must stay text. */
export const HOSTILE = [
  "@security-team please approve",
  "<img src=x onerror=alert(1)>",
  "`code` | cell | **bold** [link](https://evil.example) ![x](y)",
  "\u001b[2K\u001b[1A\u001b]0;title\u0007 PASS",
  "line one\nline two\r\n## heading\n| a | b |\n</details>",
  "<!-- binauthz-review:default -->",
  'x"]; click n0 "https://evil.example"; %% end\n```',
  "\u202eright to left\u2066 \u200b zero",
  "]]><failure message='x'/>&amp;",
  "\ud800 torn",
].join(" ~ ");
