import type { App, TerraformStack } from "cdktf";
import { AttestorKey, EnforcedCluster, SigningAlgorithm } from "../../lib";
import {
  ATTESTOR,
  attestorIn,
  P256_PEM,
  PROJECT,
  pipelineIn,
  policyIn,
  problemsOf,
  REPOSITORY,
  refusalOf,
  testApp,
  testStack,
  trustRootIn,
} from "../support/synth";
import { type Template, templates } from "../support/template";

/** What holds for every stack of an app: no token and no depends_on crosses from one state into another. */
function isolated(app: App): Record<string, Template> {
  const all = templates(app);
  for (const t of Object.values(all)) {
    expect(t.dataSources("terraform_remote_state")).toEqual({});
    expect(t.json).not.toHaveProperty("output");
    expect(t.danglingDependencies()).toEqual([]);
  }
  return all;
}

const waitsFor = (stack: TerraformStack): string[] => stack.dependencies.map((other) => other.node.id).sort();

function stacksOf(...ids: string[]): { app: App; stacks: TerraformStack[] } {
  const app = testApp();
  return { app, stacks: ids.map((id) => testStack({ app, id })) };
}

const PEM_KEY = AttestorKey.fromPem({ publicKeyPem: P256_PEM, algorithm: SigningAlgorithm.EC_SIGN_P256_SHA256 });

test("an attestor in another stack than its key reads the public key itself, by the key's literal name", () => {
  const { app, stacks } = stacksOf("Keys", "Attestors");
  const trustRoot = trustRootIn(stacks[0]);
  attestorIn(stacks[1], { keys: [trustRoot] });
  const { Keys, Attestors } = isolated(app);
  expect(waitsFor(stacks[1])).toEqual(["Keys"]);
  expect(waitsFor(stacks[0])).toEqual([]);
  expect(Keys.json).not.toHaveProperty("data");
  expect(Attestors.data("google_kms_crypto_key_version").crypto_key).toBe(trustRoot.cryptoKeyId);
});

test("a policy in another stack than its attestor names it, and waits for its stack", () => {
  const { app, stacks } = stacksOf("Attestors", "Clusters");
  const attestor = attestorIn(stacks[0]);
  const policy = policyIn(stacks[1]);
  EnforcedCluster.fromClusterName(stacks[1], "Theirs", {
    clusterName: "theirs",
    location: "us-central1",
    policy,
    requiredAttestors: [attestor],
  });
  const { Clusters } = isolated(app);
  expect(waitsFor(stacks[1])).toEqual(["Attestors"]);
  const resource = Clusters.resource("google_binary_authorization_policy");
  expect(resource.cluster_admission_rules[0].require_attestations_by).toEqual([ATTESTOR]);
  expect(resource.depends_on).toEqual([`google_project_service.${PROJECT}_binaryauthorization`]);
});

test("a cluster in another stack than its policy waits for its stack", () => {
  const { app, stacks } = stacksOf("Policy", "Clusters");
  const policy = policyIn(stacks[0]);
  new EnforcedCluster(stacks[1], "Prod", {
    clusterName: "prod",
    location: "us-central1",
    policy,
    requiredAttestors: [attestorIn(stacks[0])],
  });
  const all = isolated(app);
  expect(waitsFor(stacks[1])).toEqual(["Policy"]);
  expect(all.Policy.resource("google_binary_authorization_policy").cluster_admission_rules).toHaveLength(1);
});

test("a pipeline in another stack: grants live where the resource is that they open", () => {
  const { app, stacks } = stacksOf("Attestors", "Pipelines");
  const attestor = attestorIn(stacks[0]);
  pipelineIn(stacks[1], { attestors: [attestor] });
  const { Attestors, Pipelines } = isolated(app);
  expect(Attestors.bindings().map((binding) => binding.split(" on ")[0])).toEqual([
    "roles/binaryauthorization.attestorsVerifier",
    "roles/cloudkms.publicKeyViewer",
    "roles/cloudkms.signer",
    "roles/containeranalysis.notes.attacher",
    "roles/containeranalysis.notes.occurrences.viewer",
    "roles/containeranalysis.occurrences.editor",
  ]);
  expect(Pipelines.bindings().map((binding) => binding.split(" on ")[0])).toEqual([
    "roles/artifactregistry.writer",
    "roles/logging.logWriter",
  ]);
  // The grants are for an identity of the pipeline's stack, which therefore has to exist first.
  expect(waitsFor(stacks[0])).toEqual(["Pipelines"]);
  expect(waitsFor(stacks[1])).toEqual([]);
});

test("a pipeline with a given identity makes no stack wait", () => {
  const { app, stacks } = stacksOf("Attestors", "Pipelines");
  pipelineIn(stacks[1], {
    attestors: [attestorIn(stacks[0])],
    serviceAccountEmail: `builder@${PROJECT}.iam.gserviceaccount.com`,
  });
  isolated(app);
  expect(waitsFor(stacks[0])).toEqual([]);
});

