import { printable, xml } from "../review/report/escape";
import type { Finding } from "../review/types";
import { type Layout, layoutOf, NODE_WIDTH, type Placed, type Point, type Routed } from "./layout";
import { PALETTE_CSS } from "./palette";
import { countOf, worstOf } from "./severity";
import { fitted, textWidth } from "./text-width";
import {
  CHANGE_WORDS,
  type ChainMap,
  type Change,
  type EdgeKind,
  KIND_WORDS,
  type NodeContent,
  type Tone,
} from "./types";
import { plural } from "./words";

const FONT = `system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif`;

/** The look of the picture, in the page and by itself. */
export const PICTURE_CSS = `
.map{font-family:${FONT};background:var(--card)}
.map text{fill:var(--text)}
.map .head{font-size:13px;font-weight:600;fill:var(--muted);letter-spacing:.02em}
.map .box{fill:var(--raised);stroke:var(--line);stroke-width:1}
.map .pile{fill:var(--raised);stroke:var(--line);stroke-width:1}
.map .kind{font-size:11px;fill:var(--muted)}
.map .title{font-size:14px;font-weight:600}
.map .sub{font-size:12px;fill:var(--muted)}
.map .chip text{font-size:12px;font-weight:600}
.map .edge{fill:none;stroke:var(--edge);stroke-width:1.75}
.map .edge.maybe{stroke-dasharray:7 5}
.map .edge.power{stroke-dasharray:10 4 2 4}
.map .edge.exempt{stroke-dasharray:1 7;stroke-linecap:round;stroke-width:2.25}
.map .tip{fill:var(--edge)}
.map .badge rect{fill:var(--plain-soft)}
.map .badge text{font-size:11px;font-weight:600;fill:var(--plain)}
.map .badge.grave rect{fill:var(--open-soft)}
.map .badge.grave text{fill:var(--open)}
.map .badge.medium rect{fill:var(--unknown-soft)}
.map .badge.medium text{fill:var(--unknown)}
.map .tag rect{fill:none;stroke-width:1}
.map .tag text{font-size:11px;font-weight:600}
.map .tag.added rect{stroke:var(--checked)}.map .tag.added text{fill:var(--checked)}
.map .tag.removed rect{stroke:var(--open)}.map .tag.removed text{fill:var(--open)}
.map .tag.changed rect{stroke:var(--accent)}.map .tag.changed text{fill:var(--accent)}
.map .node.removed .box{stroke-dasharray:5 4}
.map .node.removed .title{text-decoration:line-through}
.map .edge.added{stroke:var(--checked);stroke-width:2.5}.map .edge.added+.tip{fill:var(--checked)}
.map .edge.removed{stroke:var(--open);stroke-dasharray:5 4}.map .edge.removed+.tip{fill:var(--open)}
.map .was{display:none}
${(["checked", "closed", "open", "unknown", "plain"] satisfies Tone[])
  .map(
    (tone) =>
      `.map .${tone} .soft{fill:var(--${tone}-soft)}.map .chip.${tone} text{fill:var(--${tone})}.map .chip.${tone} .glyph{fill:none;stroke:var(--${tone});stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round}.map .stripe.${tone}{fill:var(--${tone})}`,
  )
  .join("\n")}
`;

