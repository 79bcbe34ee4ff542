import { chooseRule } from "../admission/rules";
import type { Target } from "../admission/types";
import { effectiveRule, showEffective } from "../review/effective";
import { type Facts, type KeyFact, shown, type TargetFact } from "../review/facts";
import { kmsKeyOfId, reaches } from "../review/names";
import { signersOf } from "../review/signers";
import type { Attestor, KeyVersion, Origin, Pipeline, Policy, Power, Rule, Value } from "../trust";
import { isFullName } from "../trust";
import type { EdgeKind, Fact, Graph, GraphEdge, GraphNode, NodeKind, Status } from "./types";
import { fact, POWER_WORDS, plural, said, shortName, statusOf, summaryOf } from "./words";

/** What one model comes to, as nodes and edges; nothing is put together yet. */
export function graphOf(facts: Facts, allGrants: boolean): Graph {
  const builder = new Builder(new Set([...facts.targets.values()].map(({ target }) => target.project)).size > 1);
  addKeysAndAttestors(builder, facts);
  addPolicies(builder, facts);
  addTargets(builder, facts);
  addIdentities(builder, facts, allGrants);
  return builder.graph();
}

/** Nodes by id and edges by what they connect. What two things say of one edge is joined. */
class Builder {
  public constructor(
    /** Whether the project has to be said everywhere. */
    public readonly severalProjects: boolean,
  ) {}

  private readonly nodes = new Map<string, GraphNode>();
  private readonly edges = new Map<string, GraphEdge>();

  public has(id: string): boolean {
    return this.nodes.has(id);
  }

  public isClosed(id: string): boolean {
    return this.nodes.get(id)?.status?.tone === "closed";
  }

  public add(node: GraphNode): string {
    this.nodes.set(node.id, node);
    return node.id;
  }

  public connect(from: string, to: string, kind: EdgeKind, label: string): void {
    const id = JSON.stringify([from, to]);
    const present = this.edges.get(id);
    if (present === undefined) {
      this.edges.set(id, { from, to, kind, label });
    } else if (!present.label.split("; ").includes(label)) {
      const stronger = ORDER.indexOf(kind) < ORDER.indexOf(present.kind) ? kind : present.kind;
      this.edges.set(id, { from, to, kind: stronger, label: `${present.label}; ${label}` });
    }
  }

  public graph(): Graph {
    return { nodes: [...this.nodes.values()], edges: [...this.edges.values()] };
  }
}

/** What counts more, where two things connect the same nodes. */
const ORDER: readonly EdgeKind[] = ["chain", "maybe", "power", "exempt"];

const COLUMN: Readonly<Record<NodeKind, number>> = {
  pipeline: 0,
  principal: 0,
  key: 1,
  attestor: 2,
  policy: 3,
  rule: 3,
  cluster: 4,
  "cloud-run": 4,
  identity: 4,
  "everything-else": 4,
};

type Made = Omit<GraphNode, "column" | "names" | "origins" | "facts"> &
  Partial<Pick<GraphNode, "names" | "origins" | "facts">>;

function made({ kind, ...rest }: Made): GraphNode {
  return { kind, column: COLUMN[kind], names: [], origins: [], facts: [], ...rest };
}

// --- keys and attestors ---

const keyId = (name: string) => `key ${name}`;
const attestorId = (name: string) => `attestor ${name}`;

function addKeysAndAttestors(builder: Builder, facts: Facts): void {
  for (const version of facts.model.keyVersions) {
    builder.add(keyVersionNode(version, facts));
  }
  for (const { attestor, keys } of facts.attestors.values()) {
    const id = builder.add(attestorNode(attestor, keys?.length, facts));
    for (const [index, key] of (keys ?? []).entries()) {
      builder.connect(keyNode(builder, facts, attestor, key, index), id, "chain", "is trusted by");
    }
  }
}

