import { layout as dagreLayout, Graph } from "@dagrejs/dagre";
import { COLUMNS, type MapEdge, type MapNode } from "./types";
import type { United } from "./unite";

export const NODE_WIDTH = 248;
const WITH_STATUS = 96;
const WITHOUT_STATUS = 70;
const MARGIN = 24;
/** The titles of the columns stand above the nodes. */
const HEAD = 44;
/** The meaning of the lines stands below. */
const FOOT = 36;

export interface Placed {
  readonly node: MapNode;
  /** The upper left corner. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Routed {
  readonly edge: MapEdge;
  /** From the right side of the one to the left side of the other. */
  readonly points: readonly Point[];
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly Placed[];
  readonly edges: readonly Routed[];
  readonly columns: readonly { readonly title: string; readonly x: number }[];
}

function heightOf({ before, status }: MapNode): number {
  return status || before?.status ? WITH_STATUS : WITHOUT_STATUS;
}

/** Gives every node a place: each kind in its column, and within it where the fewest edges cross. */
export function layoutOf({ edges, nodes }: United): Layout {
  const used = COLUMNS.map((_, column) => nodes.some((node) => node.column === column));
  const rankOf = (node: MapNode) => used.slice(0, node.column).filter(Boolean).length;
  const graph = new Graph({ multigraph: true });
  const columns = new Map(nodes.map((node) => [node.id, rankOf(node)]));
  graph.setGraph({
    rankdir: "LR",
    nodesep: 22,
    edgesep: 14,
    ranksep: 92,
    marginx: MARGIN,
    marginy: MARGIN,
    // The column of a node is a matter of what it is. Dagre doubles every distance, to have room for labels.
    ranker: ((ranked: Graph) => {
      for (const id of ranked.nodes()) {
        (ranked.node(id) as { rank: number }).rank = 2 * (columns.get(id) ?? 0);
      }
    }) as unknown as "longest-path",
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) {
    graph.setNode(node.id, { width: NODE_WIDTH, height: heightOf(node) });
  }
  edges.forEach(({ from, kind, to }, index) => {
    graph.setEdge(from, to, { weight: kind === "chain" ? 4 : 1, minlen: 1 }, String(index));
  });
  dagreLayout(graph);
  const placed = nodes.map((node): Placed => {
    const { x, y } = graph.node(node.id) as Point;
    const height = heightOf(node);
    return { node, x: round(x - NODE_WIDTH / 2), y: round(y - height / 2 + HEAD), width: NODE_WIDTH, height };
  });
  const byId = new Map(placed.map((entry) => [entry.node.id, entry]));
  const lefts = [...new Set(placed.map(({ x }) => x))].sort((one, other) => one - other);
  const routed = edges.map((edge, index): Routed => {
    const { points } = graph.edge({ v: edge.from, w: edge.to, name: String(index) }) as { points: Point[] };
    const [from, to] = [byId.get(edge.from) as Placed, byId.get(edge.to) as Placed];
    return {
      edge,
      points: [
        { x: from.x + from.width, y: from.y + from.height / 2 },
        ...passages(points, lefts.slice(lefts.indexOf(from.x) + 1, lefts.indexOf(to.x))),
        { x: to.x, y: to.y + to.height / 2 },
      ],
    };
  });
  const titles = COLUMNS.flatMap((title, column) => {
    const first = placed.find(({ node }) => node.column === column);
    return first ? [{ title, x: first.x }] : [];
  });
  return {
    width: Math.max(NODE_WIDTH + 2 * MARGIN, ...placed.map(({ x, width }) => x + width + MARGIN)),
    height: Math.max(HEAD + MARGIN, ...placed.map(({ y, height }) => y + height + MARGIN)) + FOOT,
    nodes: placed,
    edges: routed,
    columns: titles,
  };
}

/** Where a line goes level between the nodes of the columns that it passes. */
function passages(points: readonly Point[], lefts: readonly number[]): Point[] {
  return lefts.flatMap((left) => {
    const inside = points.find(({ x }) => x >= left && x <= left + NODE_WIDTH);
    const y = round((inside?.y ?? 0) + HEAD);
    return inside
      ? [
          { x: left - 8, y },
          { x: left + NODE_WIDTH + 8, y },
        ]
      : [];
  });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
