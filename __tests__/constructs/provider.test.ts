import { GoogleProvider } from "@cdktf/provider-google/lib/provider";
import type { TerraformProvider, TerraformStack } from "cdktf";
import { EnforcedCluster, SigningAlgorithm, TrustRoot } from "../../lib";
import {
  attestorIn,
  KEY,
  MEMBER,
  PROJECT,
  pipelineIn,
  policyIn,
  REPOSITORY,
  testStack,
  trustRootIn,
} from "../support/synth";
import { type Template, template } from "../support/template";

const OTHER = "other-project";

/** What was written through the provider with an alias, and what was not. */
function written(build: (stack: TerraformStack, provider: TerraformProvider) => void): Template {
  const stack = testStack();
  build(stack, new GoogleProvider(stack, "Other", { project: OTHER, alias: "other" }));
  return template(stack);
}

const without = (t: Template): string[] =>
  [...t.allResources, ...Object.entries(t.json.data ?? {}).flatMap(([type, data]) => dataOf(type, data as object))]
    .filter(([, resource]) => resource.provider !== "google.other")
    .map(([address]) => address);

const dataOf = (type: string, data: object) =>
  Object.entries(data).map(([id, body]): [string, { provider?: string }] => [`data.${type}.${id}`, body]);

describe("a provider with an alias writes everything that belongs to the construct it is handed to", () => {
  test("trust root, its public key and grants", () => {
    const t = written((stack, provider) => {
      const trustRoot = trustRootIn(stack, { provider });
      trustRoot.grants.sign(MEMBER);
      attestorIn(stack, { keys: [trustRoot], provider });
    });
    expect(without(t)).toEqual([]);
    expect(t.resource("google_kms_key_ring").project).toBe(OTHER);
    expect(t.json.data.google_kms_crypto_key_version).toBeDefined();
  });

  test("trust root that is managed elsewhere", () => {
    const t = written((stack, provider) => {
      const trustRoot = TrustRoot.fromKeyVersions(stack, "Imported", {
        signing: { name: `${KEY}/cryptoKeyVersions/1`, algorithm: SigningAlgorithm.EC_SIGN_P256_SHA256 },
        provider,
      });
      trustRoot.grants.sign(MEMBER);
      attestorIn(stack, { keys: [trustRoot], provider });
    });
    expect(without(t)).toEqual([]);
  });

  test("attestor and grants", () => {
    const t = written((stack, provider) => {
      const attestor = attestorIn(stack, { keys: [trustRootIn(stack, { provider })], provider });
      attestor.grants.attest(MEMBER, { createOnly: true });
      attestor.grants.verify({ project: PROJECT, projectNumber: "123456789012" });
    });
    expect(without(t)).toEqual([]);
    expect(t.resource("google_binary_authorization_attestor").project).toBe(OTHER);
  });

  test("policy", () => {
    const t = written((stack, provider) => policyIn(stack, { provider }));
    expect(without(t)).toEqual([]);
    expect(t.resource("google_binary_authorization_policy").project).toBe(OTHER);
  });

  test("cluster, nodes and their identity", () => {
    for (const location of ["us-central1", "us-central1-a"]) {
      const t = written((stack, provider) => {
        const attestor = attestorIn(stack, { keys: [trustRootIn(stack, { provider })], provider });
        new EnforcedCluster(stack, "Prod", {
          clusterName: "prod",
          location,
          policy: policyIn(stack, { provider }),
          requiredAttestors: [attestor],
          imageRepositories: [REPOSITORY],
          provider,
        });
      });
      expect(without(t)).toEqual([]);
      expect(t.resource("google_container_cluster").project).toBe(OTHER);
    }
  });

  test("check of a cluster", () => {
    const checked = (requireEnforcement: boolean) =>
      written((stack, provider) => {
        EnforcedCluster.fromClusterName(stack, "Theirs", {
          clusterName: "theirs",
          location: "us-central1",
          policy: policyIn(stack, { provider }),
          requiredAttestors: [attestorIn(stack, { keys: [trustRootIn(stack, { provider })], provider })],
          requireEnforcement,
          provider,
        });
      });
    const id = `${OTHER}_us-central1_theirs`;
    expect(checked(false).checks[id].data.google_container_cluster[id].provider).toBe("google.other");
    expect(without(checked(true))).toEqual([]);
  });

  test("pipeline, its identity and repository", () => {
    const t = written((stack, provider) => {
      const attestor = attestorIn(stack, { keys: [trustRootIn(stack, { provider })], provider });
      pipelineIn(stack, { attestors: [attestor], provider });
    });
    expect(without(t)).toEqual([]);
    expect(t.resource("google_cloudbuild_trigger").project).toBe(OTHER);
  });
});

test("without one everything goes through the default provider of the stack", () => {
  const t = written((stack) => pipelineIn(stack));
  expect(t.allResources.filter(([, resource]) => "provider" in resource)).toEqual([]);
});

test("a project that is given counts before that of the provider", () => {
  const t = written((stack, provider) => trustRootIn(stack, { provider, project: "third-project" }));
  expect(t.resource("google_kms_key_ring").project).toBe("third-project");
});
