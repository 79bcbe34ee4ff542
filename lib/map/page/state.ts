import { unpack } from "../packed";
import type { PageData } from "../page-data";
import type { Change, MapNode, NodeContent } from "../types";

export type View = "before" | "after" | "changes";

export const DATA = unpack(JSON.parse(document.getElementById("data")?.textContent ?? "[]")) as PageData;

/** A node, and where it is one of a group, the node that is drawn for it. */
export interface Entry {
  readonly node: MapNode;
  /** The number of the node that is drawn. */
  readonly drawn: number;
}

export const ENTRIES: readonly Entry[] = DATA.nodes.flatMap((node, drawn) => [
  { node, drawn },
  ...(node.members ?? []).map((member) => ({ node: member, drawn })),
]);

export const BY_ID: ReadonlyMap<string, Entry> = new Map(ENTRIES.map((entry) => [entry.node.id, entry]));

let view: View = DATA.compared ? "changes" : "after";
const listeners: (() => void)[] = [];

export function currentView(): View {
  return view;
}

export function setView(next: View): void {
  view = next;
  for (const listener of listeners) {
    listener();
  }
}

export function onView(listener: () => void): void {
  listeners.push(listener);
}

/** Whether something is there in a view. */
export function isShown(change: Change, at: View = view): boolean {
  return at === "changes" || (at === "before" ? change !== "added" : change !== "removed");
}

/** What a node says of itself in a view. */
export function contentAt(node: MapNode, at: View = view): NodeContent {
  return at === "before" && node.before ? node.before : node;
}
