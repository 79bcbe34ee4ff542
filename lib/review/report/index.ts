export { codeQualityOf } from "./code-quality";
export { jsonOf, REVIEW_SCHEMA_VERSION, reviewJson } from "./json";
export { junitOf } from "./junit";
export { markdownOf, markerOf } from "./markdown";
export { mermaidOf } from "./mermaid";
export { sarifOf } from "./sarif";
export { type Colors, type TextMedium, textOf } from "./text";
