import { KIND_WORDS, type MapEdge, type MapNode, type NodeContent } from "./types";
import type { United } from "./unite";

/** So many alike are still drawn one by one. */
const MOST_ALIKE = 4;

/**
 * Puts together what is alike: of one kind, with one status, changing in the same way, and connected with the same things in
 * the same way. Three hundred clusters under one rule are one node then.
 */
export function gather({ edges, nodes }: United): United {
  const connections = new Map<string, string[]>();
  const note = (id: string, text: string) => {
    const present = connections.get(id);
    if (present) {
      present.push(text);
    } else {
      connections.set(id, [text]);
    }
  };
  for (const { change, from, kind, label, to } of edges) {
    note(from, JSON.stringify(["to", to, kind, label, change]));
    note(to, JSON.stringify(["from", from, kind, label, change]));
  }
  const groups = new Map<string, MapNode[]>();
  for (const node of nodes) {
    const { before, change, id, kind, status } = node;
    // What changes otherwise than others says so by itself: a detail that only one of them has.
    const key = JSON.stringify([kind, change, status, before?.status, (connections.get(id) ?? []).sort()]);
    const present = groups.get(key);
    if (present) {
      present.push(node);
    } else {
      groups.set(key, [node]);
    }
  }
  const replaced = new Map<string, string>();
  const gathered = [...groups.values()].flatMap((members): MapNode[] => {
    // Policies and attestors have names that people know.
    if (members.length <= MOST_ALIKE || members[0].kind === "policy") {
      return members;
    }
    const node = groupOf(members);
    for (const { id } of members) {
      replaced.set(id, node.id);
    }
    return [node];
  });
  const merged = new Map<string, MapEdge>();
  for (const edge of edges) {
    const moved = { ...edge, from: replaced.get(edge.from) ?? edge.from, to: replaced.get(edge.to) ?? edge.to };
    merged.set(JSON.stringify([moved.from, moved.to, moved.kind, moved.label, moved.change]), moved);
  }
  return { nodes: gathered, edges: [...merged.values()] };
}

function groupOf(members: readonly MapNode[]): MapNode {
  const [first] = members;
  const [, several] = KIND_WORDS[first.kind];
  const title = `${members.length} ${several}`;
  const subtitle = commonSubtitle(members);
  const content: NodeContent = {
    title,
    subtitle,
    ...(first.status && { status: first.status }),
    ...(first.summary !== undefined &&
      members.every(({ summary }) => summary === first.summary) && { summary: first.summary }),
    facts: [],
  };
  const { before } = first;
  return {
    ...content,
    id: `group ${first.id}`,
    kind: first.kind,
    column: first.column,
    names: [],
    origins: [],
    change: first.change,
    ...(before && {
      before: {
        title,
        subtitle,
        ...(before.status && { status: before.status }),
        ...(before.summary !== undefined && { summary: before.summary }),
        facts: [],
      },
    }),
    members,
    findings: [],
  };
}

/** The project that all of them have, or the first names. */
function commonSubtitle(members: readonly MapNode[]): string {
  const parts = members.map(({ subtitle = "" }) => subtitle.split(" · ").at(-1) ?? "");
  return parts.every((part) => part === parts[0] && part !== "")
    ? parts[0]
    : members
        .slice(0, 3)
        .map(({ title }) => title)
        .join(", ");
}
