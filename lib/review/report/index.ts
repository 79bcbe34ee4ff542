export { codeQualityOf } from "./code-quality";
export { jsonOf } from "./json";
export { junitOf } from "./junit";
export { markdownOf, markerOf } from "./markdown";
export { mermaidOf } from "./mermaid";
export { sarifOf } from "./sarif";
export { type TextMedium, textOf } from "./text";
