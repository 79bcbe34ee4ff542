import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Construct } from "constructs";
import { type ISigningAttestor, PipelineSource, ResigningTrigger, SignedBuild } from "../../lib";
import {
  attestorIn,
  buildIn,
  CONNECTED,
  PROJECT,
  pipelineIn,
  REGION,
  refusalOf,
  signerIn,
  testApp,
  testStack,
  vettedIn,
} from "../support/synth";

// CDKTF merges two resources of one address silently: the second one would take over the first one's trigger, with the
// identity and the steps of the second.

const NAME = "one-name";
const props = (attestor: ISigningAttestor) => ({
  attestors: [attestor],
  serviceAccountEmail: `shared@${PROJECT}.iam.gserviceaccount.com`,
  createRepository: false,
});
const BUILDS = [
  SignedBuild.ofTrigger({
    triggerName: `projects/${PROJECT}/locations/${REGION}/triggers/some-build`,
    serviceAccountEmail: `builder@${PROJECT}.iam.gserviceaccount.com`,
    repositoryUrl: "https://github.com/my-org/other",
    branch: "^main$",
    image: `${REGION}-docker.pkg.dev/${PROJECT}/other/app`,
  }),
];

const TRIGGERS: Readonly<Record<string, (scope: Construct, id: string, attestor: ISigningAttestor) => Construct>> = {
  SignerPipeline: (scope, id, attestor) => pipelineIn(scope, { ...props(attestor), pipelineName: NAME }, id),
  BuildPipeline: (scope, id, attestor) => {
    const { attestors: _, ...rest } = props(attestor);
    return buildIn(scope, { ...rest, pipelineName: NAME }, id);
  },
  SigningTrigger: (scope, id, attestor) => {
    const { createRepository: _, ...rest } = props(attestor);
    return signerIn(scope, { ...rest, triggerName: NAME, builds: BUILDS }, id);
  },
  ResigningTrigger: (scope, id, attestor) => {
    const { createRepository: _, ...rest } = props(attestor);
    const source = PipelineSource.manual({ repository: CONNECTED, ref: "refs/heads/main" });
    return new ResigningTrigger(scope, id, { ...rest, triggerName: NAME, source });
  },
  VettedImages: (scope, id, attestor) => vettedIn(scope, { ...props(attestor), triggerName: NAME }, id),
};
const PAIRS = Object.keys(TRIGGERS).flatMap((first) => Object.keys(TRIGGERS).map((second) => [first, second] as const));

test.each(PAIRS)("%s and %s cannot have one trigger, also where they are in two stacks", (first, second) => {
  const app = testApp();
  const [one, other] = ["One", "Two"].map((id) => testStack({ app, id }));
  const attestor = attestorIn(one);
  TRIGGERS[first](one, "First", attestor);
  expect(refusalOf(() => TRIGGERS[second](other, "Second", attestor))).toEqual([
    `[DUPLICATE_RESOURCE] Two/Second: the trigger "projects/${PROJECT}/locations/${REGION}/triggers/${NAME}" is declared twice, first at One/First; allowed: one construct for it in the app`,
  ]);
});

test("every construct that makes a trigger is in the list above", () => {
  const folder = join(__dirname, "../../lib/constructs");
  const made = readdirSync(folder)
    .filter(
      (file) => file.endsWith(".ts") && readFileSync(join(folder, file), "utf8").includes("new CloudbuildTrigger("),
    )
    .map((file) => file.replace(".ts", "").replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase()));
  expect(made.sort()).toEqual(Object.keys(TRIGGERS).sort());
});
