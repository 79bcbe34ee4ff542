import { COLUMNS } from "../types";
import { card } from "./cards";
import { byId, el } from "./dom";
import { openPanel } from "./panel";
import { DATA, isShown, onView } from "./state";

/** The same nodes column by column, for small screens and for whoever likes lists better than pictures. */
export function setUpList(): void {
  const fill = () => {
    byId("list").replaceChildren(
      ...COLUMNS.map((title, column) => ({
        title,
        nodes: DATA.nodes.filter((node) => node.column === column && isShown(node.change)),
      }))
        .filter(({ nodes }) => nodes.length > 0)
        .map(({ nodes, title }) =>
          el("section", { class: "column" }, el("h3", {}, title), ...nodes.map((node) => card(node, openPanel))),
        ),
    );
  };
  onView(fill);
  fill();
  for (const choice of ["picture", "list"] as const) {
    byId(`as-${choice}`).addEventListener("click", () => {
      document.body.dataset.chain = choice;
      pressed(choice);
    });
  }
  // What a narrow screen shows without being asked: style.css.
  pressed(matchMedia("(max-width: 760px)").matches ? "list" : "picture");
}

function pressed(choice: "picture" | "list"): void {
  for (const each of ["picture", "list"] as const) {
    byId(`as-${each}`).setAttribute("aria-pressed", String(each === choice));
  }
}