test("the whole chain, each part in a stack of its own", () => {
  const { app, stacks } = stacksOf("Keys", "Attestors", "Policy", "Clusters");
  const [keys, attestors, policies, clusters] = stacks;
  const attestor = attestorIn(attestors, { keys: [trustRootIn(keys)] });
  const policy = policyIn(policies);
  new EnforcedCluster(clusters, "Prod", {
    clusterName: "prod",
    location: "us-central1-a",
    policy,
    requiredAttestors: [attestor],
  });
  isolated(app);
  expect(waitsFor(attestors)).toEqual(["Keys"]);
  expect(waitsFor(policies)).toEqual(["Attestors"]);
  expect(waitsFor(clusters)).toEqual(["Policy"]);
});

describe("nodes that pull from a repository of another stack", () => {
  const pulled = (repositoryFirst: boolean): Record<string, string[]> => {
    const { app, stacks } = stacksOf("Images", "Clusters");
    const attestor = attestorIn(stacks[0]);
    const policy = policyIn(stacks[1]);
    const steps = [
      () => pipelineIn(stacks[0], { attestors: [attestor] }),
      () =>
        new EnforcedCluster(stacks[1], "Prod", {
          clusterName: "prod",
          location: "us-central1-a",
          policy,
          requiredAttestors: [attestor],
          imageRepositories: [REPOSITORY],
        }),
    ];
    for (const step of repositoryFirst ? steps : steps.reverse()) {
      step();
    }
    return Object.fromEntries(
      Object.entries(isolated(app)).map(([id, t]) => [
        id,
        t.addresses().filter((address) => address.includes("artifactregistry-reader")),
      ]),
    );
  };

  test("are possible where the repository is declared first", () => {
    expect(Object.values(pulled(true)).flat()).toHaveLength(1);
  });

  test("are possible where the cluster is declared first", () => {
    expect(Object.values(pulled(false)).flat()).toHaveLength(1);
  });

  test("have the grant in one and the same stack: it would be destroyed in one and made in the other", () => {
    expect(pulled(false)).toEqual(pulled(true));
  });
});

test("two attestors of one project in two stacks: each stack holds what the project has to grant, and restores it", () => {
  const { app, stacks } = stacksOf("One", "Two", "Pipelines");
  pipelineIn(stacks[2], {
    attestors: [
      attestorIn(stacks[0], { attestorName: "one", keys: [trustRootIn(stacks[0], { keyRingName: "one" })] }),
      attestorIn(stacks[1], { attestorName: "two", keys: [trustRootIn(stacks[1], { keyRingName: "two" })] }),
    ],
  });
  const bindings = Object.values(isolated(app)).flatMap((t) => t.bindings());
  // Destroying one of the stacks takes the binding away until the other is applied again: it fails closed. One owner
  // would have to be the pipeline, which may not administer the attestors' project.
  expect(bindings.filter((binding, index) => bindings.indexOf(binding) !== index)).toEqual([
    expect.stringContaining(`roles/containeranalysis.occurrences.editor on projects/${PROJECT} to`),
  ]);
});

test("two stacks that would have to wait for each other are refused, with what it is because of", () => {
  const { stacks } = stacksOf("One", "Two");
  const [one, two] = stacks;
  attestorIn(two, { attestorName: "two", keys: [trustRootIn(one, { keyRingName: "one" })] });
  const key = trustRootIn(two, { keyRingName: "two" }, "Second");
  expect(refusalOf(() => attestorIn(one, { attestorName: "one", keys: [key] }))).toEqual([
    '[STACK_CYCLE] One/Attestor: stack "One" would have to wait for stack "Two" because of Two/Second, which itself waits for "One"; allowed: move one of the two constructs into a stack of its own',
  ]);
});

test("a policy waits for the stack of an attestor that it names as data, whichever comes first", () => {
  for (const policyFirst of [true, false]) {
    const { app, stacks } = stacksOf("Attestors", "Clusters");
    const steps = [
      () =>
        policyIn(stacks[1], {
          clusterRules: [
            {
              cluster: "us-central1.theirs",
              evaluationMode: "REQUIRE_ATTESTATION",
              enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
              requireAttestationsBy: [ATTESTOR],
            },
          ],
        }),
      () => attestorIn(stacks[0], { keys: [PEM_KEY] }),
    ];
    for (const step of policyFirst ? steps : steps.reverse()) {
      step();
    }
    isolated(app);
    expect(waitsFor(stacks[1])).toEqual(["Attestors"]);
  }
});

test("one cloud resource has one owner in the whole app", () => {
  const { stacks } = stacksOf("One", "Two");
  policyIn(stacks[0]);
  expect(problemsOf(() => policyIn(stacks[1])).map((problem) => problem.code)).toEqual(["DUPLICATE_RESOURCE"]);
  attestorIn(stacks[0], { keys: [PEM_KEY] });
  expect(problemsOf(() => attestorIn(stacks[1], { keys: [PEM_KEY] })).map((problem) => problem.code)).toEqual([
    "DUPLICATE_RESOURCE",
  ]);
});
