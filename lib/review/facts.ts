import { createHash } from "node:crypto";
import type { Target } from "../admission/types";
import {
  type Attestor,
  type AttestorKey,
  type KeyedRule,
  known,
  type Origin,
  type Policy,
  type Power,
  type Rule,
  type SpecificRules,
  type TrustModel,
  type Value,
} from "../trust";
import { parsePublicKey, publicKeyDigestId } from "../vocabulary/public-key";
import { clusterKey } from "../vocabulary/resource-name";
import { type Effective, effectiveAt, UNSEEN } from "./effective";
import { kmsKeyOfId } from "./names";

/** What one model comes to. */
export interface Facts {
  readonly model: TrustModel;
  /** The policies by project. */
  readonly policies: ReadonlyMap<string, Policy>;
  /** Every place with a rule or a switch of its own, and `default:PROJECT` for each policy. */
  readonly targets: ReadonlyMap<string, TargetFact>;
  readonly attestors: ReadonlyMap<string, AttestorFact>;
  /** Every power by principal, object and kind. */
  readonly powers: ReadonlyMap<string, Power>;
}

export interface TargetFact {
  readonly name: string;
  readonly target: Target;
  readonly effective: Effective;
  /** Where it was read: the cluster or the service, else the policy. */
  readonly address?: string;
}

export interface AttestorFact {
  readonly attestor: Attestor;
  /** Undefined where not even their number is known. */
  readonly keys?: readonly KeyFact[];
}

/** A key of an attestor, told apart by its material and never by its id. */
export interface KeyFact {
  /** The fingerprint of its material; undefined where that is not known. */
  readonly print?: string;
  readonly key: AttestorKey;
}

export function factsOf(model: TrustModel): Facts {
  const policies = new Map(model.policies.map((policy) => [policy.project, policy]));
  return {
    model,
    policies,
    targets: targetsOf(model, policies),
    attestors: new Map(model.attestors.map((attestor) => [attestor.name, attestorFact(attestor)])),
    powers: new Map(model.powers.map((power) => [powerKey(power), power])),
  };
}

/** What a target does by these facts, also where nothing in them names it. */
export function effectiveFor(facts: Facts, name: string): Effective {
  const found = facts.targets.get(name);
  if (found) {
    return found.effective;
  }
  const target = parseTarget(name);
  return target ? effectiveAt(facts.model, facts.policies.get(target.project), target) : UNSEEN;
}

function targetName(target: Target): string {
  switch (target.kind) {
    case "default":
      return `default:${target.project}`;
    case "gke":
      return `gke:${target.project}/${clusterKey(target.location, target.name)}`;
    case "cloud-run":
      return `run:${target.project}/${target.location}/${target.name}`;
  }
}

function parseTarget(name: string): Target | undefined {
  const cluster = /^gke:([^/]+)\/([^.]+)\.(.+)$/.exec(name);
  if (cluster) {
    const [, project, location, rest] = cluster;
    return { kind: "gke", project, location, name: rest };
  }
  return /^default:/.test(name) ? { kind: "default", project: name.slice("default:".length) } : undefined;
}

/** What the simulator needs to look at for a target, by its name: with a thousand clusters, not all of them each time. */
class Index {
  private readonly places = new Map<string, Pick<TrustModel, "clusters" | "services">>();
  private readonly rules = new Map<string, Map<string, KeyedRule[]>>();

  public constructor(private readonly model: TrustModel) {
    for (const cluster of model.clusters) {
      this.add(cluster, { clusters: [cluster], services: [] });
    }
    for (const service of model.services) {
      this.add(service, { clusters: [], services: [service] });
    }
    for (const { project, specificRules } of model.policies) {
      if (specificRules.state === "known" && specificRules.value.kind === "cluster") {
        const byKey = new Map<string, KeyedRule[]>();
        for (const entry of specificRules.value.rules) {
          const key = entry.key.state === "known" ? entry.key.value : "";
          byKey.set(key, [...(byKey.get(key) ?? []), entry]);
        }
        this.rules.set(project, byKey);
      }
    }
  }

  public effective(policy: Policy | undefined, target: Target): Effective {
    const place = target.kind === "default" ? undefined : this.places.get(placeKey(target));
    const around = { ...this.model, clusters: place?.clusters ?? [], services: place?.services ?? [] };
    const rules = policy && target.kind === "gke" ? this.rules.get(policy.project) : undefined;
    if (policy === undefined || rules === undefined || target.kind !== "gke") {
      return effectiveAt(around, policy, target);
    }
    // A rule whose key is not known may be for this cluster.
    const candidates = [...(rules.get(clusterKey(target.location, target.name)) ?? []), ...(rules.get("") ?? [])];
    const specificRules = known<SpecificRules>({ kind: "cluster", rules: candidates });
    return effectiveAt(around, { ...policy, specificRules }, target);
  }

  private add(place: Place, { clusters, services }: Pick<TrustModel, "clusters" | "services">): void {
    const present = this.places.get(placeKey(place)) ?? { clusters: [], services: [] };
    this.places.set(placeKey(place), {
      clusters: [...present.clusters, ...clusters],
      services: [...present.services, ...services],
    });
  }
}

interface Place {
  readonly project: string;
  readonly location: string;
  readonly name: string;
}

function placeKey({ location, name, project }: Place): string {
  return `${project}/${location}/${name}`;
}

