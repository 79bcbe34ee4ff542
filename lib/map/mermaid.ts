import { cut, mermaidLabel } from "../review/report/escape";
import {
  CHANGE_WORDS,
  type ChainMap,
  COLUMNS,
  type EdgeKind,
  KIND_WORDS,
  type MapNode,
  type NodeKind,
  type Tone,
} from "./types";

/** What Mermaid draws at most, unless a page is set up otherwise. Source: https://mermaid.js.org/config/schema-docs/config.html */
const MOST_EDGES = 500;
const LONGEST_TEXT = 50_000;
const LONGEST_LABEL = 60;

const SHAPE: Readonly<Record<NodeKind, readonly [open: string, close: string]>> = {
  pipeline: ["([", "])"],
  principal: ["([", "])"],
  key: ["[/", "/]"],
  attestor: ["[", "]"],
  policy: ["[(", ")]"],
  rule: ["{{", "}}"],
  cluster: ["[[", "]]"],
  "cloud-run": ["[[", "]]"],
  identity: ["[[", "]]"],
  "everything-else": ["[[", "]]"],
};

const ARROW: Readonly<Record<EdgeKind, string>> = { chain: "-->", maybe: "-.->", power: "-.->", exempt: "-.->" };

/** Readable on light and on dark. */
const CLASS: Readonly<Record<Tone, string>> = {
  checked: "fill:#e3f3e9,stroke:#17653a,color:#10351f",
  closed: "fill:#e8ecf1,stroke:#3b4a5e,color:#16202c",
  open: "fill:#fce8e6,stroke:#a8201a,color:#4d0f0c",
  unknown: "fill:#fdf0d2,stroke:#7a4b00,color:#3a2400",
  plain: "fill:#ffffff,stroke:#8895a5,color:#16202c",
};

/** A chain of trust that Mermaid would not draw. Its message is one sentence. */
export class TooLargeError extends Error {
  public constructor(message: string) {
    super(message);
    this.name = "TooLargeError";
  }
}

/**
 * The map as a Mermaid flowchart.
 * @throws TooLargeError where it has more edges or text than Mermaid draws
 */
export function mermaidOf({ edges, nodes }: ChainMap): string {
  if (edges.length > MOST_EDGES) {
    throw new TooLargeError(
      `the chain of trust has ${edges.length} connections, and Mermaid draws at most ${MOST_EDGES}`,
    );
  }
  const ids = new Map(nodes.map(({ id }, index) => [id, `n${index}`]));
  const groups = COLUMNS.map((title, column) => ({ title, nodes: nodes.filter((node) => node.column === column) }));
  const tones = (Object.keys(CLASS) as Tone[]).flatMap((tone) => {
    const found = nodes.filter(({ status }) => (status?.tone ?? "plain") === tone).map(({ id }) => ids.get(id));
    return found.length === 0 ? [] : [`  classDef ${tone} ${CLASS[tone]}`, `  class ${found.join(",")} ${tone}`];
  });
  const text = [
    "flowchart LR",
    ...groups
      .filter((group) => group.nodes.length > 0)
      .flatMap((group) => [
        `  subgraph ${group.title}`,
        ...group.nodes.map((node) => `    ${ids.get(node.id)}${labelled(node)}`),
        "  end",
      ]),
    ...edges.map(({ change, from, kind, label, to }) => {
      const words = [CHANGE_WORDS[change], kind === "chain" ? "" : label].filter((word) => word !== "").join(": ");
      return `  ${ids.get(from)} ${ARROW[kind]}${words === "" ? "" : `|"${mermaidLabel(cut(words, LONGEST_LABEL))}"|`} ${ids.get(to)}`;
    }),
    ...tones,
  ].join("\n");
  if (text.length > LONGEST_TEXT) {
    throw new TooLargeError(
      `the chain of trust takes ${text.length} characters, and Mermaid reads at most ${LONGEST_TEXT}`,
    );
  }
  return `${text}\n`;
}

function labelled({ change, kind, status, subtitle, title }: MapNode): string {
  const [open, close] = SHAPE[kind];
  const lines = [
    [KIND_WORDS[kind][0], CHANGE_WORDS[change]].filter((part) => part !== "").join(", "),
    title,
    subtitle,
    status?.text,
  ].filter((line) => line !== undefined && line !== "");
  return `${open}"${lines.map((line) => mermaidLabel(cut(line as string, LONGEST_LABEL))).join("<br/>")}"${close}`;
}
