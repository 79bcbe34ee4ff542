import { Environment } from "@marcbachmann/cel-js";
import { OrganizationPolicies, type OrganizationPoliciesProps } from "../../lib";
import { PROJECT, problemsOf, refusalOf, testStack } from "../support/synth";
import { type Json, type Template, template, warnings } from "../support/template";

const POLICY = "google_org_policy_policy";
const CUSTOM = "google_org_policy_custom_constraint";
const ORGANIZATION = "organizations/123456789012";

function stackWith(props?: OrganizationPoliciesProps) {
  const stack = testStack();
  new OrganizationPolicies(stack, "Policies", props);
  return stack;
}
const synth = (props?: OrganizationPoliciesProps): Template => template(stackWith(props));

/** What each policy says, by constraint. */
function policies(t: Template): Record<string, Json> {
  return Object.fromEntries(
    Object.values<Json>(t.resources(POLICY)).map(({ name, spec, dry_run_spec }) => [
      name.split("/policies/")[1],
      spec === undefined ? { dryRun: dry_run_spec.rules } : spec.rules,
    ]),
  );
}

const ENFORCED = [{ enforce: "TRUE" }];
const allowed = (...values: string[]) => [{ values: { allowed_values: values } }];
const DEFAULTS = {
  "container.managed.enableBinaryAuthorization": ENFORCED,
  "run.allowedBinaryAuthorizationPolicies": allowed("default"),
  "iam.managed.disableServiceAccountKeyCreation": ENFORCED,
  "iam.managed.disableServiceAccountKeyUpload": ENFORCED,
};

describe("the policies", () => {
  test("hold for the provider's project, and force what is no matter of taste", () => {
    const t = synth();
    expect(policies(t)).toEqual(DEFAULTS);
    for (const { name, parent } of Object.values<Json>(t.resources(POLICY))) {
      expect(parent).toBe(`projects/${PROJECT}`);
      expect(name.startsWith(`${parent}/policies/`)).toBe(true);
    }
  });

  test.each<[OrganizationPoliciesProps, Record<string, Json>]>([
    [{ hsmKeysOnly: true }, { "cloudkms.allowedProtectionLevels": allowed("is:HSM") }],
    [{ minimumDestroyDelayDays: 30 }, { "cloudkms.minimumDestroyScheduledDuration": allowed("in:30d") }],
    [{ disableBeforeDestroy: true }, { "cloudkms.disableBeforeDestroy": ENFORCED }],
    [
      { allowedIdentityProviders: ["https://token.actions.githubusercontent.com"] },
      { "iam.workloadIdentityPoolProviders": allowed("https://token.actions.githubusercontent.com") },
    ],
    [
      { cloudRunPolicies: ["default", "projects/p/platforms/cloudRun/policies/strict"] },
      {
        "run.allowedBinaryAuthorizationPolicies": allowed("default", "projects/p/platforms/cloudRun/policies/strict"),
      },
    ],
  ])("of %j are there on top", (props, added) => {
    expect(policies(synth(props))).toEqual({ ...DEFAULTS, ...added });
  });

  test.each<[OrganizationPoliciesProps, RegExp]>([
    [{ clusters: false }, /^container/],
    [{ cloudRun: false }, /^run/],
    [{ noServiceAccountKeys: false }, /^iam/],
  ])("of %j are gone", (props, gone) => {
    const rest = Object.keys(DEFAULTS).filter((name) => !gone.test(name));
    expect(Object.keys(policies(synth(props))).sort()).toEqual(rest.sort());
  });

  test.each(["folders/42", ORGANIZATION, "projects/other-project"])("hold for %s", (parent) => {
    for (const policy of Object.values<Json>(synth({ parent }).resources(POLICY))) {
      expect(policy.parent).toBe(parent);
    }
  });

  test("in dry run only log, where the API can; a warning names the others", () => {
    const stack = stackWith({ dryRun: true, hsmKeysOnly: true, organization: ORGANIZATION });
    const found = policies(template(stack));
    expect(Object.keys(found).sort()).toEqual([
      "container.managed.enableBinaryAuthorization",
      "custom.binauthzClusterEnforces",
      "custom.binauthzRunJob",
      "custom.binauthzRunService",
      "iam.managed.disableServiceAccountKeyCreation",
      "iam.managed.disableServiceAccountKeyUpload",
    ]);
    for (const rules of Object.values(found)) {
      expect(rules).toEqual({ dryRun: ENFORCED });
    }
    expect(warnings(stack)).toEqual([
      "Stack/Policies: [INVALID_OPTIONS] the dry run leaves out run.allowedBinaryAuthorizationPolicies, cloudkms.allowedProtectionLevels: the API has no dry run for legacy constraints, and nothing logs what they would refuse",
    ]);
  });

  test("snapshot", () => {
    const t = synth({ organization: ORGANIZATION, cloudRunBreakGlass: false });
    expect(t.allResources).toMatchSnapshot();
  });
});

/** Whether a resource may be made: what the constraint does where its condition is true. */
function admits(constraint: Json, resource: Json): boolean {
  const environment = new Environment().registerVariable("resource", "dyn");
  const holds = environment.evaluate(constraint.condition, { resource });
  expect(typeof holds).toBe("boolean");
  return constraint.action_type === "ALLOW" ? holds : !holds;
}