function keyVersionNode({ algorithm, name, origin, protectionLevel, publicKey, state }: KeyVersion, facts: Facts) {
  const { key, location, number, ring } = kmsParts(name);
  const cryptoKey = name.replace(/\/cryptoKeyVersions\/[^/]+$/, "");
  const around = facts.model.cryptoKeys.find((entry) => entry.name === cryptoKey);
  return made({
    id: keyId(name),
    kind: "key",
    title: key,
    subtitle: `version ${number} · ${ring} · ${location}`,
    ...(state.state === "known" && { status: stateOfKey(state.value) }),
    facts: [
      said("Name", name),
      fact("State", state),
      fact("Algorithm", algorithm),
      fact("Protection level", protectionLevel),
      fact("Public key", publicKey, (material) =>
        material.format === "pem" ? material.fingerprint : "text that is no readable key",
      ),
      ...(around
        ? [
            fact("Imported keys only", around.importOnly, (only) =>
              only ? "yes: somebody had the private key" : "no",
            ),
            fact("Destroyed after", around.destroyScheduledDuration),
          ]
        : []),
    ],
    names: [name, cryptoKey],
    origins: [origin],
  });
}

function stateOfKey(state: string): Status {
  return state === "ENABLED" ? { tone: "plain", text: "Enabled" } : { tone: "closed", text: words(state) };
}

