/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  roots: ["<rootDir>/__tests__"],
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
  // Only continuous integration asks for a summary: see .ci/run.
  reporters: ["default", ...(process.env.BINAUTHZ_TEST_RESULTS ? ["<rootDir>/scripts/test-results.cjs"] : [])],
};
