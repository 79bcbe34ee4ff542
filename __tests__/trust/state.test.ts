// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Terraform writes them

import { readState } from "../../lib/trust/state";
import { plain, planJson, readError, schemaViolations } from "./support";

const shown = () => planJson("02").prior_state;

/** The same state as backends keep it. */
function stored() {
  const resources = shown().values.root_module.resources.map(
    ({ mode, type, name, values }: Record<string, unknown>) => ({
      module: "module.trust",
      mode,
      type,
      name,
      provider: 'provider["registry.terraform.io/hashicorp/google"]',
      instances: [
        { index_key: "a.b", attributes: values },
        { deposed: "abcd1234", attributes: values },
      ],
    }),
  );
  return { version: 4, terraform_version: "1.11.4", serial: 1, lineage: "x", outputs: {}, resources };
}

test("both forms of a state say the same", () => {
  const model = readState("state.json", shown());
  expect(schemaViolations(model)).toEqual([]);
  expect(plain(model.attestors)).toMatchObject([
    { name: "projects/sec-proj/attestors/build", origin: { address: "google_binary_authorization_attestor.a" } },
  ]);
  expect(model.policies).toHaveLength(1);
  expect(model.keyVersions).toHaveLength(1);
  expect(model.powers).toHaveLength(1);

  const raw = readState("state.json", stored());
  expect(raw.attestors[0].origin.address).toBe('module.trust.google_binary_authorization_attestor.a["a.b"]');
  const bare = (value: object) =>
    JSON.parse(JSON.stringify(value), (key, field) =>
      key === "origin" || String(field).startsWith("${") ? "elsewhere" : field,
    );
  expect(bare(raw)).toEqual(bare(model));
});

test("child modules are read", () => {
  const state = shown();
  state.values.root_module = { child_modules: [{ child_modules: [state.values.root_module] }] };
  expect(readState("state.json", state).policies).toHaveLength(1);
});

test("objects that are only there to be deleted are not", () => {
  const state = shown();
  for (const resource of state.values.root_module.resources) {
    resource.deposed_key = "abcd1234";
  }
  expect(readState("state.json", state).policies).toEqual([]);
});

test("text of a state is no template", () => {
  const state = shown();
  const policy = state.values.root_module.resources.find(
    ({ type }: { type: string }) => type === "google_binary_authorization_policy",
  );
  policy.values.admission_whitelist_patterns = [{ name_pattern: "${local.x}" }];
  expect(readState("state.json", state).policies[0].exemptImages).toEqual({
    state: "known",
    value: [{ state: "known", value: "${local.x}" }],
  });
});

// biome-ignore lint/suspicious/noExplicitAny: wrong on purpose
test.each<[string, any, string]>([
  [
    "no object",
    [],
    "state.json: is no state, got a list of 0; allowed: what terraform show -json prints of a state, or a state file of version 4",
  ],
  [
    "an empty state",
    { format_version: "1.0" },
    "state.json: is no state; allowed: what terraform show -json prints of a state, or a state file of version 4",
  ],
  [
    "a newer format",
    { format_version: "3.0", values: {} },
    'state.json: "format_version" is not valid, got "3.0"; allowed: 1.x, which Terraform writes since 1.1',
  ],
  [
    "an old version",
    { version: 3, resources: [] },
    'state.json: "version" of the state is not valid, got 3; allowed: 4, which Terraform writes since 0.12',
  ],
  [
    "no resources",
    { version: 4 },
    "state.json: is no state; allowed: what terraform show -json prints of a state, or a state file of version 4",
  ],
  [
    "a resource of the wrong type",
    { version: 4, resources: [1] },
    "state.json: a resource is not valid, got 1; allowed: an object",
  ],
  [
    "instances that are no list",
    {
      version: 4,
      resources: [{ mode: "managed", type: "google_container_cluster", name: "c", instances: {} }],
    },
    'state.json: "instances" is not valid, got an object with no fields; allowed: a list',
  ],
  [
    "an instance without attributes",
    {
      version: 4,
      resources: [{ mode: "managed", type: "google_container_cluster", name: "c", instances: [{}] }],
    },
    "state.json, google_container_cluster.c: has no attributes; allowed: an object",
  ],
])("what is no state that can be understood: %s", (_, json, message) => {
  expect(readError(() => readState("state.json", json))).toBe(message);
});
