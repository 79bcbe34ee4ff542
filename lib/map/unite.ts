import type { Graph, GraphEdge, GraphNode, MapEdge, MapNode, NodeContent } from "./types";

export interface United {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
}

/** One graph of what was and what will be. Without a before, nothing is said to change. */
export function unite(before: Graph | undefined, after: Graph): United {
  if (before === undefined) {
    return {
      nodes: after.nodes.map((node) => ({ ...node, change: "same", findings: [] })),
      edges: after.edges.map((edge) => ({ ...edge, change: "same" })),
    };
  }
  const was = new Map(before.nodes.map((node) => [node.id, node]));
  const willBe = new Set(after.nodes.map(({ id }) => id));
  const nodes = [
    ...after.nodes.map((node) => now(node, was.get(node.id))),
    ...before.nodes
      .filter(({ id }) => !willBe.has(id))
      .map((node): MapNode => ({ ...node, change: "removed", findings: [] })),
  ];
  const keyOf = ({ from, kind, label, to }: GraphEdge) => JSON.stringify([from, to, kind, label]);
  const [old, next] = [before, after].map(({ edges }) => new Set(edges.map(keyOf)));
  const edges = [
    ...after.edges.map((edge): MapEdge => ({ ...edge, change: old.has(keyOf(edge)) ? "same" : "added" })),
    ...before.edges.filter((edge) => !next.has(keyOf(edge))).map((edge): MapEdge => ({ ...edge, change: "removed" })),
  ];
  return { nodes, edges };
}

function now(node: GraphNode, old: GraphNode | undefined): MapNode {
  if (old === undefined) {
    return { ...node, change: "added", findings: [] };
  }
  const before = contentOf(old);
  return JSON.stringify(before) === JSON.stringify(contentOf(node))
    ? { ...node, change: "same", findings: [] }
    : { ...node, change: "changed", before, findings: [] };
}

/** What two of one id are compared by, with its fields always in one order. */
function contentOf({ facts, status, subtitle, summary, title }: GraphNode): NodeContent {
  return {
    title,
    ...(subtitle !== undefined && { subtitle }),
    ...(status && { status: { tone: status.tone, text: status.text } }),
    ...(summary !== undefined && { summary }),
    facts: facts.map(({ label, state, value }) => ({ label, value, state })),
  };
}