function targetsOf(model: TrustModel, policies: ReadonlyMap<string, Policy>): Map<string, TargetFact> {
  const targets = new Map<string, TargetFact>();
  const index = new Index(model);
  const add = (target: Target, address: string | undefined) => {
    const name = targetName(target);
    if (!targets.has(name)) {
      const effective = index.effective(policies.get(target.project), target);
      targets.set(name, { name, target, effective, ...(address !== undefined && { address }) });
    }
  };
  for (const { location, name, origin, project } of model.clusters) {
    add({ kind: "gke", project, location, name }, origin.address);
  }
  for (const { location, name, origin, project } of model.services) {
    add({ kind: "cloud-run", project, location, name }, origin.address);
  }
  for (const policy of policies.values()) {
    for (const key of clusterKeys(policy)) {
      const dot = key.indexOf(".");
      if (dot > 0) {
        const [location, name] = [key.slice(0, dot), key.slice(dot + 1)];
        add({ kind: "gke", project: policy.project, location, name }, policy.origin.address);
      }
    }
    add({ kind: "default", project: policy.project }, policy.origin.address);
  }
  return targets;
}

/** The keys of a policy's rules for clusters, as far as they are known. */
export function clusterKeys(policy: Policy): string[] {
  const { specificRules } = policy;
  return specificRules.state === "known" && specificRules.value.kind === "cluster"
    ? specificRules.value.rules.flatMap(({ key }) => (key.state === "known" ? [key.value] : []))
    : [];
}

function attestorFact(attestor: Attestor): AttestorFact {
  const { publicKeys } = attestor;
  return publicKeys.state === "known"
    ? { attestor, keys: publicKeys.value.map((key) => ({ key, ...withPrint(key) })) }
    : { attestor };
}

function withPrint({ material, type }: AttestorKey): { readonly print?: string } {
  if (material.state !== "known") {
    return {};
  }
  const { value } = material;
  if (value.format === "pem") {
    return { print: value.fingerprint };
  }
  // White space around a key says nothing, though Cloud KMS writes none.
  const parsed = parsePublicKey(`${value.text.trim()}\n`);
  if (type === "pkix" && !("error" in parsed)) {
    return { print: publicKeyDigestId(parsed.key) };
  }
  // Text that is no readable key is compared by its content; the lines and headers of an armour say nothing.
  const body = type === "pgp" ? value.text.replace(/^(?:Version|Comment|Hash|Charset): .*$/gm, "") : value.text;
  return { print: `text:${sha256(body.replace(/\s+/g, ""))}` };
}

/** The Cloud KMS keys whose versions an attestor trusts, by the ids it gives them and by key material. */
export function trustedKmsKeys(facts: Facts, fact: AttestorFact): Set<string> {
  const versions = trustedKmsVersions(facts, fact);
  return new Set([...versions].map((version) => version.replace(/\/cryptoKeyVersions\/[^/]+$/, "")));
}

export function trustedKmsVersions(facts: Facts, fact: AttestorFact): Set<string> {
  const found = new Set<string>();
  for (const { key, print } of fact.keys ?? []) {
    const byId = key.id.state === "known" ? kmsKeyOfId(key.id.value) : undefined;
    if (byId !== undefined) {
      found.add(byId);
    }
    for (const { name, publicKey } of facts.model.keyVersions) {
      if (publicKey.state === "known" && publicKey.value.format === "pem" && publicKey.value.fingerprint === print) {
        found.add(name);
      }
    }
  }
  return found;
}

const NAMED = new WeakMap<Facts, ReadonlyMap<string, ReadonlyMap<string, Origin>>>();

/** The attestors that rules name, each with the targets of these rules and where they were read. */
export function namedAttestors(facts: Facts): ReadonlyMap<string, ReadonlyMap<string, Origin>> {
  const known = NAMED.get(facts) ?? named(facts);
  NAMED.set(facts, known);
  return known;
}

function named({ policies }: Facts): Map<string, Map<string, Origin>> {
  const found = new Map<string, Map<string, Origin>>();
  for (const { defaultRule, origin, project, specificRules } of policies.values()) {
    const add = (target: string, { evaluationMode, requireAttestationsBy }: Rule) => {
      if (evaluationMode.state === "known" && evaluationMode.value !== "REQUIRE_ATTESTATION") {
        return;
      }
      for (const name of requireAttestationsBy.state === "known" ? requireAttestationsBy.value : []) {
        if (name.state === "known") {
          found.set(name.value, (found.get(name.value) ?? new Map()).set(target, origin));
        }
      }
    };
    if (defaultRule.state === "known") {
      add(`default:${project}`, defaultRule.value);
    }
    for (const { key, rule } of specificRules.state === "known" ? specificRules.value.rules : []) {
      add(`gke:${project}/${shown(key)}`, rule);
    }
  }
  return found;
}

/** Whether every rule of these files says which attestors it requires: else some attestor may be required unseen. */
export function allRulesKnown({ policies }: Facts): boolean {
  return [...policies.values()].every(
    ({ defaultRule, specificRules }) =>
      specificRules.state === "known" &&
      [defaultRule, ...specificRules.value.rules.map(({ rule }) => known(rule))].every(
        (rule) =>
          rule.state === "known" &&
          rule.value.requireAttestationsBy.state === "known" &&
          rule.value.requireAttestationsBy.value.every(({ state }) => state === "known"),
      ),
  );
}

function powerKey({ conditional, kind, on, principal, role }: Power): string {
  // A power is what can be done to what: which role gives it, and by which resource, makes no difference.
  const detail = kind === "none" || kind === "unknown" ? shown(role) : "";
  return JSON.stringify([shown(principal), kind, shown(on), conditional, detail]);
}

/** A value as text: what is not known stands as its reference, or as `?`. */
export function shown(value: Value<string>): string {
  return value.state === "known" ? value.value : value.state === "hidden" ? value.reference : "?";
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