/** `DESTROY_SCHEDULED` as `Destroy scheduled`. */
function words(constant: string): string {
  const text = constant.replace(/_/g, " ").toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

interface KmsParts {
  readonly key: string;
  readonly number: string;
  readonly ring: string;
  readonly location: string;
}

function kmsParts(name: string): KmsParts {
  const [, location = "", ring = "", key = name, number = "?"] =
    /^projects\/.+\/locations\/(.+)\/keyRings\/(.+)\/cryptoKeys\/(.+)\/cryptoKeyVersions\/(.+)$/.exec(name) ?? [];
  return { key, number, ring, location };
}

/** The node of a key as an attestor carries it: a version of Cloud KMS where its id or its material names one. */
function keyNode(builder: Builder, facts: Facts, { name, origin }: Attestor, keyFact: KeyFact, index: number): string {
  const { key, print } = keyFact;
  const id = key.id.state === "known" ? key.id.value : undefined;
  const version = kmsKeyOfId(id ?? "") ?? facts.model.keyVersions.find((known) => printOf(known) === print)?.name;
  if (version !== undefined) {
    if (builder.has(keyId(version))) {
      return keyId(version);
    }
    const { key: short, location, number, ring } = kmsParts(version);
    return builder.add(
      made({
        id: keyId(version),
        kind: "key",
        title: short,
        subtitle: ring === "" ? "Cloud KMS" : `version ${number} · ${ring} · ${location}`,
        summary: "The attestor names this version; the version itself is not in these files.",
        facts: [said("Name", version), ...attestorKeyFacts(keyFact)],
        names: [version, version.replace(/\/cryptoKeyVersions\/[^/]+$/, "")],
        origins: [origin],
      }),
    );
  }
  const nodeId = keyId(print ?? `${name} ${index}`);
  return builder.add(
    made({
      id: nodeId,
      kind: "key",
      title: id === undefined ? "A key without a known id" : shortName(id),
      subtitle: key.type === "pgp" ? "PGP key" : "Key outside of Cloud KMS",
      facts: attestorKeyFacts(keyFact),
      names: id === undefined ? [] : [id],
      origins: [origin],
    }),
  );
}

function printOf({ publicKey }: KeyVersion): string | undefined {
  // One that is not known equals nothing, not even another that is not known.
  return publicKey.state === "known" && publicKey.value.format === "pem" ? publicKey.value.fingerprint : "";
}

function attestorKeyFacts({ key }: KeyFact): Fact[] {
  return [
    fact("Id in signatures", key.id),
    fact("Algorithm", key.algorithm),
    said("Type", key.type === "pgp" ? "PGP" : "PKIX"),
    fact("Public key", key.material, (material) =>
      material.format === "pem" ? material.fingerprint : "text that is no readable key",
    ),
  ];
}

function attestorNode({ name, noteName, origin, publicKeys }: Attestor, keys: number | undefined, facts: Facts) {
  const note =
    noteName.state === "known" ? facts.model.notes.find((entry) => entry.name === noteName.value) : undefined;
  return made({
    id: attestorId(name),
    kind: "attestor",
    title: shortName(name),
    subtitle: noteName.state === "known" ? `note ${shortName(noteName.value)}` : "note not known",
    status:
      keys === undefined
        ? { tone: "unknown", text: "Keys not known" }
        : keys === 0
          ? { tone: "closed", text: "No key" }
          : { tone: "plain", text: keys === 1 ? "1 key" : `${keys} keys: any of them` },
    summary:
      keys === 0
        ? "Nothing satisfies it: it has no key."
        : "An attestation counts when it is attached to the note and signed with one of the keys.",
    facts: [
      said("Name", name),
      fact("Note", noteName),
      ...(note ? [fact("Name of the note", note.humanReadableName)] : []),
      fact("Keys", publicKeys, (list) => String(list.length)),
    ],
    names: [name, ...(noteName.state === "known" ? [noteName.value] : [])],
    origins: [origin, ...(note ? [note.origin] : [])],
  });
}

/** An attestor that a rule names and nothing describes. */
function unseenAttestor(builder: Builder, name: string, origin: Origin): string {
  const id = attestorId(name);
  return builder.has(id)
    ? id
    : builder.add(
        made({
          id,
          kind: "attestor",
          title: isFullName(name) ? shortName(name) : "An attestor",
          subtitle: "not in these files",
          status: { tone: "unknown", text: "Keys not known" },
          summary: "A rule requires it. Its note and keys are not in these files.",
          facts: [said("Name", name)],
          names: [name],
          origins: [origin],
        }),
      );
}

// --- policies and their rules ---

const policyId = (project: string) => `policy projects/${project}/policy`;
const ruleId = (project: string, key: string) => `rule projects/${project}/policy ${key}`;

function addPolicies(builder: Builder, facts: Facts): void {
  for (const policy of facts.policies.values()) {
    builder.add(policyNode(policy));
    const { defaultRule, project, specificRules } = policy;
    if (defaultRule.state === "known") {
      addRule(builder, policy, {
        id: ruleId(project, "default"),
        title: "Default rule",
        about: "for what has no rule of its own",
        rule: defaultRule.value,
      });
    } else {
      builder.add(
        made({
          id: ruleId(project, "default"),
          kind: "rule",
          title: "Default rule",
          subtitle: project,
          status: { tone: "unknown", text: "Not known" },
          facts: [fact("Rule", defaultRule)],
          origins: [policy.origin],
        }),
      );
    }
    const rules = specificRules.state === "known" ? specificRules.value.rules : [];
    const kind = specificRules.state === "known" ? specificRules.value.kind : "cluster";
    for (const [content, alike] of groups(rules, ({ rule }) => contentOf(rule))) {
      const keys = alike.map(({ key }) => shown(key));
      addRule(builder, policy, {
        id: ruleId(project, `${kind} ${content}`),
        title: keys.length === 1 ? keys[0] : `${keys.length} ${SPECIFIC[kind]}`,
        about: keys.length === 1 ? `rule of a ${kind.replace("-", " ")}` : "one rule for all of them",
        rule: alike[0].rule,
        keys: alike.map(({ key }) => key),
      });
    }
  }
}

const SPECIFIC = {
  cluster: "clusters",
  namespace: "namespaces",
  "service-account": "service accounts",
  "istio-identity": "identities",
} as const;

function groups<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const result = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const present = result.get(key);
    if (present) {
      present.push(item);
    } else {
      result.set(key, [item]);
    }
  }
  return result;
}

/** Rules that say the same are drawn as one. */
function contentOf({ enforcementMode, evaluationMode, requireAttestationsBy }: Rule): string {
  const by =
    requireAttestationsBy.state === "known" ? requireAttestationsBy.value.map(shown).sort() : requireAttestationsBy;
  return JSON.stringify([shown(evaluationMode), shown(enforcementMode), by]);
}

