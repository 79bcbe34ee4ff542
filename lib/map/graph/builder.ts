import type { EdgeKind, Graph, GraphEdge, GraphNode, NodeKind } from "../types";

/** Nodes by id and edges by what they connect. What two things say of one edge is joined. */
export class Builder {
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

export function made({ kind, ...rest }: Made): GraphNode {
  return { kind, column: COLUMN[kind], names: [], origins: [], facts: [], ...rest };
}
