// A jest reporter that writes the counts of a run to the file named by BINAUTHZ_TEST_RESULTS. `npm cit` hands no
// arguments on to jest, so its own --json cannot be asked for.
const { writeFileSync } = require("node:fs");

/** What describeSelfCheck of __tests__/support/terraform.ts puts before a name. */
const SELF_CHECK = "self-check: ";

/**
 * The counts of a run. What ran against our own client instead of the real tool is a self-check; it never counts as passed.
 */
function summarize(results) {
  const tests = results.testResults.flatMap((file) => file.testResults);
  const isSelfCheck = ({ ancestorTitles }) => ancestorTitles.some((title) => title.startsWith(SELF_CHECK));
  const namesOf = (chosen) => chosen.map(({ fullName }) => fullName);
  const withStatus = (...statuses) => tests.filter(({ status }) => statuses.includes(status));
  const passed = withStatus("passed");
  // A file that cannot even be loaded has no tests to count.
  const broken = results.testResults.filter((file) => file.testExecError).map((file) => file.testFilePath);
  return {
    passed: passed.filter((test) => !isSelfCheck(test)).length,
    selfChecks: namesOf(passed.filter(isSelfCheck)),
    failed: [...namesOf(withStatus("failed")), ...broken],
    skipped: namesOf(withStatus("pending", "skipped", "todo", "disabled")),
  };
}

module.exports = class TestResults {
  static summarize = summarize;

  onRunComplete(_contexts, results) {
    writeFileSync(process.env.BINAUTHZ_TEST_RESULTS, JSON.stringify(summarize(results)));
  }
};
