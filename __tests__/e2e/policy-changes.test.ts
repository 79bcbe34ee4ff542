import { Construct } from "constructs";
import {
  AdmissionPolicy,
  Attestor,
  AttestorKey,
  DefaultRule,
  ExistingPolicy,
  type IAttestor,
  SigningAlgorithm,
} from "../../lib";
import { type Sandbox, startSandbox } from "../../lib/sandbox";
import { testKey } from "../../lib/testing/test-keys";
import { describeIfTerraform } from "../support/terraform";
import {
  attestorId,
  changed,
  type Declared,
  type DeclaredRule,
  declaredPolicy,
  moveOf,
  normalized,
  policiesPut,
  START,
  type Step,
  sequences,
  stored,
} from "./policy-changes";
import { moreOpenThanBoth } from "./policy-openness";
import { Deployment, type StackJson, synthesizeStack } from "./support";

const ALGORITHM = SigningAlgorithm.EC_SIGN_P256_SHA256;
const PEM = testKey(ALGORITHM, "policy-changes").publicKeyPem;
const APIS = { enableApis: false };

/** What else may be asked of the program. */
interface Variant {
  /** Everything in it is released. */
  readonly released?: boolean;
  /** An attestor that is required in another project than the declared one, under its short name. */
  readonly moved?: { readonly name: string; readonly to: string };
}

/** The program that declares a policy, through the constructs. */
function program(declared: Declared, { released, moved }: Variant = {}): StackJson {
  return synthesizeStack((stack) => {
    let scope: Construct = stack;
    for (let depth = 0; depth < declared.depth; depth++) {
      scope = new Construct(scope, `Wrapper${depth}`);
    }
    const id = (name: string) => `${name}${declared.renamed}`;
    const own: Attestor[] = [];
    const attestors = new Map<string, IAttestor>();
    for (const { name, managed, adopted } of declared.attestors) {
      if (name === moved?.name || !managed) {
        const fullName = name === moved?.name ? moved.to : attestorId(declared, name);
        attestors.set(name, Attestor.fromAttestorName(scope, id(name), fullName));
      } else {
        const key = AttestorKey.fromPem({ publicKeyPem: PEM, algorithm: ALGORITHM });
        const attestor = new Attestor(scope, id(name), {
          attestorName: name,
          keys: [key],
          adopt: adopted,
          deletionProtection: false,
          ...APIS,
        });
        own.push(attestor);
        attestors.set(name, attestor);
      }
    }
    const attestor = (name: string) => attestors.get(name) as IAttestor;
    const policy = new AdmissionPolicy(scope, id("Policy"), {
      existing: ExistingPolicy.ADOPT,
      exemptImages: [...declared.exemptImages],
      defaultRule: defaultRule(declared.defaultRule, attestor),
      ...APIS,
    });
    for (const [cluster, rule] of Object.entries(declared.clusters)) {
      const [location, clusterName] = cluster.split(".");
      const requiredAttestors = rule.attestors.map(attestor);
      policy.addClusterRule({ location, clusterName, requiredAttestors, dryRun: rule.dryRun });
    }
    for (const construct of released ? [policy, ...own] : []) {
      construct.release();
    }
  });
}

function defaultRule({ attestors, dryRun }: DeclaredRule, attestor: (name: string) => IAttestor): DefaultRule {
  return attestors.length === 0
    ? DefaultRule.alwaysDeny({ dryRun })
    : DefaultRule.requireAttestation(attestor(attestors[0]), { dryRun });
}

/** Makes one change with terraform, in the stack it is in or by moving to a new one; returns the stack that has it then. */
async function make(google: Sandbox, stack: Deployment, step: Step, before: Declared): Promise<Deployment> {
  const after = changed(before, step);
  if (step.kind === "move an attestor to another project") {
    const moved = moveOf(before, step);
    const refusal = await stack.refused(program(before, { moved }));
    expect(refusal).toContain(`would go on trusting ${moved.from}, which the program does not require`);
    return stack;
  }
  if (step.kind !== "move to another stack") {
    await stack.settle(program(after));
    return stack;
  }
  const next = Deployment.against(google);
  const release = () => stack.settle(program(before, { released: true }));
  const adopt = () => next.settle(program(after));
  for (const half of step.choice % 2 === 0 ? [release, adopt] : [adopt, release]) {
    await half();
  }
  stack.remove();
  return next;
}

describeIfTerraform("the policy is always what was declared", () => {
  it.each(sequences().map((steps, index) => [index + 1, steps] as const))(
    "sequence %i",
    async (_, steps) => {
      const google = await startSandbox();
      let stack = Deployment.against(google);
      let declared = START;
      try {
        await stack.settle(program(declared));
        expect(normalized(stored(google))).toEqual(declaredPolicy(declared));
        for (const step of steps) {
          const before = stored(google);
          const seen = google.requests.length;
          stack = await make(google, stack, step, declared);
          declared = changed(declared, step);

          expect({ step, policy: normalized(stored(google)) }).toEqual({ step, policy: declaredPolicy(declared) });
          const open = policiesPut(google, seen).flatMap((policy) => moreOpenThanBoth(policy, before, stored(google)));
          expect({ step, open }).toEqual({ step, open: [] });
        }
        expect(google.unknownRoutes).toEqual([]);
      } finally {
        stack.remove();
        await google.close();
      }
    },
    600_000,
  );
});
