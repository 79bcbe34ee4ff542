/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  // lib is here so that a file which no test loads is measured as well.
  roots: ["<rootDir>/__tests__", "<rootDir>/lib"],
  testMatch: ["**/*.test.ts"],
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "commonjs" } },
    ],
    // Published as ES modules only; tests are CommonJS.
    "node_modules/@marcbachmann/cel-js/.+\\.js$": [
      "@swc/jest",
      { jsc: { target: "es2022" }, module: { type: "commonjs" } },
    ],
  },
  transformIgnorePatterns: ["/node_modules/(?!@marcbachmann/cel-js/)"],
  // The provider bindings are large: a fresh worker per file keeps memory flat.
  maxWorkers: 2,
  workerIdleMemoryLimit: "1GB",
  // For `npm run coverage`: what decides about images has a test for every line and every branch. What swc makes of a file is
  // instrumented, so types count for nothing, and the line of an exported name counts once a test has read the name. The
  // index only hands on what other files declare.
  collectCoverageFrom: ["lib/{admission,vocabulary}/**/*.ts", "!lib/admission/index.ts"],
  coverageThreshold: { global: { branches: 100, lines: 100 } },
  coverageReporters: [["text", { skipFull: true }]],
  // Only continuous integration asks for a summary: see .ci/run.
  reporters: ["default", ...(process.env.BINAUTHZ_TEST_RESULTS ? ["<rootDir>/scripts/test-results.cjs"] : [])],
};
