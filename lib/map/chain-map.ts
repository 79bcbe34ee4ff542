import { showEffective } from "../review/effective";
import { type Facts, factsOf } from "../review/facts";
import { signersOf } from "../review/signers";
import type { Finding, SignerChange } from "../review/types";
import type { Lifecycle, TrustModel } from "../trust";
import { withFindings } from "./concern";
import { gather } from "./gather";
import { graphOf } from "./graph";
import type { ChainMap, Effect, MapNode, TargetRow } from "./types";
import { unite } from "./unite";
import { statusOf } from "./words";

/** What a map is made of. */
export interface MapInput {
  /** What there is; of a plan, what will be. */
  readonly model: TrustModel;
  /** What was, where the map is to show a change. */
  readonly before?: TrustModel;
  /** What `check` or `review` found: it is shown on the nodes that it concerns. */
  readonly findings?: readonly Finding[];
  /** What was read, as the user named it. */
  readonly sources?: readonly string[];
  /** Whether the grants are all that there are. @default false */
  readonly allGrants?: boolean;
  /** What the configuration says of each resource, by address: for the construct paths that a plan or state has not. */
  readonly lifecycles?: ReadonlyMap<string, Lifecycle>;
}

export function chainMapOf(input: MapInput): ChainMap {
  const { allGrants = false, before, findings = [], lifecycles = new Map(), model, sources = [] } = input;
  const after = factsOf(model);
  const was = before && factsOf(before);
  const gathered = gather(unite(was && graphOf(was, allGrants), graphOf(after, allGrants)));
  return {
    sources,
    compared: before !== undefined,
    nodes: withFindings(
      gathered.nodes.map((node) => withPaths(node, lifecycles)),
      findings,
    ),
    edges: gathered.edges,
    targets: targetRows(was, after),
    signers: signerRows(was, after, allGrants),
    allGrants,
    findings,
    models: { ...(before && { before }), after: model },
  };
}

function withPaths(node: MapNode, lifecycles: ReadonlyMap<string, Lifecycle>): MapNode {
  if (lifecycles.size === 0) {
    return node;
  }
  return {
    ...node,
    origins: node.origins.map((origin) => {
      const path = origin.constructPath ?? lifecycles.get(origin.address ?? "")?.constructPath;
      return path === undefined ? origin : { ...origin, constructPath: path };
    }),
    ...(node.members && { members: node.members.map((member) => withPaths(member, lifecycles)) }),
  };
}

function targetRows(before: Facts | undefined, after: Facts): TargetRow[] {
  const names = new Set([...after.targets.keys(), ...(before?.targets.keys() ?? [])]);
  return [...names].flatMap((name): TargetRow[] => {
    const [was, willBe] = [before?.targets.get(name), after.targets.get(name)];
    const target = (willBe ?? was)?.target;
    return target === undefined
      ? []
      : [
          {
            target,
            name,
            node: `target ${name}`,
            ...(was && { before: effectOf(was) }),
            ...(willBe && { after: effectOf(willBe) }),
          },
        ];
  });
}

function effectOf({ effective }: { readonly effective: Parameters<typeof showEffective>[0] }): Effect {
  return { status: statusOf(effective), rule: showEffective(effective) };
}

function signerRows(before: Facts | undefined, after: Facts, allGrants: boolean): SignerChange[] {
  const was = before ? signersOf(before, allGrants) : new Map<string, never>();
  const willBe = signersOf(after, allGrants);
  return [...new Set([...willBe.keys(), ...was.keys()])].flatMap((key) => {
    const [one, other] = [was.get(key), willBe.get(key)];
    const signer = other ?? one;
    return signer === undefined
      ? []
      : [
          {
            principal: signer.principal,
            attestor: signer.attestor,
            before: one?.power ?? "none",
            after: other?.power ?? "none",
          },
        ];
  });
}
