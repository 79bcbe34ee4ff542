import type { Effective } from "../effective";
import type { Facts, KeyFact } from "../facts";
import { kmsKeyOfId } from "../names";
import type { Outcome } from "../outcome";

export type ChangeState = "added" | "removed" | "same";
export type NodeKind = "principal" | "key" | "attestor" | "target" | "anything" | "undecided";

export interface GraphNode {
  readonly id: string;
  readonly kind: NodeKind;
  readonly label: string;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  readonly change: ChangeState;
}

/** The part of the chain of trust that changes, and what it hangs on. */
export interface Neighbourhood {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

interface Graph {
  readonly nodes: Map<string, GraphNode>;
  readonly edges: Map<string, { readonly from: string; readonly to: string; readonly label: string }>;
}

/** Who signs for which attestor with what, and what asks for it: the edges that change, and those beside them. */
export function neighbourhoodOf({ report }: Outcome): Neighbourhood {
  const before = report.before ? graphOf(report.before) : emptyGraph();
  const after = graphOf(report.after);
  for (const { after: willBe, attestor, before: was, principal } of report.signers) {
    for (const [graph, power] of [
      [before, was],
      [after, willBe],
    ] as const) {
      if (power === "full" || power === "maybe") {
        const from = node(graph, "principal", principal, principal);
        edge(graph, from, node(graph, "attestor", attestor, attestor), power === "full" ? "can sign" : "may sign");
      }
    }
  }
  const edges = [...new Set([...before.edges.keys(), ...after.edges.keys()])].flatMap((id): GraphEdge[] => {
    const found = after.edges.get(id) ?? before.edges.get(id);
    const change = !before.edges.has(id) ? "added" : after.edges.has(id) ? "same" : "removed";
    return found ? [{ ...found, change }] : [];
  });
  const nodes = new Map([...before.nodes, ...after.nodes]);
  // What only says "every image" or "not decided" connects nothing with anything.
  const touched = new Set(edges.filter(({ change }) => change !== "same").flatMap(({ from, to }) => [from, to]));
  const near = edges.filter(
    ({ change, from, to }) =>
      change !== "same" || (touched.has(to) && isReal(from)) || (touched.has(from) && isReal(from)),
  );
  const used = new Set(near.flatMap(({ from, to }) => [from, to]));
  return { nodes: distinct([...nodes.values()].filter(({ id }) => used.has(id))), edges: near };
}

/** Two keys may have one id, which is what a reader has to see. */
function distinct(nodes: readonly GraphNode[]): GraphNode[] {
  return nodes.map((node) => {
    const alike = nodes.filter(({ kind, label }) => kind === node.kind && label === node.label);
    return alike.length > 1 ? { ...node, label: `${node.label} (material ${node.id.slice(-8)})` } : node;
  });
}

function isReal(id: string): boolean {
  return !id.startsWith("anything ") && !id.startsWith("undecided ");
}

function emptyGraph(): Graph {
  return { nodes: new Map(), edges: new Map() };
}

function node(graph: Graph, kind: NodeKind, name: string, label: string): string {
  const id = `${kind} ${name}`;
  graph.nodes.set(id, { id, kind, label });
  return id;
}

function edge(graph: Graph, from: string, to: string, label: string): void {
  graph.edges.set(JSON.stringify([from, to, label]), { from, to, label });
}

function graphOf(facts: Facts): Graph {
  const graph = emptyGraph();
  for (const { attestor, keys = [] } of facts.attestors.values()) {
    const to = node(graph, "attestor", attestor.name, attestor.name);
    for (const key of keys) {
      edge(graph, node(graph, "key", key.print ?? `? ${idOf(key)}`, idOf(key)), to, "is a key of");
    }
  }
  for (const { effective, name } of facts.targets.values()) {
    addRule(graph, node(graph, "target", name, name), effective);
  }
  return graph;
}

function addRule(graph: Graph, target: string, effective: Effective): void {
  switch (effective.kind) {
    case "deny":
      return;
    case "allow":
      edge(graph, node(graph, "anything", "", "every image"), target, "runs");
      return;
    case "attest":
      for (const attestor of effective.by) {
        edge(graph, node(graph, "attestor", attestor, attestor), target, "is required");
      }
      return;
    case "undecided":
      edge(graph, node(graph, "undecided", "", "not decided"), target, "");
  }
}

function idOf({ key, print }: KeyFact): string {
  const id = key.id.state === "known" ? key.id.value : undefined;
  const [, name, version] = /\/cryptoKeys\/([^/]+)\/cryptoKeyVersions\/([^/]+)$/.exec(kmsKeyOfId(id ?? "") ?? "") ?? [];
  return name === undefined ? (id ?? print ?? "a key that is not known") : `key ${name}, version ${version}`;
}
