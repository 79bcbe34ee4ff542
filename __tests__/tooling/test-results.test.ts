interface Counts {
  readonly passed: number;
  readonly selfChecks: string[];
  readonly failed: string[];
  readonly skipped: string[];
}

// Reporters of jest are plain JavaScript.
const { summarize } = jest.requireActual<{ summarize(results: object): Counts }>("../../scripts/test-results.cjs");
const { lines } = jest.requireActual<{ lines(counts: Counts): string[] }>("../../scripts/e2e-summary.cjs");

const testOf = (status: string, title: string, ...ancestorTitles: string[]) => ({
  status,
  ancestorTitles,
  fullName: [...ancestorTitles, title].join(" "),
});

const RESULTS = {
  testResults: [
    {
      testFilePath: "/a.test.ts",
      testResults: [
        testOf("passed", "is applied", "the chain"),
        testOf("passed", "is refused", "self-check: the chain"),
        testOf("failed", "is signed", "self-check: the chain"),
        testOf("pending", "is signed", "the step (skipped: gcloud was not found)"),
        testOf("pending", "is retried", "the step (skipped: gcloud was not found)"),
      ],
    },
    { testFilePath: "/broken.test.ts", testExecError: { message: "no such module" }, testResults: [] },
  ],
};

describe("the summary of a run", () => {
  it("never counts a self-check as passed, and a failed one as failed", () => {
    expect(summarize(RESULTS)).toEqual({
      passed: 1,
      selfChecks: ["self-check: the chain is refused"],
      failed: ["self-check: the chain is signed", "/broken.test.ts"],
      skipped: [
        "the step (skipped: gcloud was not found) is signed",
        "the step (skipped: gcloud was not found) is retried",
      ],
    });
  });

  it("names everything that did not run with the real tools", () => {
    expect(lines(summarize(RESULTS))).toEqual([
      "self-check: the chain is refused",
      "skipped: the step (skipped: gcloud was not found): 2 tests",
      "failed: self-check: the chain is signed",
      "failed: /broken.test.ts",
      "1 passed with the real tools, 1 self-check, 2 failed, 2 skipped",
    ]);
  });
});
