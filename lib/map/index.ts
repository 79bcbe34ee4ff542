import { chainMapOf, type MapInput } from "./chain-map";
import { htmlOf } from "./html";
import { jsonOf } from "./json";
import { mermaidOf } from "./mermaid";
import { svgOf } from "./svg";

export { chainMapOf, type MapInput } from "./chain-map";
export { isMapPage } from "./html";
export { TooLargeError } from "./mermaid";
export type { ChainMap } from "./types";

/** The map in every form; each is made when it is first read. */
export interface RenderedMap {
  /** One page with everything in it. */
  readonly html: string;
  readonly svg: string;
  /**
   * A flowchart.
   * @throws TooLargeError where Mermaid would not draw it
   */
  readonly mermaid: string;
  /** As schemas/map.json describes it. */
  readonly json: string;
}

/** Draws the chain of trust of a model, with what was found on the nodes that it concerns. */
export function renderMap(input: MapInput): RenderedMap {
  const map = chainMapOf(input);
  return {
    get html() {
      return htmlOf(map);
    },
    get svg() {
      return svgOf(map);
    },
    get mermaid() {
      return mermaidOf(map);
    },
    get json() {
      return jsonOf(map);
    },
  };
}
