// A jest reporter that writes the counts of a run to the file named by BINAUTHZ_TEST_RESULTS. `npm cit` hands no
// arguments on to jest, so its own --json cannot be asked for.
const { writeFileSync } = require("node:fs");

module.exports = class TestResults {
  onRunComplete(_contexts, results) {
    const tests = results.testResults.flatMap((file) => file.testResults);
    const namesOf = (...statuses) =>
      tests.filter(({ status }) => statuses.includes(status)).map(({ fullName }) => fullName);
    // A file that cannot even be loaded has no tests to count.
    const broken = results.testResults.filter((file) => file.testExecError).map((file) => file.testFilePath);
    const summary = {
      passed: results.numPassedTests,
      failed: [...namesOf("failed"), ...broken],
      skipped: namesOf("pending", "skipped", "todo", "disabled"),
    };
    writeFileSync(process.env.BINAUTHZ_TEST_RESULTS, JSON.stringify(summary));
  }
};
