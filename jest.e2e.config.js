/** @type {import("jest").Config} */
module.exports = {
  ...require("./jest.config"),
  roots: ["<rootDir>/__tests__/e2e"],
  reporters: ["default", "<rootDir>/scripts/e2e-summary.cjs"],
};
