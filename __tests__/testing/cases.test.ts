import { type AdmissionCase, admissionCases, trustChainOf } from "../../lib/testing";
import { failureOf, SIGNED, smallStack } from "./support";

const chain = trustChainOf(smallStack());
const signed = chain.testSigner("build-attestor").attest(SIGNED);
const target = "us-central1.prod";

admissionCases(chain, [
  { image: "nginx:latest", target, expected: "denied", reason: /digest/ },
  { image: SIGNED, target, attestations: [signed], expected: "admitted" },
  { image: SIGNED, target, attestations: [], expected: "denied" },
  { name: "nobody looked for attestations", image: SIGNED, target, expected: "undecided" },
  { image: [SIGNED, "nginx"], target: chain.cluster(target), attestations: [signed], expected: "denied" },
  { image: SIGNED, target: "default", attestations: [signed], expected: "denied", reason: /always_deny/ },
  {
    name: "100 % break-glass: $label %s",
    image: "nginx",
    target,
    labels: { "image-policy.k8s.io/break-glass": "true" },
    expected: "admitted",
  },
]);

/** The tests that a table declares, by name, without declaring them. */
function declared(cases: AdmissionCase[]): Map<string, () => void> {
  const tests = new Map<string, () => void>();
  const each = jest.spyOn(test, "each").mockImplementation(((table: [string, AdmissionCase][]) =>
    (_: string, run: (name: string, row: AdmissionCase) => void) => {
      for (const [name, row] of table) {
        tests.set(name, () => run(name, row));
      }
    }) as never);
  try {
    admissionCases(chain, cases);
  } finally {
    each.mockRestore();
  }
  return tests;
}

test("a case is named after what it says", () => {
  const names = [
    ...declared([
      { image: "nginx", target, expected: "denied" },
      { image: ["a", "b"], target: chain.defaultRule(), expected: "undecided" },
      { name: "mine", image: "nginx", target, expected: "denied" },
    ]).keys(),
  ];
  expect(names).toEqual(["nginx on us-central1.prod: denied", "a, b on default:my-secure-project: undecided", "mine"]);
});

test("a case fails like a matcher, and alone", () => {
  const tests = declared([
    { name: "wrong", image: "nginx", target, expected: "admitted" },
    { name: "right", image: "nginx", target, expected: "denied" },
    { name: "known", image: "nginx", target, expected: "undecided" },
    { name: "other reason", image: "nginx", target, expected: "denied", reason: "unsigned" },
    { name: "no such target", image: "nginx", target: "us-central1.prd", expected: "denied" },
    { name: "reason of an admission", image: "nginx", target, expected: "admitted", reason: "x" },
  ]);
  const last = (name: string) => failureOf(() => tests.get(name)?.()).pop();
  expect(tests.get("right")).not.toThrow();
  expect(last("wrong")).toMatch(
    "Expected nginx to be admitted on gke:my-secure-project/us-central1.prod, but it is denied.",
  );
  expect(last("known")).toMatch(/to be undecided on .*, but it is denied\.$/);
  expect(last("other reason")).toMatch(/for a reason that contains "unsigned", but it is denied for another one\.$/);
  expect(last("no such target")).toMatch(/^the chain of trust has no cluster "us-central1.prd"/);
  expect(last("reason of an admission")).toBe('a reason is for what is denied, and "admitted" is expected');
});

test("without the global test.each, nothing is declared silently", () => {
  const { test: kept } = globalThis as { test?: unknown };
  Object.assign(globalThis, { test: undefined });
  try {
    expect(() => admissionCases(chain, [])).toThrow("admissionCases needs the global test.each of jest");
  } finally {
    Object.assign(globalThis, { test: kept });
  }
});

test("the entry does without a global expect", () => {
  const { expect: kept } = globalThis as { expect?: unknown };
  Object.assign(globalThis, { expect: undefined });
  try {
    jest.isolateModules(() => require("../../lib/testing"));
  } finally {
    Object.assign(globalThis, { expect: kept });
  }
});
