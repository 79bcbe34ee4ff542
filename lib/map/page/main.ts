import { byId, el } from "./dom";
import { setUpList } from "./list";
import { openPanel, setUpPanel } from "./panel";
import { setUpPicture } from "./picture";
import { setUpSearch } from "./search";
import { BY_ID, currentView, onView, setView, type View } from "./state";
import { setUpTrial } from "./trial";

// What the page does. It reads the data that it carries and asks nobody for anything.

function setUpTheme(): void {
  const button = byId("theme");
  const { dataset } = document.documentElement;
  const isDark = () =>
    (dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const name = () => {
    button.textContent = isDark() ? "Light" : "Dark";
  };
  button.addEventListener("click", () => {
    dataset.theme = isDark() ? "light" : "dark";
    name();
  });
  name();
}

function setUpView(): void {
  const show = () => {
    document.body.dataset.view = currentView();
  };
  for (const input of document.querySelectorAll<HTMLInputElement>('input[name="view"]')) {
    input.checked = input.value === currentView();
    input.addEventListener("change", () => setView(input.value as View));
  }
  onView(show);
  show();
}

/** Names in the tables lead to their nodes. */
function setUpLinks(): void {
  for (const place of document.querySelectorAll<HTMLElement>("[data-node]")) {
    const id = place.dataset.node as string;
    if (BY_ID.has(id)) {
      const button = el("button", { type: "button", class: "link" }, place.textContent ?? "");
      button.addEventListener("click", () => openPanel(id, button));
      place.replaceChildren(button);
    }
  }
}

/** On paper nothing can be opened. */
function setUpPrinting(): void {
  let opened: HTMLDetailsElement[] = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll<HTMLDetailsElement>("details:not([open])")];
    for (const details of opened) {
      details.open = true;
    }
  });
  addEventListener("afterprint", () => {
    for (const details of opened) {
      details.open = false;
    }
  });
  byId("print").addEventListener("click", () => print());
}

document.documentElement.classList.add("live");
setUpTheme();
setUpPanel();
setUpView();
setUpPicture();
setUpList();
setUpSearch();
setUpTrial();
setUpLinks();
setUpPrinting();
