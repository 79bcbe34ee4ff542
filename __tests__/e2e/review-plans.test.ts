import { differences, makePlan } from "../support/real-plans";
import { describeIfTerraform } from "../support/terraform";

// The others are recorded: see ../fixtures/real-plans. These are made here and now, so that another version of Terraform or
// of the provider cannot change what a review says unnoticed.
const LIVE = [
  "attestor-keys",
  "check-failed",
  "cloud-run-weakened",
  "default-rule-list",
  "grant-unknown",
  "guards-removed",
  "keys-weakened",
  "only-a-part",
  "policy-drifted",
  "policy-weakened",
];

describeIfTerraform("plans that terraform and the provider make now", () => {
  test.each(LIVE)(
    "%s is reviewed as the recorded one",
    async (name) => {
      expect(differences(name, await makePlan(name))).toEqual({ missing: [], unexpected: [] });
    },
    180_000,
  );
});
