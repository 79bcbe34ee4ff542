import type { OpenFinding, Outcome } from "../outcome";
import { xml } from "./escape";
import { showCertainty } from "./summary";

/**
 * JUnit's XML: a test for each finding, and one for each check that found nothing. What gates is a failure, what could and
 * is not decided an error, what was set aside is skipped; there is no such thing as a warning, so other findings pass and
 * say so in their output.
 */
export function junitOf({ findings, name, rules, setAside, subject }: Outcome): string {
  const classname = `binauthz-${subject}.${name}`;
  const found = new Set([...findings, ...setAside.map(({ finding }) => finding)].map(({ id }) => id));
  const cases = [
    ...findings.map((finding) => testCase(classname, label(finding), body(finding))),
    ...setAside.map(({ by, finding, reason }) =>
      testCase(classname, label(finding), `<skipped message="${xml(`${by}: ${reason}`)}"/>`),
    ),
    ...rules.filter(({ id }) => !found.has(id)).map(({ id, title }) => testCase(classname, `${id} ${title}`, "")),
  ];
  const count = (gates: OpenFinding["gates"]) => findings.filter((finding) => finding.gates === gates).length;
  const totals = `tests="${cases.length}" failures="${count("yes")}" errors="${count("maybe")}" skipped="${setAside.length}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${totals}>`,
    `  <testsuite name="${xml(classname)}" ${totals}>`,
    ...cases.map((line) => `    ${line}`),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function label({ address, id, target, title }: Pick<OpenFinding, "address" | "id" | "target" | "title">): string {
  return [id, title, address, target].filter((part) => part !== undefined).join(" ");
}

function testCase(classname: string, name: string, content: string): string {
  const start = `<testcase classname="${xml(classname)}" name="${xml(name)}"`;
  return content === "" ? `${start}/>` : `${start}>${content}</testcase>`;
}

function body(finding: OpenFinding): string {
  const { effects, gates, mend, message, severity } = finding;
  const change = finding.before ?? finding.after;
  const text = [
    message,
    ...(change === undefined ? [] : [`Before: ${finding.before ?? "nothing"}`, `After: ${finding.after ?? "nothing"}`]),
    ...[showCertainty(finding) ?? []].flat(),
    `Mend: ${mend}`,
  ]
    .map(xml)
    .join("\n");
  const attributes = `message="${xml(`${severity}, ${effects.join(", ")}: ${message}`)}" type="${severity}"`;
  switch (gates) {
    case "yes":
      return `<failure ${attributes}>${text}</failure>`;
    case "maybe":
      return `<error ${attributes}>${text}</error>`;
    case "no":
      return `<system-out>${xml(`${severity}: `)}${text}</system-out>`;
  }
}