function policyNode({ exemptImages, globalPolicyEvaluationMode, origin, project, specificRules }: Policy): GraphNode {
  const patterns = exemptImages.state === "known" ? exemptImages.value : undefined;
  return made({
    id: policyId(project),
    kind: "policy",
    title: `Policy of ${project}`,
    ...(patterns === undefined
      ? { status: { tone: "unknown" as const, text: "Exemptions not known" } }
      : patterns.length === 0
        ? { subtitle: "exempts no image" }
        : { subtitle: `exempts ${plural(patterns.length, "image pattern")}` }),
    summary:
      patterns?.length === 0
        ? "Every image is held against the rule of its place."
        : "Images that match an exempt pattern run without any attestation, wherever the policy is enforced.",
    facts: [
      fact("Google's system policy", globalPolicyEvaluationMode, (mode) =>
        mode === "ENABLE" ? "on: Google's own system images are exempt" : "off",
      ),
      fact(
        "Rules beside the default one",
        specificRules,
        ({ kind, rules }) => `${rules.length}, by ${kind.replace("-", " ")}`,
      ),
      ...(patterns ?? []).map((pattern) => fact("Exempt", pattern)),
      ...(patterns === undefined ? [fact("Exempt", exemptImages)] : []),
    ],
    names: [`projects/${project}/policy`],
    origins: [origin],
  });
}

interface DrawnRule {
  readonly id: string;
  readonly title: string;
  /** What it is for, in a few words. */
  readonly about: string;
  readonly rule: Rule;
  readonly keys?: readonly Value<string>[];
}

/** So many keys of a rule are worth reading in a row; the targets themselves are listed elsewhere. */
const MOST_KEYS = 12;

function addRule(
  builder: Builder,
  { origin, project }: Policy,
  { about, id, keys = [], rule, title }: DrawnRule,
): void {
  const { enforcementMode, evaluationMode, requireAttestationsBy } = rule;
  const effective = effectiveRule(rule);
  builder.add(
    made({
      id,
      kind: "rule",
      title,
      subtitle: builder.severalProjects ? project : about,
      status: statusOf(effective),
      summary: `Comes to: ${showEffective(effective)}.`,
      facts: [
        fact("Evaluation mode", evaluationMode),
        fact("Enforcement mode", enforcementMode),
        ...(requireAttestationsBy.state === "known"
          ? requireAttestationsBy.value.map((name) => fact("Requires", name))
          : [fact("Requires", requireAttestationsBy)]),
        ...keys.slice(0, MOST_KEYS).map((key) => fact("For", key)),
        ...(keys.length > MOST_KEYS ? [said("For", `and ${keys.length - MOST_KEYS} more`)] : []),
      ],
      names: keys.flatMap((key) => (key.state === "known" ? [key.value] : [])),
      origins: [origin],
    }),
  );
  const asks = evaluationMode.state !== "known" || evaluationMode.value === "REQUIRE_ATTESTATION";
  for (const name of asks && requireAttestationsBy.state === "known" ? requireAttestationsBy.value : []) {
    builder.connect(unseenAttestor(builder, shown(name), origin), id, "chain", "is required by");
  }
}

// --- targets ---

function addTargets(builder: Builder, facts: Facts): void {
  for (const targetFact of facts.targets.values()) {
    const id = builder.add(targetNode(targetFact, facts, builder.severalProjects));
    connectTarget(builder, facts, targetFact, id);
  }
  for (const policy of facts.policies.values()) {
    addOtherPlaces(builder, policy);
  }
}

function targetNode({ address, effective, name, target }: TargetFact, facts: Facts, several: boolean): GraphNode {
  const place =
    target.kind === "default" ? target.project : `${target.location}${several ? ` · ${target.project}` : ""}`;
  const common = {
    id: targetId(name),
    status: statusOf(effective),
    summary: summaryOf(effective),
    names: [name],
  };
  const first = said("Rule", showEffective(effective));
  switch (target.kind) {
    case "default": {
      const policy = facts.policies.get(target.project);
      return made({
        ...common,
        kind: "everything-else",
        title: "Everything else",
        subtitle: place,
        facts: [first, said("What that is", "every cluster and service of the project that has no rule of its own")],
        origins: policy ? [policy.origin] : [],
      });
    }
    case "gke": {
      const found = facts.model.clusters.filter((cluster) => isAt(cluster, target));
      return made({
        ...common,
        kind: "cluster",
        title: target.name,
        subtitle: place,
        facts: [
          first,
          ...(found.length === 0
            ? [said("The cluster itself", "not in these files; it is taken to enforce the policy")]
            : found.map(({ evaluationMode }) => fact("Enforcement", evaluationMode))),
        ],
        names: [name, `${target.location}.${target.name}`],
        origins: found.length > 0 ? found.map(({ origin }) => origin) : originOf(facts, target, address),
      });
    }
    case "cloud-run": {
      const found = facts.model.services.filter((service) => isAt(service, target));
      return made({
        ...common,
        kind: "cloud-run",
        title: target.name,
        subtitle: place,
        facts: [
          first,
          ...found.flatMap(({ breakglassJustification, kind, policy }) => [
            said("What it is", kind.replace("-", " ")),
            fact("Policy", policy),
            ...(breakglassJustification.state !== "known" || breakglassJustification.value
              ? [fact("Break-glass", breakglassJustification, (text) => String(text))]
              : []),
          ]),
        ],
        origins: found.map(({ origin }) => origin),
      });
    }
  }
}

