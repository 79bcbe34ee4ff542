import { createHash } from "node:crypto";
import { safeJson, xml } from "../review/report/escape";
import type { Finding, SigningPower } from "../review/types";
import { pack } from "./packed";
import { type PageBundle, pageBundle } from "./page-bundle";
import { pageDataOf } from "./page-data";
import { PALETTE_CSS } from "./palette";
import { describe, PICTURE_CSS, pictureOf } from "./svg";
import type { ChainMap, Effect, Status, TargetRow, Tone } from "./types";
import { plural, shortName } from "./words";

const TITLE = "Chain of trust";

/** Whether a text is a page that was written here. */
export function isMapPage(text: string): boolean {
  return text.startsWith("<!doctype html>") && text.includes(`<title>${TITLE}`);
}

/** The map as one page: nothing is loaded from anywhere, and no name in it can become a part of the page. */
export function htmlOf(map: ChainMap, bundle: PageBundle = pageBundle()): string {
  const style = `${PALETTE_CSS}${PICTURE_CSS}${bundle.style}`.trim();
  const script = bundle.script.trim();
  const title = map.compared ? `${TITLE}, before and after` : TITLE;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ${hash(style)}; script-src ${hash(script)}; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${style}</style>
</head>
<body data-view="${map.compared ? "changes" : "after"}">
<a class="skip" href="#try">Skip the picture</a>
<header>
<div class="top">
<h1>${title}</h1>
<div class="tools live-only"><button type="button" id="print">Print</button><button type="button" id="theme">Dark</button></div>
</div>
<p class="lead">${describe(map)}${map.sources.length === 0 ? "" : `, read from ${map.sources.map((source) => `<code>${text(source)}</code>`).join(", ")}`}.</p>
${glance(map)}
</header>
<main>
${chain(map)}
<aside id="panel" aria-labelledby="panel-title" hidden>
<div class="panel-head"><h2 id="panel-title" tabindex="-1"></h2><button type="button" id="panel-close" aria-label="Close">×</button></div>
<div id="panel-body"></div>
</aside>
${trial()}
${targets(map)}
${signers(map)}
${findings(map)}
</main>
<footer><p>Drawn by <code>binauthz map</code> from what is written down; no account, cluster or registry was asked. This page loads nothing and sends nothing.</p></footer>
<script type="application/json" id="data">${json(pack(pageDataOf(map)))}</script>
<script>${script}</script>
</body>
</html>
`;
}

function hash(content: string): string {
  return `'sha256-${createHash("sha256").update(content).digest("base64")}'`;
}

/** Text for HTML, in attributes as well. */
function text(value: string): string {
  return xml(value);
}

/** JSON within a page: it cannot close the element that it is in. */
function json(value: unknown): string {
  return safeJson(value, 0).replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
}

function chip({ text: words, tone }: Status): string {
  return `<span class="chip ${tone}">${text(words)}</span>`;
}

const GLANCE: readonly { readonly tone: Tone; readonly words: string }[] = [
  { tone: "checked", words: "ask for attestations" },
  { tone: "closed", words: "deny every image" },
  { tone: "open", words: "admit every image" },
  { tone: "unknown", words: "not decided" },
];

/** How many targets do what: the first thing that a reader wants to know. */
function glance({ compared, findings: found, targets: rows }: ChainMap): string {
  const count = (tone: Tone, when: "before" | "after") => rows.filter((row) => row[when]?.status.tone === tone).length;
  const tiles = GLANCE.map(({ tone, words }) => {
    const [was, is] = [count(tone, "before"), count(tone, "after")];
    const before = compared && was !== is ? `<span class="was-count">before: ${was}</span>` : "";
    return `<li class="tile ${tone}${is === 0 ? " none" : ""}"><span class="count">${is}</span><span class="words">${words}</span>${before}</li>`;
  });
  const grave = found.filter(({ severity }) => severity === "critical" || severity === "high").length;
  const tail = grave > 0 ? `${grave} critical or high` : found.length > 0 ? "none critical or high" : "nothing to mend";
  tiles.push(
    `<li class="tile ${grave > 0 ? "open" : "plain"}"><span class="count">${found.length}</span><span class="words"><a href="#findings">${found.length === 1 ? "finding" : "findings"}</a></span><span class="was-count">${tail}</span></li>`,
  );
  return `<ul class="tiles" aria-label="At a glance: what the targets do with images">${tiles.join("")}</ul>`;
}

function chain(map: ChainMap): string {
  const views = map.compared
    ? `<fieldset class="switch"><legend>Show</legend>${(
        [
          ["before", "Before"],
          ["changes", "What changes"],
          ["after", "After"],
        ] as const
      )
        .map(
          ([value, words]) =>
            `<label><input type="radio" name="view" value="${value}"${value === "changes" ? " checked" : ""}><span>${words}</span></label>`,
        )
        .join("")}</fieldset>`
    : "";
  return `<section id="chain" aria-labelledby="chain-title">
<h2 id="chain-title">Who signs, and what runs where</h2>
<div class="bar live-only">
<div class="find"><label for="search">Find</label><input type="search" id="search" placeholder="a name or an address" autocomplete="off"><span id="search-status" role="status"></span><ul id="results" aria-label="What was found"></ul></div>
${views}
<div class="group" role="group" aria-label="Form"><button type="button" id="as-picture" aria-pressed="true">Picture</button><button type="button" id="as-list" aria-pressed="false">List</button></div>
<div class="group zoom" role="group" aria-label="Size of the picture"><button type="button" id="zoom-out" aria-label="Smaller">−</button><button type="button" id="zoom-fit">Fit</button><button type="button" id="zoom-in" aria-label="Larger">+</button></div>
</div>
<p class="hint live-only">Choose a box to see all that is known of it. In the picture, the arrow keys go from box to box, Enter opens, Escape closes.</p>
<div id="picture" tabindex="0" role="region" aria-label="Picture of the chain of trust">${pictureOf(map)}</div>
<div id="list"></div>
</section>`;
}

function trial(): string {
  return `<section id="try" class="live-only" aria-labelledby="try-title">
<h2 id="try-title">Would this image run?</h2>
<p>Decided in this page, as <code>binauthz admit</code> decides. The page has no attestations: a digest that needs one is not decided here.</p>
<form id="trial"><div><label for="trial-image">Image, as a pod would name it</label><input type="text" id="trial-image" autocomplete="off" autocapitalize="off" spellcheck="false"></div><div><label for="trial-target">Target</label><select id="trial-target"></select></div><button type="submit" class="main">Try</button></form>
<p class="examples-title" id="examples-title">For example</p>
<ul id="examples" aria-labelledby="examples-title"></ul>
<div id="verdict" role="status"></div>
</section>`;
}

/** So many targets that do the same are listed one by one. */
const MOST_ROWS = 4;

function targets({ compared, targets: rows }: ChainMap): string {
  const groups = new Map<string, TargetRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.target.kind === "default" ? row.name : row.target.kind, row.before, row.after]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const lines = [...groups.values()].flatMap((group) =>
    group.length > MOST_ROWS ? [targetLine(group, compared)] : group.map((row) => targetLine([row], compared)),
  );
  const head = compared ? ["Target", "Before", "After"] : ["Target", "What it does", "The rule in words"];
  return `<section id="targets" aria-labelledby="targets-title"><h2 id="targets-title">What runs where</h2>
<p>What each target does with images that the policy does not exempt.</p>
${table(head, lines, "No policy, cluster or Cloud Run service is in what was read.")}</section>`;
}

function targetLine(rows: readonly TargetRow[], compared: boolean): string[] {
  const [{ after, before, target }] = rows;
  const link = ({ name, node }: TargetRow) => `<span class="name" data-node="${text(node)}">${text(name)}</span>`;
  const kind = target.kind === "gke" ? "clusters" : "Cloud Run services";
  const names =
    rows.length === 1
      ? link(rows[0])
      : `<details><summary>${rows.length} ${kind}</summary><ul>${rows.map((row) => `<li>${link(row)}</li>`).join("")}</ul></details>`;
  return compared
    ? [names, effect(before), effect(after)]
    : [names, after ? chip(after.status) : "", text(after?.rule ?? "")];
}

function effect(shown: Effect | undefined): string {
  return shown
    ? `${chip(shown.status)}<span class="rule">${text(shown.rule)}</span>`
    : `<span class="muted">not there</span>`;
}

const POWERS: Readonly<Record<SigningPower, string>> = {
  full: "can sign",
  maybe: "may sign: the other half is in no file",
  half: "holds one half of it",
  none: "cannot sign",
};

function signers({ allGrants, compared, signers: rows }: ChainMap): string {
  const head = compared ? ["Who", "For", "Before", "After"] : ["Who", "For", "What"];
  const lines = rows
    .filter(({ after, before }) => after !== "none" || before !== "none")
    .map(({ after, attestor, before, principal }) => [
      `<span class="name" data-node="${text(`identity ${principal}`)}">${text(principal)}</span>`,
      `<span class="name" data-node="${text(`attestor ${attestor}`)}">${text(shortName(attestor))}</span>`,
      ...(compared ? [text(POWERS[before])] : []),
      before === after || !compared ? text(POWERS[after]) : `<strong>${text(POWERS[after])}</strong>`,
    ]);
  return `<section id="signers" aria-labelledby="signers-title"><h2 id="signers-title">Who can sign</h2>
<p>Signing takes two powers: to use a key, and to attach to the note. ${
    allGrants ? "Every grant was read." : "By the grants in what was read; there may be others."
  }</p>
${table(head, lines, "Nobody, by the grants in what was read.")}</section>`;
}

function table(head: readonly string[], lines: readonly (readonly string[])[], none: string): string {
  if (lines.length === 0) {
    return `<p class="muted">${none}</p>`;
  }
  const rows = lines.map(
    (cells) => `<tr>${cells.map((cell, index) => `<td data-label="${head[index]}">${cell}</td>`).join("")}</tr>`,
  );
  return `<table><thead><tr>${head.map((title) => `<th scope="col">${title}</th>`).join("")}</tr></thead><tbody>${rows.join("\n")}</tbody></table>`;
}

/** Findings of one kind are said once, with the places where they are. */
function findings({ compared, findings: found }: ChainMap): string {
  const groups = new Map<string, Finding[]>();
  for (const finding of found) {
    const key = JSON.stringify([finding.id, finding.severity, finding.title, finding.mend]);
    const present = groups.get(key);
    if (present) {
      present.push(finding);
    } else {
      groups.set(key, [finding]);
    }
  }
  const items = [...groups.values()].map((group) => findingItem(group, compared));
  return `<section id="findings" aria-labelledby="findings-title"><h2 id="findings-title">${
    found.length === 0 ? "Findings" : plural(found.length, "finding")
  }</h2>
${items.length === 0 ? `<p class="muted">The checks found nothing.</p>` : `<ol class="findings">${items.join("\n")}</ol>`}</section>`;
}

function findingItem(group: readonly Finding[], compared: boolean): string {
  const [{ id, mend, severity, title }] = group;
  const places =
    group.length === 1
      ? findingPlace(group[0], compared)
      : `<details${group.length <= MOST_ROWS ? " open" : ""}><summary>${group.length} places</summary><ul class="places">${group
          .map((finding) => `<li>${findingPlace(finding, compared)}</li>`)
          .join("")}</ul></details>`;
  return `<li class="finding"><p class="finding-head"><span class="severity ${severity}">${severity}</span> ${text(id)} <strong>${text(title)}</strong></p>
${places}<p class="mend">${text(mend)}</p></li>`;
}

function findingPlace({ address, after, before, certainty, message, target }: Finding, compared: boolean): string {
  const named = [target === address ? undefined : target, address];
  const place = named.filter((part) => part !== undefined).map((part) => `<code>${text(part)}</code>`);
  return [
    place.length === 0 ? "" : `<p class="place">${place.join(" ")}</p>`,
    `<p>${text(message)}</p>`,
    fromTo(before, after, compared),
    certainty.state === "undecided" ? `<p>Not decided: ${text(certainty.because)}.</p>` : "",
  ].join("");
}

/** What there was is only worth a word where something changes. */
function fromTo(before: string | undefined, after: string | undefined, compared: boolean): string {
  if (before === undefined && after === undefined) {
    return "";
  }
  const was = compared || before !== undefined ? `<code>${text(before ?? "nothing")}</code> → ` : "";
  return `<p class="from-to">${was}<code>${text(after ?? "nothing")}</code></p>`;
}
