import type { TrustModel } from "../model";
import { ConflictError } from "../read-error";
import { assemble } from "./assemble";
import { type Attribute, type AttributeMap, NotKnown } from "./attribute";
import type { ReadChange } from "./plan-facts";
import type { Resource } from "./resource";
import { projectOf } from "./resource";

const POLICY = "google_binary_authorization_policy";

interface Settled {
  readonly model: TrustModel;
  readonly contested: readonly {
    readonly project: string;
    readonly addresses: readonly string[];
    readonly written: readonly string[];
  }[];
}

/**
 * The model of resources among which several may be policies of one project. Terraform writes each of them over the
 * other: where this apply writes one only, that one holds; else which one does is not known.
 */
export function settlePolicies(resources: readonly Resource[], changes: readonly ReadChange[] = []): Settled {
  const byProject = new Map<string, Resource[]>();
  for (const resource of resources.filter(({ mode, type }) => type === POLICY && mode === "managed")) {
    const project = projectOf(resource);
    if (project.state === "known") {
      byProject.set(project.value, [...(byProject.get(project.value) ?? []), resource]);
    }
  }
  const several = [...byProject].filter(([, policies]) => policies.length > 1);
  if (several.length === 0) {
    return { model: assemble(resources), contested: [] };
  }
  const others = resources.filter((resource) => !several.some(([, policies]) => policies.includes(resource)));
  const settled = several.map(([project, policies]) => {
    const written = policies.filter(({ address }) =>
      changes.some(
        (change) =>
          change.address === address && change.actions.some((action) => action === "create" || action === "update"),
      ),
    );
    return { project, policies, written };
  });
  return {
    model: assemble([...others, ...settled.map(({ policies, written }) => heldBy(policies, written))]),
    contested: settled.map(({ policies, project, written }) => ({
      project,
      addresses: policies.map(({ address }) => address),
      written: written.map(({ address }) => address),
    })),
  };
}

function heldBy(policies: readonly Resource[], written: readonly Resource[]): Resource {
  if (written.length === 1) {
    return written[0];
  }
  try {
    assemble(policies);
    return policies[0];
  } catch (error) {
    if (!(error instanceof ConflictError)) {
      throw error;
    }
    return unknownPolicy(policies[0]);
  }
}

function unknownPolicy(resource: Resource): Resource {
  const open = (name: string): [string, Attribute] => [
    name,
    new NotKnown({ state: "hidden", reference: `\${${resource.address}.${name}}` }),
  ];
  const project = resource.block.raw("project") ?? null;
  const names = ["admission_whitelist_patterns", "cluster_admission_rules", "default_admission_rule"];
  const attributes = Object.fromEntries([
    ...[...names, "global_policy_evaluation_mode"].map(open),
    ["project", project],
  ]) as AttributeMap;
  return { ...resource, block: resource.block.replaced(attributes) };
}
