import { type TerraformProvider, TerraformStack, Token } from "cdktf";
import type { IConstruct } from "constructs";
import { ProblemCode } from "../../vocabulary/problem";
import { PROJECT_ID } from "../../vocabulary/resource-name";
import type { Refusals } from "./refusals";

/** What every construct of the library can be told about where it lives. */
export interface Placement {
  readonly project?: string;
  readonly provider?: TerraformProvider;
}

/** The project of a signing key: `projects/P/locations/…`. */
export function projectOfKey({ cryptoKeyId }: { readonly cryptoKeyId: string }): string {
  return cryptoKeyId.split("/")[1];
}

const found = new WeakMap<TerraformStack, string>();

/**
 * The literal project of a construct: the one given, else that of the provider handed over, else that of the stack's
 * google provider. Empty after a refusal.
 */
export function resolveProject(refusals: Refusals, scope: IConstruct, placement: Placement): string {
  const project = placement.project ?? projectOfProvider(scope, placement.provider);
  if (project === undefined) {
    refusals.add(
      ProblemCode.MISSING_PROJECT,
      'the project is not known, got neither a "project" nor a google provider with a literal project; allowed: give the construct a "project", or give the stack\'s GoogleProvider one (before the construct is created)',
    );
    return "";
  }
  return refusals.name("project", project, PROJECT_ID, ProblemCode.INVALID_PROJECT) ? project : "";
}

function projectOfProvider(scope: IConstruct, provider: TerraformProvider | undefined): string | undefined {
  if (provider) {
    return literalProject(provider);
  }
  const stack = TerraformStack.of(scope);
  let project = found.get(stack);
  if (project === undefined) {
    const main = stack
      .allProviders()
      .find((candidate) => candidate.terraformResourceType === "google" && candidate.alias === undefined);
    project = main && literalProject(main);
    if (project !== undefined) {
      found.set(stack, project);
    }
  }
  return project;
}

function literalProject(provider: TerraformProvider): string | undefined {
  const project = (provider as TerraformProvider & { readonly project?: string }).project;
  return project === undefined || Token.isUnresolved(project) ? undefined : project;
}
