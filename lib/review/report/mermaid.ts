import type { Outcome } from "../outcome";
import { cut, mermaidLabel } from "./escape";
import { type ChangeState, type NodeKind, neighbourhoodOf } from "./neighbourhood";

/** Mermaid draws 500 edges at most; long before that nobody reads them. */
const MOST_EDGES = 60;
const LONGEST_LABEL = 80;

const SHAPE: Readonly<Record<NodeKind, readonly [open: string, close: string]>> = {
  principal: ["([", "])"],
  key: ["[/", "/]"],
  attestor: ["[", "]"],
  target: ["[[", "]]"],
  anything: ["((", "))"],
  undecided: ["{{", "}}"],
};

const STROKE: Readonly<Record<ChangeState, string>> = {
  added: "stroke:#1a7f37,stroke-width:3px",
  removed: "stroke:#cf222e,stroke-width:2px,stroke-dasharray:5 4",
  same: "stroke:#8c959f",
};

const ARROW: Readonly<Record<ChangeState, string>> = { added: "==>", removed: "-.->", same: "-->" };
const WORD: Readonly<Record<ChangeState, string>> = { added: "new", removed: "gone", same: "" };

/**
 * A picture of what changes, as a Mermaid flowchart: new in green, gone in dashed red, the rest grey. Undefined where there
 * is nothing to draw, or more than anybody would read; tables say it then.
 */
export function mermaidOf(outcome: Outcome): string | undefined {
  // The word for the other result is nowhere where the review passes, as in the page around the picture.
  const quoted = (text: string) =>
    outcome.verdict === "pass"
      ? mermaidLabel(text).replace(/f(?=ail)/gi, (letter) => `#${letter.charCodeAt(0)};`)
      : mermaidLabel(text);
  const { edges, nodes } = neighbourhoodOf(outcome);
  const isChanged = edges.some(({ change }) => change !== "same");
  if (!isChanged || edges.length > MOST_EDGES) {
    return undefined;
  }
  const ids = new Map(nodes.map(({ id }, index) => [id, `n${index}`]));
  const styles = (["added", "removed", "same"] as const).flatMap((change) => {
    const numbers = edges.flatMap((edge, index) => (edge.change === change ? [index] : []));
    return numbers.length === 0 ? [] : [`  linkStyle ${numbers.join(",")} ${STROKE[change]}`];
  });
  return [
    "flowchart LR",
    ...nodes.map(({ id, kind, label }) => {
      const [open, close] = SHAPE[kind];
      return `  ${ids.get(id)}${open}"${quoted(cut(label, LONGEST_LABEL))}"${close}`;
    }),
    ...edges.map(({ change, from, label, to }) => {
      const words = [WORD[change], label].filter((word) => word !== "").join(": ");
      const text = words === "" ? "" : `|"${quoted(words)}"|`;
      return `  ${ids.get(from)} ${ARROW[change]}${text} ${ids.get(to)}`;
    }),
    ...styles,
  ].join("\n");
}