describe("the custom constraints", () => {
  const t = synth({ organization: ORGANIZATION, cloudRunBreakGlass: false });
  const byName = Object.fromEntries(Object.values<Json>(t.resources(CUSTOM)).map((one) => [one.name, one]));
  const cluster = (evaluationMode: string) => ({ binaryAuthorization: { evaluationMode } });
  const run = (annotations: Record<string, string>) => ({ metadata: { annotations } });
  const ON = { "run.googleapis.com/binary-authorization": "default" };
  const GLASS = { "run.googleapis.com/binary-authorization-breakglass": "incident 7" };

  test.each<[constraint: string, resource: Json, admitted: boolean]>([
    ["custom.binauthzClusterEnforces", cluster("PROJECT_SINGLETON_POLICY_ENFORCE"), true],
    ["custom.binauthzClusterEnforces", cluster("POLICY_BINDINGS_AND_PROJECT_SINGLETON_POLICY_ENFORCE"), true],
    ["custom.binauthzClusterEnforces", cluster("POLICY_BINDINGS"), false],
    ["custom.binauthzClusterEnforces", cluster("DISABLED"), false],
    ["custom.binauthzClusterEnforces", cluster("EVALUATION_MODE_UNSPECIFIED"), false],
    ["custom.binauthzClusterEnforces", cluster(""), false],
    ...["Service", "Job"].flatMap((kind): [string, Json, boolean][] => [
      [`custom.binauthzRun${kind}`, run(ON), true],
      [`custom.binauthzRun${kind}`, run({ ...ON, ...GLASS }), true],
      [`custom.binauthzRun${kind}`, run({}), false],
      [`custom.binauthzRun${kind}`, run({ owner: "web" }), false],
      [`custom.binauthzRun${kind}`, run(GLASS), false],
      [`custom.binauthzRun${kind}NoBreakglass`, run(ON), true],
      [`custom.binauthzRun${kind}NoBreakglass`, run({}), true],
      [`custom.binauthzRun${kind}NoBreakglass`, run({ ...ON, ...GLASS }), false],
    ]),
  ])("%s, %j: admitted %s", (name, resource, admitted) => {
    expect(admits(byName[name], resource)).toBe(admitted);
  });

  test("are all judged above", () => {
    expect(Object.keys(byName).sort()).toEqual([
      "custom.binauthzClusterEnforces",
      "custom.binauthzRunJob",
      "custom.binauthzRunJobNoBreakglass",
      "custom.binauthzRunService",
      "custom.binauthzRunServiceNoBreakglass",
    ]);
  });

  test("are defined in the organization, for making and changing, and enforced after that", () => {
    for (const [name, constraint] of Object.entries<Json>(byName)) {
      expect(constraint).toMatchObject({ parent: ORGANIZATION, method_types: ["CREATE", "UPDATE"] });
      expect(constraint.resource_types).toHaveLength(1);
      const policy = Object.values<Json>(t.resources(POLICY)).find((one) => one.name.endsWith(`/${name}`));
      expect(policy.depends_on).toEqual([expect.stringMatching(new RegExp(`^${CUSTOM}\\.`))]);
    }
    expect(t.danglingDependencies()).toEqual([]);
  });

  test("are not there without an organization", () => {
    expect(synth().resources(CUSTOM)).toEqual({});
  });
});

test.each<[string, OrganizationPoliciesProps, string[]]>([
  [
    "no parent",
    { parent: "my-secure-project" },
    [
      `[INVALID_OPTIONS] "parent" is not valid, got "my-secure-project"; allowed: projects/PROJECT, folders/NUMBER or organizations/NUMBER`,
    ],
  ],
  [
    "an organization by its domain",
    { organization: "example.com" },
    [`[INVALID_OPTIONS] "organization" is not valid, got "example.com"; allowed: organizations/NUMBER`],
  ],
  [
    "a custom constraint without an organization",
    { cloudRunBreakGlass: false },
    [
      `[INVALID_OPTIONS] "cloudRunBreakGlass" is a custom constraint, got no "organization" to define it in; allowed: "organization" as organizations/NUMBER`,
    ],
  ],
  [
    "a delay that the constraint does not know",
    { minimumDestroyDelayDays: 31 },
    [
      `[INVALID_OPTIONS] "minimumDestroyDelayDays" is none that the constraint knows, got 31; allowed: 1, 7, 15, 30, 60, 90, 120`,
    ],
  ],
  [
    "empty lists",
    { cloudRunPolicies: [], allowedIdentityProviders: [] },
    [
      `[INVALID_OPTIONS] "cloudRunPolicies" is empty, got []; allowed: at least one`,
      `[INVALID_OPTIONS] "allowedIdentityProviders" is empty, got []; allowed: at least one`,
    ],
  ],
  [
    "values of the wrong form",
    { cloudRunPolicies: ["strict"], allowedIdentityProviders: ["http://issuer.example.com"] },
    [
      `[INVALID_OPTIONS] "cloudRunPolicies[0]" is not valid, got "strict"; allowed: default, or projects/PROJECT/platforms/cloudRun/policies/NAME`,
      `[INVALID_OPTIONS] "allowedIdentityProviders[0]" is not valid, got "http://issuer.example.com"; allowed: an issuer that begins with https://`,
    ],
  ],
])("refused: %s", (_, props, said) => {
  expect(problemsOf(() => synth(props)).map(({ code, message }) => `[${code}] ${message}`)).toEqual(said);
});

test("refused: the same policy twice", () => {
  const stack = stackWith();
  expect(refusalOf(() => new OrganizationPolicies(stack, "Again"))).toEqual([
    `[DUPLICATE_RESOURCE] Stack/Again: the organization policy "projects/${PROJECT}/policies/container.managed.enableBinaryAuthorization" is declared twice, first at Stack/Policies; allowed: one construct for it in the app`,
  ]);
});