/** The picture by itself, for a README or a slide. */
export function svgOf(map: ChainMap): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${drawing(map, layoutOf(map), `<style>${PALETTE_CSS}${PICTURE_CSS}</style>`)}\n`;
}

/** The picture as a part of a page, which has its style already and makes its nodes respond. */
export function pictureOf(map: ChainMap): string {
  return drawing(map, layoutOf(map), "");
}

function drawing(map: ChainMap, layout: Layout, style: string): string {
  const { columns, edges, height, nodes, width } = layout;
  const alone = style !== "";
  const title = `Chain of trust: ${describe(map)}`;
  return [
    `<svg class="map" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"${
      alone ? ` role="img" aria-label="${xml(title)}"` : ` role="group" aria-label="${xml(title)}"`
    }>`,
    ...(alone
      ? [
          `<title>${xml(title)}</title>`,
          style,
          `<rect class="card" width="${width}" height="${height}" rx="12" fill="var(--card)"/>`,
        ]
      : []),
    `<g aria-hidden="true">${columns.map(({ title: text, x }) => `<text class="head" x="${x}" y="34">${text}</text>`).join("")}</g>`,
    `<g class="edges"${alone ? "" : ' aria-hidden="true"'}>`,
    ...ordered(edges).map((routed) => edgeOf(routed, layout)),
    "</g>",
    `<g class="nodes">`,
    ...nodes.map((placed) => nodeOf(placed, map.findings, alone)),
    "</g>",
    `<g class="legend" aria-hidden="true">${legendOf(layout)}</g>`,
    "</svg>",
  ].join("\n");
}

/** What the picture shows, in a sentence for those who do not see it. */
export function describe({ nodes, targets }: ChainMap): string {
  const count = (...kinds: string[]) =>
    nodes.filter(({ kind }) => kinds.includes(kind)).reduce((sum, { members }) => sum + (members?.length ?? 1), 0);
  return [
    plural(count("pipeline", "principal"), "identity", "identities"),
    plural(count("key"), "key version"),
    plural(count("attestor"), "attestor"),
    plural(count("policy"), "policy", "policies"),
    plural(targets.length, "target"),
  ].join(", ");
}

const DEPTH: readonly EdgeKind[] = ["exempt", "power", "maybe", "chain"];

/** What matters most is drawn last, and so on top. */
function ordered(edges: readonly Routed[]): Routed[] {
  return [...edges].sort((one, other) => DEPTH.indexOf(one.edge.kind) - DEPTH.indexOf(other.edge.kind));
}

function edgeOf({ edge, points }: Routed, { nodes }: Layout): string {
  const number = (id: string) => nodes.findIndex(({ node }) => node.id === id);
  const { x, y } = points[points.length - 1];
  const classes = `edge ${edge.kind}${edge.change === "same" ? "" : ` ${edge.change}`}`;
  const data = `data-from="${number(edge.from)}" data-to="${number(edge.to)}" data-change="${edge.change}"`;
  return `<g ${data}><path class="${classes}" d="${curve(points)}"/><path class="tip" d="M${x} ${y}l-8 -4v8z"/></g>`;
}

/** A line that leaves and arrives level, and swings from point to point. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  let path = `M${first.x} ${first.y}`;
  let from = first;
  rest.forEach((point, index) => {
    const x = index === rest.length - 1 ? point.x - 7 : point.x;
    const middle = Math.round((from.x + x) * 5) / 10;
    path += from.y === point.y ? `H${x}` : `C${middle} ${from.y} ${middle} ${point.y} ${x} ${point.y}`;
    from = { x, y: point.y };
  });
  return path;
}

const LEGEND: Readonly<Record<EdgeKind, string>> = {
  chain: "needed for an image to run",
  maybe: "a part of that, or perhaps",
  power: "can change, grant or act for",
  exempt: "lets exempt images run",
};

/** What the lines mean, of those that there are. */
function legendOf({ edges, height }: Layout): string {
  let x = 24;
  const entries = [...DEPTH].reverse().filter((kind) => edges.some(({ edge }) => edge.kind === kind));
  return entries
    .map((kind) => {
      const at = x;
      x += 44 + Math.ceil(textWidth(LEGEND[kind], 12)) + 28;
      return `<g transform="translate(${at} ${height - 20})"><path class="edge ${kind}" d="M0 -4h34"/><text class="sub" x="44">${LEGEND[kind]}</text></g>`;
    })
    .join("");
}

function nodeOf({ height, node, width, x, y }: Placed, findings: readonly Finding[], alone: boolean): string {
  const { before, change, kind, members } = node;
  const label = printable(labelOf(node, findings));
  const open = alone
    ? `<g class="node ${change}" transform="translate(${x} ${y})"><title>${xml(label)}</title>`
    : `<g class="node ${change}" transform="translate(${x} ${y})" data-change="${change}"><g aria-hidden="true">`;
  // What responds lies above the drawing: its name is the whole text, also where the drawing has to cut it.
  const close = alone
    ? "</g>"
    : `</g><rect class="hit" width="${width}" height="${height}" rx="10" tabindex="0" role="button" aria-label="${xml(label)}"/></g>`;
  const pile = members ? `<rect class="pile" x="6" y="6" width="${width}" height="${height}" rx="10"/>` : "";
  const tag = change === "same" ? "" : tagOf(change);
  const right = tag === "" ? width - 12 : width - 12 - TAG_WIDTH[change] - 6;
  const badge = badgeOf(node.findings, findings, right);
  const now = `<g class="now">${contentOf(node, height)}</g>`;
  const was = before ? `<g class="was">${contentOf(before, height)}</g>` : "";
  return [
    open,
    pile,
    `<rect class="box" width="${width}" height="${height}" rx="10"/>`,
    `<text class="kind" x="18" y="21">${fitted(KIND_WORDS[kind][0], 11, right - badge.width - 26)}</text>`,
    tag,
    badge.text,
    now,
    was,
    close,
  ].join("");
}

function contentOf({ status, subtitle = "", title }: NodeContent, height: number): string {
  const room = NODE_WIDTH - 34;
  const tone = status?.tone ?? "plain";
  return [
    `<rect class="stripe ${tone}" x="0" y="12" width="4" height="${height - 24}" rx="2"/>`,
    `<text class="title" x="18" y="41">${xml(fitted(printable(title), 14, room, "bold"))}</text>`,
    `<text class="sub" x="18" y="59">${xml(fitted(printable(subtitle), 12, room))}</text>`,
    status ? chipOf(status.tone, fitted(printable(status.text), 12, room - 34, "bold")) : "",
  ].join("");
}

/** What a tone looks like, apart from its colour. */
const GLYPH: Readonly<Record<Exclude<Tone, "plain">, string>> = {
  checked: "M-4 0l3 3l5 -6",
  closed: "M-4.5 0h9",
  open: "M0 -4.5v5M0 4v.2",
  unknown: "M-2.6 -2.2a2.6 2.4 0 1 1 3.6 2.3q-1 .5 -1 1.7M0 4.4v.2",
};

function chipOf(tone: Tone, text: string): string {
  const glyph = tone === "plain" ? "" : `<path class="glyph" transform="translate(13 10)" d="${GLYPH[tone]}"/>`;
  const left = glyph === "" ? 10 : 23;
  const width = Math.ceil(textWidth(text, 12, "bold")) + left + 10;
  return `<g class="chip ${tone}" transform="translate(16 68)"><rect class="soft" width="${width}" height="20" rx="10"/>${glyph}<text x="${left}" y="14.2">${xml(text)}</text></g>`;
}

const TAG_WIDTH: Readonly<Record<Change, number>> = { same: 0, added: 38, removed: 44, changed: 62 };

function tagOf(change: Change): string {
  const width = TAG_WIDTH[change];
  return `<g class="tag ${change}" transform="translate(${NODE_WIDTH - 12 - width} 9)"><rect width="${width}" height="16" rx="8"/><text x="${width / 2}" y="12" text-anchor="middle">${CHANGE_WORDS[change]}</text></g>`;
}

function badgeOf(numbers: readonly number[], findings: readonly Finding[], right: number) {
  if (numbers.length === 0) {
    return { text: "", width: 0 };
  }
  const worst = worstOf(numbers, findings);
  const text = countOf(numbers, findings);
  const width = Math.ceil(textWidth(text, 11, "bold")) + 16;
  const grave = worst === "critical" || worst === "high" ? " grave" : worst === "medium" ? " medium" : "";
  return {
    text: `<g class="badge${grave}" transform="translate(${right - width} 8.5)"><rect width="${width}" height="17" rx="8.5"/><text x="${width / 2}" y="12.4" text-anchor="middle">${text}</text></g>`,
    width,
  };
}

/** What a node is called by those who read it aloud. */
function labelOf(node: ChainMap["nodes"][number], findings: readonly Finding[]): string {
  const { change, kind, status, subtitle, title } = node;
  const numbers = node.findings;
  return [
    `${KIND_WORDS[kind][0]} ${title}`,
    subtitle,
    status?.text,
    change === "same" ? undefined : CHANGE_WORDS[change],
    numbers.length === 0 ? undefined : `${plural(numbers.length, "finding")}, worst ${worstOf(numbers, findings)}`,
  ]
    .filter((part) => part !== undefined && part !== "")
    .join(", ");
}
