import { KIND_WORDS } from "../types";
import { byId, el } from "./dom";
import { openPanel } from "./panel";
import { ENTRIES, type Entry } from "./state";

const MOST_RESULTS = 8;

/** Finds nodes, also those within groups, by their names, addresses and construct paths. */
export function setUpSearch(): void {
  const box = byId<HTMLInputElement>("search");
  const results = byId("results");
  const texts = ENTRIES.map(({ node: { names, origins, title } }) =>
    [title, ...names, ...origins.flatMap(({ address = "", constructPath = "" }) => [address, constructPath])]
      .join("\n")
      .toLowerCase(),
  );
  // What is called so comes before what only mentions it.
  const rank = ({ node: { title } }: Entry, text: string) =>
    title.toLowerCase().startsWith(text) ? 0 : title.toLowerCase().includes(text) ? 1 : 2;
  const find = (text: string): Entry[] =>
    ENTRIES.filter((_, index) => texts[index].includes(text)).sort((one, other) => rank(one, text) - rank(other, text));
  const show = () => {
    const text = box.value.trim().toLowerCase();
    const found = text === "" ? [] : find(text);
    byId("search-status").textContent =
      text === ""
        ? ""
        : found.length > MOST_RESULTS
          ? `${found.length} found, ${MOST_RESULTS} shown`
          : `${found.length} found`;
    results.replaceChildren(
      ...found.slice(0, MOST_RESULTS).map(({ node }) => {
        const button = el(
          "button",
          { type: "button" },
          el("span", { class: "kind" }, KIND_WORDS[node.kind][0]),
          ` ${node.title}`,
          node.subtitle === undefined ? undefined : el("span", { class: "sub" }, ` ${node.subtitle}`),
        );
        button.addEventListener("click", () => {
          // What was found would lie over the picture.
          results.replaceChildren();
          openPanel(node.id, box);
        });
        return el("li", {}, button);
      }),
    );
  };
  box.addEventListener("input", show);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      results.querySelector("button")?.click();
    }
  });
}
