import { type Facts, shown } from "../../review/facts";
import { reaches } from "../../review/names";
import { signersOf } from "../../review/signers";
import type { Origin, Pipeline, Power, Value } from "../../trust";
import type { GraphNode, NodeKind } from "../types";
import { capitalized, fact, POWER_WORDS, said, shortName } from "../words";
import { type Builder, made } from "./builder";
import { keyId } from "./keys";

const identityId = (principal: string) => `identity ${principal}`;

interface Identity {
  readonly principal: string;
  readonly powers: Power[];
  readonly pipelines: Pipeline[];
}

export function addIdentities(builder: Builder, facts: Facts, allGrants: boolean): void {
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
            capitalized(POWER_WORDS[kind]),
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
