import { printable } from "../../review/report/escape";

type Child = Node | string | undefined;

/** Attributes; `class` and `on…` handlers among them. */
interface Attributes {
  readonly [name: string]: string | boolean | ((event: Event) => void) | undefined;
}

/** An element. Text goes in as text, and what cannot be seen of it is written out: no name changes the page. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (typeof value === "string") {
      element.setAttribute(name, printable(value));
    }
  }
  for (const child of children) {
    if (child !== undefined) {
      element.append(typeof child === "string" ? printable(child) : child);
    }
  }
  return element;
}

/** The element of an id, which the page has. */
export function byId<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}
