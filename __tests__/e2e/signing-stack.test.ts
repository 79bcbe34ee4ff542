import { Attestor } from "../../lib/constructs/attestor";
import { BuildPipeline } from "../../lib/constructs/build-pipeline";
import { PipelineSource } from "../../lib/constructs/pipeline-source";
import { SignedBuild } from "../../lib/constructs/signed-build";
import { SigningTrigger } from "../../lib/constructs/signing-trigger";
import { TrustRoot } from "../../lib/constructs/trust-root";
import { iamPolicy, startSandbox } from "../../lib/sandbox";
import { kitchenSink } from "../support/kitchen-sink";
import { template } from "../support/template";
import { describeIfTerraform, TerraformDir } from "../support/terraform";
import { Deployment, PROJECT, synthesizeStack } from "./support";

const REPOSITORY = `projects/${PROJECT}/locations/us-central1/connections/c/repositories/r`;
const BUILDER = `serviceAccount:app-build@${PROJECT}.iam.gserviceaccount.com`;
const SIGNER = `serviceAccount:sign-app@${PROJECT}.iam.gserviceaccount.com`;

describeIfTerraform("builder and signer apart, with the real provider", () => {
  test("a stack with every prop of every construct is valid", async () => {
    const terraform = TerraformDir.temporary({});
    try {
      const { backend: _, ...settings } = template(kitchenSink()).json.terraform;
      terraform.write({ ...template(kitchenSink()).json, terraform: settings });
      await terraform.init();
      await terraform.validate();
    } finally {
      terraform.remove();
    }
  }, 120_000);

  test("are applied, and the second plan is empty", async () => {
    const google = await startSandbox();
    const deployment = Deployment.against(google);
    try {
      await deployment.apply(
        synthesizeStack((stack) => {
          const keys = [new TrustRoot(stack, "TrustRoot", { keyRingName: "ring", keyName: "key", location: "global" })];
          const build = new BuildPipeline(stack, "Build", {
            image: `us-central1-docker.pkg.dev/${PROJECT}/apps/app`,
            source: PipelineSource.push({ repository: REPOSITORY }),
          });
          new SigningTrigger(stack, "Sign", {
            triggerName: "sign-app",
            location: "us-central1",
            attestors: [new Attestor(stack, "Attestor", { attestorName: "build", keys })],
            builds: [SignedBuild.ofPipeline(build, { repositoryUrl: "https://github.com/my-org/app" })],
            approvers: ["group:release@example.com"],
          });
        }),
      );
      expect(
        Object.values(google.state.triggers)
          .map(({ name }) => name)
          .sort(),
      ).toEqual(["app-build", "sign-app"]);
      expect(google.unknownRoutes).toEqual([]);
      // In the key's own policy: the signer is there, the builder is not.
      const key = JSON.stringify(
        iamPolicy(google.state, `projects/${PROJECT}/locations/global/keyRings/ring/cryptoKeys/key`),
      );
      expect(key).toContain(SIGNER);
      expect(key).not.toContain(BUILDER);
    } finally {
      deployment.remove();
      await google.close();
    }
  }, 240_000);
});
