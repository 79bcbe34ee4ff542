/** @type {import("jest").Config} */
module.exports = {
  ...require("./jest.config"),
  roots: ["<rootDir>/__tests__/e2e"],
  // One more than two cores need: gcloud and the provider wait for much of their time.
  maxWorkers: 3,
  reporters: ["default", "<rootDir>/scripts/e2e-summary.cjs"],
};
