import type { Finding } from "../review/types";
import type { MapNode, NodeKind } from "./types";

/** What a resource is itself, and not only written in: rules and keys are written in policies and attestors. */
const OWNERS: readonly NodeKind[] = ["policy", "attestor"];

/** The nodes with the numbers of the findings that are about them or what they stand for. */
export function withFindings(nodes: readonly MapNode[], findings: readonly Finding[]): MapNode[] {
  const byName = new Map<string, number[]>();
  findings.forEach(({ address, target }, index) => {
    for (const name of new Set([target, address])) {
      if (name !== undefined) {
        byName.set(name, [...(byName.get(name) ?? []), index]);
      }
    }
  });
  const known = new Set(nodes.flatMap((node) => [node, ...(node.members ?? [])]).flatMap(({ names }) => names));
  const owned = new Set(
    nodes
      .filter(({ kind }) => OWNERS.includes(kind))
      .flatMap(({ origins }) => origins.flatMap(({ address }) => address ?? [])),
  );
  const of = (node: MapNode): MapNode => {
    if (node.members) {
      const members = node.members.map(of);
      return { ...node, members, findings: sorted(members.flatMap((member) => member.findings)) };
    }
    const byTarget = node.names.flatMap((name) => byName.get(name) ?? []);
    // A finding that names what it is about is not about everything else that stands at the same address.
    const byAddress = node.origins
      .filter(({ address }) => OWNERS.includes(node.kind) || !owned.has(address ?? ""))
      .flatMap(({ address }) => (address === undefined ? [] : (byName.get(address) ?? [])))
      .filter((index) => !known.has(findings[index].target ?? ""));
    return { ...node, findings: sorted([...byTarget, ...byAddress]) };
  };
  return nodes.map(of);
}

function sorted(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((one, other) => one - other);
}
