import type { PageFinding } from "../page-data";
import { type Fact, KIND_WORDS, type MapEdge, type MapNode } from "../types";
import { card, changeTag, chip } from "./cards";
import { byId, el } from "./dom";
import { BY_ID, contentAt, currentView, DATA, isShown, onView } from "./state";

/** Where the focus was when the panel was opened. */
let opener: { focus(options?: FocusOptions): void } | undefined;
let shown: string | undefined;
const watchers: ((id: string | undefined) => void)[] = [];

/** Tells which node is looked at. */
export function onSelect(watcher: (id: string | undefined) => void): void {
  watchers.push(watcher);
}

export function openPanel(id: string, from?: { focus(): void }): void {
  const panel = byId("panel");
  // What opens from within the panel leads back to where the panel was opened from.
  if (from && !(from instanceof Node && panel.contains(from))) {
    opener = from;
  }
  shown = id;
  render();
  panel.hidden = false;
  document.body.classList.add("has-panel");
  panel.scrollTop = 0;
  byId("panel-title").focus();
  for (const watcher of watchers) {
    watcher(id);
  }
}

export function closePanel(): void {
  if (byId("panel").hidden) {
    return;
  }
  byId("panel").hidden = true;
  document.body.classList.remove("has-panel");
  shown = undefined;
  for (const watcher of watchers) {
    watcher(undefined);
  }
  opener?.focus({ preventScroll: true });
}

export function setUpPanel(): void {
  byId("panel-close").addEventListener("click", closePanel);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      closePanel();
    }
  });
  onView(() => {
    if (shown !== undefined) {
      render();
    }
  });
}

function render(): void {
  const entry = BY_ID.get(shown as string);
  if (!entry) {
    return;
  }
  const { node } = entry;
  const { facts, status, subtitle, summary, title } = contentAt(node);
  const heading = byId("panel-title");
  heading.replaceChildren(el("span", { class: "kind" }, KIND_WORDS[node.kind][0]), el("span", {}, title));
  const gone = !isShown(node.change);
  byId("panel-body").replaceChildren(
    ...[
      subtitle === undefined ? undefined : el("p", { class: "sub" }, subtitle),
      el("p", { class: "chips" }, status ? chip(status) : undefined, changeTag(node.change)),
      gone
        ? el("p", {}, currentView() === "before" ? "It is not there before." : "It is not there afterwards.")
        : undefined,
      summary === undefined ? undefined : el("p", {}, summary),
      findingsOf(node),
      factsOf(facts, node),
      placesOf(node),
      membersOf(node),
      connectionsOf(entry.drawn),
    ].filter((part) => part !== undefined),
  );
}

function section(title: string, ...content: (Node | undefined)[]): HTMLElement {
  return el("section", {}, el("h3", {}, title), ...content);
}

function findingItem({ after, before, id, mend, message, severity, title, undecided }: PageFinding): HTMLElement {
  return el(
    "li",
    { class: "finding" },
    el(
      "p",
      { class: "finding-head" },
      el("span", { class: `severity ${severity}` }, severity),
      ` ${id} `,
      el("strong", {}, title),
    ),
    el("p", {}, message),
    before === undefined && after === undefined
      ? undefined
      : el(
          "p",
          { class: "from-to" },
          ...(DATA.compared || before !== undefined ? [el("code", {}, before ?? "nothing"), " → "] : []),
          el("code", {}, after ?? "nothing"),
        ),
    undecided === undefined ? undefined : el("p", {}, `Not decided: ${undecided}.`),
    el("p", { class: "mend" }, mend),
  );
}

function findingsOf({ findings }: MapNode): HTMLElement | undefined {
  return findings.length === 0
    ? undefined
    : section(
        findings.length === 1 ? "1 finding" : `${findings.length} findings`,
        el("ul", { class: "findings" }, ...findings.map((number) => findingItem(DATA.findings[number]))),
      );
}

