import fc from "fast-check";
import { type Sandbox, storedPolicy } from "../../lib/sandbox";
import { samples } from "../support/property";
import type { PolicyJson, RuleJson } from "./policy-openness";
import { PROJECT } from "./support";

/** Where attestors live that the program only names. */
const ELSEWHERE = "attestor-project";

/** An attestor that some rule requires. */
export interface DeclaredAttestor {
  readonly name: string;
  /** Made by the program, in its own project; else it is named only. */
  readonly managed: boolean;
  /** Made before its stack was, and imported by it. */
  readonly adopted: boolean;
}

export interface DeclaredRule {
  /** Short names. */
  readonly attestors: readonly string[];
  readonly dryRun: boolean;
}

/** What a program declares, and how it is written down. */
export interface Declared {
  readonly attestors: readonly DeclaredAttestor[];
  /** The rule for everything else: at most one attestor, none for "always deny". */
  readonly defaultRule: DeclaredRule;
  /** By `LOCATION.NAME`. */
  readonly clusters: Readonly<Record<string, DeclaredRule>>;
  readonly exemptImages: readonly string[];
  /** How often the constructs were renamed. */
  readonly renamed: number;
  /** How many constructs are around them. */
  readonly depth: number;
  /** How many attestors and clusters there were so far: each new one gets a name of its own. */
  readonly names: number;
}

const KINDS = [
  "add an attestor",
  "remove an attestor",
  "swap an attestor",
  "change the default rule",
  "switch dry run",
  "add a cluster",
  "remove a cluster",
  "exempt an image",
  "exempt an image no longer",
  "rename the constructs",
  "re-parent the constructs",
  "move to another stack",
  "move an attestor to another project",
] as const;

/** One change; the choice says to what, in its own way for every kind. */
export interface Step {
  readonly kind: (typeof KINDS)[number];
  readonly choice: number;
}

/** What every sequence begins with. */
export const START: Declared = [
  { kind: "add a cluster", choice: 1 },
  { kind: "add a cluster", choice: 0 },
].reduce((declared: Declared, step) => changed(declared, step as Step), {
  attestors: [],
  defaultRule: { attestors: [], dryRun: false },
  clusters: {},
  exemptImages: ["quay.io/example-monitor/*"],
  renamed: 0,
  depth: 0,
  names: 0,
});

/** The program after a change. Total: what cannot be done (the last attestor removed) becomes the opposite. */
export function changed(declared: Declared, { kind, choice }: Step): Declared {
  const keys = Object.keys(declared.clusters).sort();
  const cluster = keys[choice % keys.length];
  switch (kind) {
    case "add an attestor":
      return tidied(withNewAttestors(declared, cluster, declared.clusters[cluster], 1, choice));
    case "remove an attestor": {
      const full = keys.find((key) => declared.clusters[key].attestors.length > 1);
      if (full === undefined) {
        return changed(declared, { kind: "add an attestor", choice });
      }
      const rule = declared.clusters[full];
      const removed = choice % rule.attestors.length;
      return tidied(withRule(declared, full, { ...rule, attestors: rule.attestors.filter((_, i) => i !== removed) }));
    }
    case "swap an attestor": {
      const rule = declared.clusters[cluster];
      const swapped = choice % rule.attestors.length;
      const kept = { ...rule, attestors: rule.attestors.filter((_, i) => i !== swapped) };
      return tidied(withNewAttestors(declared, cluster, kept, 1, choice));
    }
    case "change the default rule":
      return tidied({ ...declared, defaultRule: otherDefault(declared, choice) });
    case "switch dry run": {
      const rule = declared.clusters[cluster];
      return withRule(declared, cluster, { ...rule, dryRun: !rule.dryRun });
    }
    case "add a cluster": {
      const key = `us-central1.cluster-${declared.names}`;
      const empty = { attestors: [], dryRun: choice % 5 === 4 };
      return withNewAttestors({ ...declared, names: declared.names + 1 }, key, empty, 1 + (choice % 2), choice);
    }
    case "remove a cluster": {
      if (keys.length === 1) {
        return changed(declared, { kind: "add a cluster", choice });
      }
      const { [cluster]: _, ...clusters } = declared.clusters;
      return tidied({ ...declared, clusters });
    }
    case "exempt an image": {
      const pattern = `quay.io/example-${declared.names}/**`;
      return { ...declared, names: declared.names + 1, exemptImages: [...declared.exemptImages, pattern] };
    }
    case "exempt an image no longer":
      return declared.exemptImages.length === 0
        ? changed(declared, { kind: "exempt an image", choice })
        : { ...declared, exemptImages: declared.exemptImages.slice(1) };
    case "rename the constructs":
      return { ...declared, renamed: declared.renamed + 1 };
    case "re-parent the constructs":
      return { ...declared, depth: (declared.depth + 1 + (choice % 2)) % 3 };
    case "move to another stack":
      return { ...declared, attestors: declared.attestors.map((attestor) => ({ ...attestor, adopted: true })) };
    case "move an attestor to another project":
      // Refused: nothing changes.
      return declared;
  }
}

function otherDefault({ defaultRule, attestors }: Declared, choice: number): DeclaredRule {
  const others = attestors.map(({ name }) => name).filter((name) => !defaultRule.attestors.includes(name));
  const deny = { attestors: [], dryRun: choice % 3 === 2 };
  if (others.length === 0 || (defaultRule.attestors.length > 0 && choice % 2 === 0)) {
    return deny;
  }
  return { attestors: [others[choice % others.length]], dryRun: deny.dryRun };
}

