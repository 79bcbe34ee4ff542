import { byId } from "./dom";
import { closePanel, onSelect, openPanel } from "./panel";
import { BY_ID, currentView, DATA, isShown, onView } from "./state";

const SMALLEST = 0.4;
const LARGEST = 2;
const STEP = 1.25;

/** The picture: nodes open panels, arrows go from node to node, and what hangs together with a node stands out. */
export function setUpPicture(): void {
  const frame = byId("picture");
  const svg = frame.querySelector("svg") as SVGSVGElement;
  const nodes = [...svg.querySelectorAll<SVGGElement>(".node")];
  const edges = [...svg.querySelectorAll<SVGGElement>(".edges > g")];
  const natural = svg.viewBox.baseVal;
  let scale = 1;
  const zoom = (wanted: number) => {
    scale = Math.min(LARGEST, Math.max(SMALLEST, wanted));
    svg.style.width = `${Math.round(natural.width * scale)}px`;
    svg.style.height = `${Math.round(natural.height * scale)}px`;
  };
  // Smaller than this nobody reads it; it scrolls then.
  const readable = () => zoom(Math.min(1.15, Math.max(0.66, (frame.clientWidth - 2) / natural.width)));
  byId("zoom-in").addEventListener("click", () => zoom(scale * STEP));
  byId("zoom-out").addEventListener("click", () => zoom(scale / STEP));
  byId("zoom-fit").addEventListener("click", () => zoom((frame.clientWidth - 2) / natural.width));
  readable();
  dragged(frame);

  nodes.forEach((element, index) => {
    const hit = hitOf(element);
    const open = () => openPanel(DATA.nodes[index].id, hit);
    hit.addEventListener("click", open);
    hit.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        open();
      } else if (event.key.startsWith("Arrow")) {
        event.preventDefault();
        const next = neighbour(nodes, index, event.key);
        if (next) {
          hitOf(next).focus();
        }
      }
    });
  });
  const together = (index: number | undefined) => {
    const near = index === undefined ? undefined : reachable(index);
    svg.classList.toggle("focused", near !== undefined);
    nodes.forEach((element, number) => {
      element.classList.toggle("near", near?.has(number) ?? false);
      element.classList.toggle("chosen", number === index);
    });
    for (const element of edges) {
      const { from, to } = element.dataset;
      element.classList.toggle("near", (near?.has(Number(from)) && near.has(Number(to))) ?? false);
    }
  };
  onSelect((id) => {
    const drawn = id === undefined ? undefined : BY_ID.get(id)?.drawn;
    together(drawn);
    if (drawn !== undefined) {
      nodes[drawn].scrollIntoView({ block: "nearest", inline: "center" });
    }
  });
  frame.addEventListener("click", (event) => {
    if (!(event.target as Element).closest(".node")) {
      closePanel();
    }
  });
  const show = () => {
    svg.classList.toggle("before", currentView() === "before");
    svg.classList.toggle("plainly", currentView() !== "changes");
    for (const element of [...nodes, ...edges]) {
      element.classList.toggle("hidden", !isShown(element.dataset.change as "same"));
    }
  };
  onView(show);
  show();
}

/** The part of a node that responds. */
function hitOf(node: SVGGElement): SVGRectElement {
  return node.querySelector(".hit") as SVGRectElement;
}

/** Everything before and after a node in the chain. */
function reachable(index: number): Set<number> {
  const found = new Set([index]);
  const numbers = new Map(DATA.nodes.map(({ id }, number) => [id, number]));
  const links = DATA.edges
    .filter(({ change }) => isShown(change))
    .map(({ from, to }) => [numbers.get(from) as number, numbers.get(to) as number] as const);
  for (const [near, far] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const open = [index];
    const seen = new Set(open);
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const link of links) {
        if (link[near] === next && !seen.has(link[far])) {
          seen.add(link[far]);
          found.add(link[far]);
          open.push(link[far]);
        }
      }
    }
  }
  return found;
}

/** The nearest node in the direction of an arrow key: up and down within the column, left and right to the next one. */
function neighbour(nodes: readonly SVGGElement[], index: number, key: string): SVGGElement | undefined {
  const boxes = nodes.map((node) => node.getBoundingClientRect());
  const here = boxes[index];
  const middle = (box: DOMRect) => box.top + box.height / 2;
  const distance = (box: DOMRect) => {
    const [across, down] = [box.left - here.left, middle(box) - middle(here)];
    switch (key) {
      case "ArrowUp":
        return Math.abs(across) < 2 && down < 0 ? -down : Number.POSITIVE_INFINITY;
      case "ArrowDown":
        return Math.abs(across) < 2 && down > 0 ? down : Number.POSITIVE_INFINITY;
      case "ArrowLeft":
        return across < -2 ? -across * 1000 + Math.abs(down) : Number.POSITIVE_INFINITY;
      default:
        return across > 2 ? across * 1000 + Math.abs(down) : Number.POSITIVE_INFINITY;
    }
  };
  let best: number | undefined;
  boxes.forEach((box, number) => {
    const isThere = !nodes[number].classList.contains("hidden") && distance(box) < Number.POSITIVE_INFINITY;
    if (isThere && (best === undefined || distance(box) < distance(boxes[best]))) {
      best = number;
    }
  });
  return best === undefined ? undefined : nodes[best];
}

/** The picture can be pulled about with a mouse; fingers scroll it anyway. */
function dragged(frame: HTMLElement): void {
  let start: { readonly x: number; readonly y: number; readonly left: number; readonly top: number } | undefined;
  frame.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0 && !(event.target as Element).closest(".node")) {
      start = { x: event.clientX, y: event.clientY, left: frame.scrollLeft, top: frame.scrollTop };
      frame.classList.add("dragging");
    }
  });
  addEventListener("pointermove", (event) => {
    if (start) {
      frame.scrollLeft = start.left - (event.clientX - start.x);
      frame.scrollTop = start.top - (event.clientY - start.y);
    }
  });
  addEventListener("pointerup", () => {
    start = undefined;
    frame.classList.remove("dragging");
  });
}