const targetId = (name: string) => `target ${name}`;

function originOf(facts: Facts, { project }: Target, address: string | undefined): Origin[] {
  const policy = facts.policies.get(project);
  return policy && policy.origin.address === address ? [policy.origin] : [];
}

type Located = Exclude<Target, { kind: "default" }>;

function isAt(one: Pick<Located, "project" | "location" | "name">, other: Located): boolean {
  return one.project === other.project && one.location === other.location && one.name === other.name;
}

function connectTarget(builder: Builder, facts: Facts, { effective, target }: TargetFact, id: string): void {
  const policy = facts.policies.get(target.project);
  if (policy === undefined) {
    return;
  }
  const idle = effective.kind === "allow" && effective.because === "not-enforced";
  const { candidates } = chooseRule(policy, target);
  for (const { applied, rule } of candidates) {
    const kind = policy.specificRules.state === "known" ? policy.specificRules.value.kind : "cluster";
    const from = ruleId(target.project, applied.kind === "default" ? "default" : `${kind} ${contentOf(rule)}`);
    if (builder.has(from)) {
      const settled = candidates.length === 1 && !idle;
      const label = idle ? "would apply to" : settled ? "applies to" : "may apply to";
      builder.connect(from, id, settled ? "chain" : "maybe", label);
    }
  }
  const { exemptImages } = policy;
  if (!idle && (exemptImages.state !== "known" || exemptImages.value.length > 0)) {
    builder.connect(policyId(target.project), id, "exempt", "lets exempt images run on");
  }
}

/** Rules that are for no cluster: they hold in every cluster of the project that enforces the policy. */
function addOtherPlaces(builder: Builder, policy: Policy): void {
  const { project, specificRules } = policy;
  if (specificRules.state !== "known") {
    return;
  }
  const { kind, rules } = specificRules.value;
  for (const { key, rule } of rules) {
    if (kind === "cluster" && key.state === "known") {
      continue;
    }
    const effective = effectiveRule(rule);
    const id = builder.add(
      made({
        id: targetId(`${kind}:${project}/${shown(key)}`),
        kind: kind === "cluster" ? "cluster" : "identity",
        title: key.state === "known" ? key.value : `A ${kind.replace("-", " ")} that is not known yet`,
        subtitle: `${kind.replace("-", " ")} · ${project}`,
        status: statusOf(effective),
        summary: summaryOf(effective),
        facts: [said("Rule", showEffective(effective)), fact(words(kind.replace("-", " ")), key)],
        names: key.state === "known" ? [key.value] : [],
        origins: [policy.origin],
      }),
    );
    builder.connect(ruleId(project, `${kind} ${contentOf(rule)}`), id, "chain", "applies to");
  }
}

// --- identities ---

const identityId = (principal: string) => `identity ${principal}`;

interface Identity {
  readonly principal: string;
  readonly powers: Power[];
  readonly pipelines: Pipeline[];
}