function withRule(declared: Declared, cluster: string, rule: DeclaredRule): Declared {
  return { ...declared, clusters: { ...declared.clusters, [cluster]: rule } };
}

function withNewAttestors(
  declared: Declared,
  cluster: string,
  rule: DeclaredRule,
  count: number,
  choice: number,
): Declared {
  const fresh = Array.from({ length: count }, (_, index) => ({
    name: `attestor-${declared.names + index}`,
    managed: (choice + index) % 2 === 0,
    adopted: false,
  }));
  return {
    ...withRule(declared, cluster, { ...rule, attestors: [...rule.attestors, ...fresh.map(({ name }) => name)] }),
    attestors: [...declared.attestors, ...fresh],
    names: declared.names + count,
  };
}

/** Without the attestors that no rule requires any more. */
function tidied(declared: Declared): Declared {
  const rules = [declared.defaultRule, ...Object.values(declared.clusters)];
  const required = new Set(rules.flatMap(({ attestors }) => attestors));
  return { ...declared, attestors: declared.attestors.filter(({ name }) => required.has(name)) };
}

/** The full name of an attestor of a program. */
export function attestorId(declared: Declared, name: string): string {
  const managed = declared.attestors.some((attestor) => attestor.name === name && attestor.managed);
  return `projects/${managed ? PROJECT : ELSEWHERE}/attestors/${name}`;
}

/** The attestor of some cluster that a step moves to another project under its short name. */
export function moveOf(declared: Declared, { choice }: Step): { name: string; from: string; to: string } {
  const names = Object.values(declared.clusters).flatMap(({ attestors }) => attestors);
  const name = names[choice % names.length];
  return { name, from: attestorId(declared, name), to: `projects/moved-project/attestors/${name}` };
}

/** The policy that a program declares, in the API's shape. */
export function declaredPolicy(declared: Declared): PolicyJson {
  return normalized({
    globalPolicyEvaluationMode: "ENABLE",
    admissionWhitelistPatterns: declared.exemptImages.map((namePattern) => ({ namePattern })),
    defaultAdmissionRule: ruleJson(declared, declared.defaultRule),
    clusterAdmissionRules: Object.fromEntries(
      Object.entries(declared.clusters).map(([cluster, rule]) => [cluster, ruleJson(declared, rule)]),
    ),
  });
}

function ruleJson(declared: Declared, { attestors, dryRun }: DeclaredRule): RuleJson {
  return {
    enforcementMode: dryRun ? "DRYRUN_AUDIT_LOG_ONLY" : "ENFORCED_BLOCK_AND_AUDIT_LOG",
    evaluationMode: attestors.length > 0 ? "REQUIRE_ATTESTATION" : "ALWAYS_DENY",
    requireAttestationsBy: attestors.map((name) => attestorId(declared, name)),
  };
}

/** A policy with what counts, in one spelling: attestors are a set, what is empty is left out. */
export function normalized(policy: PolicyJson): PolicyJson {
  const rule = ({ evaluationMode, enforcementMode, requireAttestationsBy = [] }: RuleJson): RuleJson => ({
    evaluationMode,
    enforcementMode,
    requireAttestationsBy: [...requireAttestationsBy].sort(),
  });
  const clusters = Object.entries(policy.clusterAdmissionRules ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    globalPolicyEvaluationMode: policy.globalPolicyEvaluationMode,
    admissionWhitelistPatterns: [...(policy.admissionWhitelistPatterns ?? [])],
    defaultAdmissionRule: rule(policy.defaultAdmissionRule),
    clusterAdmissionRules: Object.fromEntries(clusters.map(([key, value]) => [key, rule(value)])),
  };
}

/** The policy in force. */
export function stored(google: Sandbox): PolicyJson {
  return storedPolicy(google.state, PROJECT) as unknown as PolicyJson;
}

/**
 * Every policy that was in force for a moment since a request.
 * @param seen how many requests there were before
 */
export function policiesPut(google: Sandbox, seen: number): PolicyJson[] {
  return google.requests
    .slice(seen)
    .filter(
      ({ verb, path, status }) => verb !== "GET" && path.endsWith(`/projects/${PROJECT}/policy`) && status === 200,
    )
    .map(({ body }) => body as unknown as PolicyJson);
}

/**
 * The sequences to go through: every kind of change in random order, with random choices. `BINAUTHZ_SEQUENCES` says how
 * many, `BINAUTHZ_STEPS` how long they are; longer ones repeat kinds, shorter ones leave some out.
 */
export function sequences(): Step[][] {
  const count = Number(process.env.BINAUTHZ_SEQUENCES ?? 1);
  const length = Number(process.env.BINAUTHZ_STEPS ?? KINDS.length);
  const everyKind = fc.shuffledSubarray([...KINDS], { minLength: KINDS.length });
  const kinds = fc
    .tuple(everyKind, fc.array(fc.constantFrom(...KINDS), { minLength: length, maxLength: length }))
    .map(([all, more]) => [...all, ...more].slice(0, length));
  const steps = kinds.chain((chosen) =>
    fc.tuple(...chosen.map((kind) => fc.nat(999).map((choice): Step => ({ kind, choice })))),
  );
  return samples(steps, count);
}