function factsOf(facts: readonly Fact[], node: MapNode): HTMLElement | undefined {
  if (facts.length === 0) {
    return undefined;
  }
  // Side by side only where both are looked at.
  const compared = currentView() === "changes" ? node.before?.facts : undefined;
  const had = new Set(compared?.map(({ label, value }) => JSON.stringify([label, value])));
  const has = new Set(facts.map(({ label, value }) => JSON.stringify([label, value])));
  const dropped = (compared ?? []).filter(({ label, value }) => !has.has(JSON.stringify([label, value])));
  return section(
    "Facts",
    el(
      "dl",
      {},
      ...facts.flatMap((entry, index) =>
        row(
          entry,
          compared && !had.has(JSON.stringify([entry.label, entry.value])) ? "new" : "",
          entry.label === facts[index - 1]?.label,
        ),
      ),
      ...dropped.flatMap((entry) => row(entry, "gone")),
    ),
  );
}

/** A label is said once for several facts in a row. */
function row({ label, state, value }: Fact, mark: "" | "new" | "gone", again = false): HTMLElement[] {
  const tag = mark === "" ? undefined : el("span", { class: `tag ${mark === "new" ? "added" : "removed"}` }, mark);
  const said = el("dd", { class: `${state} ${mark}` }, tag, value);
  return again ? [said] : [el("dt", {}, label), said];
}

function placesOf({ origins }: MapNode): HTMLElement | undefined {
  const seen = new Set<string>();
  const rows = origins.flatMap(({ address, constructPath, source }) => {
    const key = JSON.stringify([address, constructPath, source]);
    if (seen.has(key)) {
      return [];
    }
    seen.add(key);
    return [
      ...(address === undefined ? [] : [el("dt", {}, "Terraform"), el("dd", { class: "code" }, address)]),
      ...(constructPath === undefined ? [] : [el("dt", {}, "Construct"), el("dd", { class: "code" }, constructPath)]),
      el("dt", {}, "Read from"),
      el("dd", { class: "code last" }, source),
    ];
  });
  return rows.length === 0 ? undefined : section("Where it is written", el("dl", {}, ...rows));
}

/** So many are listed; the others are found by their name. */
const MOST_MEMBERS = 60;

function membersOf({ members }: MapNode): HTMLElement | undefined {
  if (!members) {
    return undefined;
  }
  const list = el("div", { class: "members" });
  const note = el("p", { class: "note", role: "status" });
  const fill = (text: string) => {
    const wanted = text.trim().toLowerCase();
    const found = members.filter(({ names, title }) =>
      [title, ...names].some((name) => name.toLowerCase().includes(wanted)),
    );
    list.replaceChildren(...found.slice(0, MOST_MEMBERS).map((member) => card(member, openPanel)));
    note.textContent =
      found.length > MOST_MEMBERS
        ? `${MOST_MEMBERS} of ${found.length} are shown; type to find others.`
        : `${found.length} of ${members.length}`;
  };
  const box = el("input", { type: "search", id: "member-search", autocomplete: "off" });
  box.addEventListener("input", () => fill(box.value));
  fill("");
  return section(`These ${members.length}`, el("label", { for: "member-search" }, "Find one of them"), box, note, list);
}

function connectionsOf(drawn: number): HTMLElement | undefined {
  const { id } = DATA.nodes[drawn];
  const line = (edge: MapEdge, other: string, forward: boolean) => {
    const node = BY_ID.get(other)?.node as MapNode;
    const link = el("button", { type: "button", class: "link" }, contentAt(node).title);
    link.addEventListener("click", () => openPanel(other, link));
    const named = el("span", {}, `${KIND_WORDS[node.kind][0]} `, link);
    const words = el("span", {}, edge.label);
    const change = changeTag(edge.change);
    return forward
      ? el("li", {}, words, " ", named, change ? " " : undefined, change)
      : el("li", {}, named, " ", words, " this", change ? " " : undefined, change);
  };
  const shownEdges = DATA.edges.filter(({ change }) => isShown(change));
  const items = [
    ...shownEdges.filter(({ to }) => to === id).map((edge) => line(edge, edge.from, false)),
    ...shownEdges.filter(({ from }) => from === id).map((edge) => line(edge, edge.to, true)),
  ];
  return items.length === 0 ? undefined : section("Connections", el("ul", { class: "connections" }, ...items));
}
