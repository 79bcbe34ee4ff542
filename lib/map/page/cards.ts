import { countOf, worstOf } from "../severity";
import { CHANGE_WORDS, type Change, KIND_WORDS, type MapNode, type Status } from "../types";
import { el } from "./dom";
import { contentAt, currentView, DATA } from "./state";

/** A status with a sign before it, so that its colour is not all that tells it. */
export function chip({ text, tone }: Status): HTMLElement {
  return el("span", { class: `chip ${tone}` }, text);
}

export function changeTag(change: Change): HTMLElement | undefined {
  return change === "same" || currentView() !== "changes"
    ? undefined
    : el("span", { class: `tag ${change}` }, CHANGE_WORDS[change]);
}

function findingsTag(node: MapNode): HTMLElement | undefined {
  if (node.findings.length === 0) {
    return undefined;
  }
  const { findings } = DATA;
  return el("span", { class: `severity ${worstOf(node.findings, findings)}` }, countOf(node.findings, findings));
}

/** A node as a button that opens its panel. */
export function card(node: MapNode, open: (id: string, from: HTMLElement) => void): HTMLElement {
  const { status, subtitle, title } = contentAt(node);
  const button = el(
    "button",
    { type: "button", class: `card ${currentView() === "changes" ? node.change : "same"}` },
    el("span", { class: "kind" }, KIND_WORDS[node.kind][0], findingsTag(node), changeTag(node.change)),
    el("span", { class: "name" }, title),
    subtitle === undefined ? undefined : el("span", { class: "sub" }, subtitle),
    status ? chip(status) : undefined,
  );
  button.addEventListener("click", () => open(node.id, button));
  return button;
}