function addIdentities(builder: Builder, facts: Facts, allGrants: boolean): void {
  const signers = [...signersOf(facts, allGrants).values()];
  const identities = identitiesOf(facts);
  const keysOf = new Map<string, Set<string>>();
  for (const identity of identities.values()) {
    const reached = reachedBy(builder, identity);
    keysOf.set(identity.principal, new Set(reached.filter(({ kind }) => kind === "sign").map(({ to }) => to)));
    const signs = signers.filter(({ principal }) => principal === identity.principal);
    if (reached.length === 0 && identity.pipelines.length === 0) {
      continue;
    }
    const id = builder.add(identityNode(identity, signs));
    const isFull = signs.some(({ power }) => power === "full");
    // Who signs attaches too: the way over the key says so already.
    const through = new Set(
      [...(keysOf.get(identity.principal) as Set<string>)].flatMap((key) => trustedBy(builder, key)),
    );
    for (const { conditional, kind, to } of reached) {
      if (kind === "attach" && isFull && through.has(to)) {
        continue;
      }
      // A version that is disabled or destroyed signs nothing, whoever may use the key.
      const idle = kind === "sign" && builder.isClosed(to);
      const words = idle ? "could sign, were it enabled, with" : POWER_WORDS[kind];
      const label = `${words}${conditional ? " (on a condition)" : ""}`;
      const drawn =
        kind === "sign" ? (isFull && !conditional && !idle ? "chain" : "maybe") : kind === "attach" ? "maybe" : "power";
      builder.connect(id, to, drawn, label);
    }
    for (const { signs: declared } of identity.pipelines) {
      for (const { keyVersion } of declared) {
        const key = keyId(shown(keyVersion));
        if (builder.has(key)) {
          builder.connect(id, key, isFull ? "chain" : "maybe", "signs with");
        }
      }
    }
  }
  addActing(builder, identities, keysOf);
}

function trustedBy(builder: Builder, key: string): string[] {
  return builder
    .graph()
    .edges.filter(({ from }) => from === key)
    .map(({ to }) => to);
}

/** Who can act as an account that signs can sign: drawn to the same keys. */
function addActing(
  builder: Builder,
  identities: ReadonlyMap<string, Identity>,
  keysOf: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  for (const identity of identities.values()) {
    for (const { kind, on } of identity.powers) {
      if (kind !== "act-as") {
        continue;
      }
      for (const [principal, keys] of keysOf) {
        if (principal === identity.principal || keys.size === 0 || !isAccount(shown(on), principal)) {
          continue;
        }
        const id = identityId(identity.principal);
        if (!builder.has(id)) {
          builder.add(identityNode(identity, []));
        }
        for (const key of keys) {
          builder.connect(
            id,
            key,
            "power",
            `can act as ${principal.replace(/^serviceAccount:/, "")}, which signs with`,
          );
        }
      }
    }
  }
}

/** Whether what a role is on is the account of a principal, or the project it is in. */
function isAccount(on: string, principal: string): boolean {
  const [, email] = /^serviceAccount:(.+)$/.exec(principal) ?? [];
  const [, project] = /@([^.]+)\.iam\.gserviceaccount\.com$/.exec(principal) ?? [];
  if (email === undefined) {
    return false;
  }
  return (
    on.endsWith(`/serviceAccounts/${email}`) ||
    (project !== undefined && reaches(on, `projects/${project}/serviceAccounts/x`))
  );
}

function identitiesOf({ model, powers }: Facts): Map<string, Identity> {
  const identities = new Map<string, Identity>();
  const of = (principal: Value<string>, origin: Origin): Identity => {
    // Two that are not known may be two.
    const name =
      principal.state === "known"
        ? principal.value
        : `${shown(principal)}${origin.address ? ` of ${origin.address}` : ""}`;
    const present = identities.get(name) ?? { principal: name, powers: [], pipelines: [] };
    identities.set(name, present);
    return present;
  };
  for (const pipeline of model.pipelines) {
    of(pipeline.serviceAccount, pipeline.origin).pipelines.push(pipeline);
  }
  for (const power of powers.values()) {
    of(power.principal, power.origin).powers.push(power);
  }
  return identities;
}

interface Reached {
  readonly to: string;
  readonly kind: Power["kind"];
  readonly conditional: boolean;
}

/** Which nodes a power can be about. */
const ABOUT: Readonly<Partial<Record<Power["kind"], readonly NodeKind[]>>> = {
  sign: ["key"],
  attach: ["attestor"],
  "edit-attestor": ["attestor"],
  "edit-policy": ["policy"],
  grant: ["key", "attestor", "policy"],
  unknown: ["key", "attestor", "policy"],
};

