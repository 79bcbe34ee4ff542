// A jest reporter for `npm run e2e`: with which tools it ran, what was skipped and why, and the counts.
const { spawnSync } = require("node:child_process");
const { summarize } = require("./test-results.cjs");

const TOOLS = [
  ["terraform", process.env.BINAUTHZ_TERRAFORM || "terraform", ["version"]],
  ["gcloud", "gcloud", ["--version"]],
];

/** The first line that a tool prints about itself. */
function versionOf(program, args) {
  const { status, stdout } = spawnSync(program, args, { encoding: "utf8" });
  return status === 0 ? stdout.split("\n")[0] : "not found";
}

/** Names of tests, those that were skipped together for one reason on one line. */
function together(names) {
  const counts = new Map();
  for (const name of names) {
    const group = /^.*?\(skipped: .*?\)/.exec(name)?.[0] ?? name;
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return [...counts].map(([group, count]) => (count === 1 ? group : `${group}: ${count} tests`));
}

/** What did not run with the real tools by name, then the counts. */
function lines({ passed, selfChecks, failed, skipped }) {
  return [
    ...selfChecks.map((name) => `self-check: ${name.replace(/self-check: /, "")}`),
    ...together(skipped).map((name) => `skipped: ${name}`),
    ...failed.map((name) => `failed: ${name}`),
    `${passed} passed with the real tools, ${selfChecks.length} self-check, ${failed.length} failed, ${skipped.length} skipped`,
  ];
}

module.exports = class EndToEndSummary {
  static lines = lines;

  onRunComplete(_contexts, results) {
    const tools = TOOLS.map(([name, program, args]) => `${name}: ${versionOf(program, args)}`);
    process.stdout.write(`\n${[...tools, ...lines(summarize(results))].join("\n")}\n`);
  }
};
