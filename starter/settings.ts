import type { Settings } from "./chain";

const project = "my-secure-project";
const region = "us-central1";

/** This deployment. Change these, and run the tests again. */
export const settings: Settings = {
  project,
  region,
  source: `projects/${project}/locations/${region}/connections/github/repositories/web`,
  // stateBucket: "the bucket of your Terraform states",
};