/** What the powers of an identity reach of the chain. */
function reachedBy(builder: Builder, { powers }: Identity): Reached[] {
  const { nodes } = builder.graph();
  return powers.flatMap(({ conditional, kind, on }) =>
    nodes
      .filter(
        (node) => ABOUT[kind]?.includes(node.kind) && thingsOf(node, kind).some((name) => reaches(shown(on), name)),
      )
      .map(({ id }) => ({ to: id, kind, conditional })),
  );
}

/** The full names that a power may be given on; what is attached hangs on the note, not on the attestor. */
function thingsOf({ kind, names }: GraphNode, power: Power["kind"]): readonly string[] {
  switch (power) {
    case "attach":
      return names.slice(1);
    case "grant":
    case "unknown":
      return kind === "attestor" ? names : names.slice(0, 1);
    default:
      return names.slice(0, 1);
  }
}

function identityNode({ pipelines, powers, principal }: Identity, signs: readonly Signs[]): GraphNode {
  const full = signs.filter(({ power }) => power === "full").map(({ attestor }) => attestor);
  const maybe = signs.filter(({ power }) => power === "maybe").map(({ attestor }) => attestor);
  const [first, ...others] = pipelines;
  const account = accountOf(principal);
  const anybody = /^(?:allUsers|allAuthenticatedUsers)$/.test(principal);
  return made({
    id: identityId(principal),
    kind: first ? "pipeline" : "principal",
    title: first ? `${shortName(first.name)}${others.length > 0 ? ` and ${others.length} more` : ""}` : account.name,
    subtitle: first ? `as ${account.name}` : account.kind,
    ...(anybody
      ? { status: { tone: "open" as const, text: "Anybody" } }
      : full.length > 0
        ? {
            status: {
              tone: "plain" as const,
              text: full.length === 1 ? `Signs for ${shortName(full[0])}` : `Signs for ${full.length} attestors`,
            },
          }
        : maybe.length > 0
          ? { status: { tone: "unknown" as const, text: "May sign" } }
          : {}),
    summary:
      full.length > 0
        ? `Can sign for ${full.join(", ")}: it may use a key and attach to the note.`
        : maybe.length > 0
          ? `May sign for ${maybe.join(", ")}: it has one of the two powers that signing takes, and who has the other is not in these files.`
          : "Cannot sign by itself, by the grants in these files.",
    facts: [
      said("Principal", principal),
      ...pipelines.flatMap(({ images, name }) => [
        said("Trigger", name),
        ...images.map((image) => said("Image", image)),
      ]),
      ...powers
        .filter(({ kind }) => kind !== "none")
        .map(({ conditional, kind, on, role }) => ({
          ...fact(
            upper(POWER_WORDS[kind]),
            on,
            (name) => `${name} (${shown(role)}${conditional ? ", on a condition" : ""})`,
          ),
        })),
    ],
    names: [principal, ...pipelines.map(({ name }) => name)],
    origins: [...pipelines, ...powers.filter(({ kind }) => kind !== "none")].map(({ origin }) => origin),
  });
}

interface Signs {
  readonly attestor: string;
  readonly power: string;
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const PRINCIPALS: Readonly<Record<string, string>> = {
  serviceAccount: "service account",
  user: "user",
  group: "group",
  domain: "domain",
  principal: "federated identity",
  principalSet: "federated identities",
};

function accountOf(principal: string): { readonly name: string; readonly kind: string } {
  const colon = principal.indexOf(":");
  const type = PRINCIPALS[principal.slice(0, Math.max(0, colon))];
  if (type === undefined) {
    return { name: principal, kind: "principal" };
  }
  const rest = principal.slice(colon + 1);
  const [, local, project] = /^([^@]+)@([^.]+)\.iam\.gserviceaccount\.com$/.exec(rest) ?? [];
  if (local !== undefined) {
    return { name: local, kind: `${type} · ${project}` };
  }
  const [, pool, value] =
    /\/workloadIdentityPools\/([^/]+)\/(?:attribute\.[^/]+|subject|group)\/(.+)$/.exec(rest) ?? [];
  if (value !== undefined) {
    return { name: value, kind: `${type} · ${pool}` };
  }
  return { name: rest.startsWith("//") ? shortName(rest) : rest, kind: type };
}
