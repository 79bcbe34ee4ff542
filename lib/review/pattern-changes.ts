import type { Policy } from "../trust";
import type { Facts } from "./facts";
import { shown } from "./facts";
import { repositoryPath } from "./names";
import { breadthOf, covers, uncovered } from "./pattern-language";
import type { ChangeContext, Severity } from "./types";

export interface PatternChange {
  readonly project: string;
  readonly policy: Policy;
  /** True where nobody knows what was exempt before. */
  readonly unseen: boolean;
  readonly added: readonly string[];
  readonly widened: readonly { readonly from: readonly string[]; readonly to: string }[];
  /** What is not exempt any more, and what narrower pattern took its place. */
  readonly removed: readonly { readonly from: string; readonly to: readonly string[] }[];
}

/** How the exempt images of each policy change, as languages: order, duplicates and other spellings make no difference. */
export function patternChanges({ after, before, resetProjects }: ChangeContext): PatternChange[] {
  return [...after.policies.values()]
    .filter(({ project }) => !resetProjects.has(project))
    .flatMap((policy) => {
      const was = before.policies.get(policy.project);
      const [old, next] = [was && patternsOf(was), patternsOf(policy)];
      if (next === undefined || (was !== undefined && old === undefined)) {
        return [];
      }
      const from = old ?? [];
      const grown = uncovered(next, from);
      const gone = uncovered(from, next);
      const replaced = (to: string) => from.filter((pattern) => !next.includes(pattern) && covers(to, pattern));
      return [
        {
          project: policy.project,
          policy,
          unseen: was === undefined,
          added: grown.filter((to) => replaced(to).length === 0),
          widened: grown.filter((to) => replaced(to).length > 0).map((to) => ({ from: replaced(to), to })),
          removed: gone.map((pattern) => ({
            from: pattern,
            to: next.filter((narrow) => !from.includes(narrow) && covers(pattern, narrow)),
          })),
        },
      ];
    });
}

/** The patterns that are known; undefined where the list, or one of them, is not. */
function patternsOf({ exemptImages }: Policy): string[] | undefined {
  if (exemptImages.state !== "known" || exemptImages.value.some(({ state }) => state !== "known")) {
    return undefined;
  }
  return [...new Set(exemptImages.value.map(shown))];
}

/** How much an exempt pattern weighs, and why: critical where people outside can push what it admits. */
export function patternWeight(facts: Facts, pattern: string): { readonly severity: Severity; readonly why?: string } {
  const breadth = breadthOf(pattern);
  if (pushedByEverybody(facts, pattern)) {
    return { severity: "critical", why: "Everybody can push there." };
  }
  switch (breadth) {
    case "shared-registry":
      return {
        severity: "critical",
        why: "Others have a part of that registry, and can push what the pattern admits.",
      };
    case "whole-registry":
      return { severity: "critical", why: "It is all of a registry." };
    case "system-images":
      return { severity: "low", why: "They are images that Google or Kubernetes publish for clusters." };
    case "owned":
      return { severity: "high" };
  }
}

function pushedByEverybody(facts: Facts, pattern: string): boolean {
  return facts.model.powers.some(({ kind, on, principal }) => {
    const repository = kind === "push" ? repositoryPath(shown(on)) : undefined;
    const everybody = /^all(?:Authenticated)?Users$/.test(shown(principal));
    return repository !== undefined && everybody && admitsOf(pattern, repository);
  });
}

/** Whether a pattern exempts some image of a repository, or of a whole project's repositories. */
export function admitsOf(pattern: string, path: string): boolean {
  const stem = pattern.replace(/\*{0,2}$/, "");
  return (
    covers(pattern, `${path}/**`) || stem.startsWith(`${path}/`) || (stem !== pattern && `${path}/`.startsWith(stem))
  );
}

export function patternTarget({ policy, project }: Pick<PatternChange, "policy" | "project">) {
  const { address } = policy.origin;
  return { ...(address !== undefined && { address }), target: `projects/${project}/policy` };
}

/** Two sentences, or one. */
export function sentence(first: string, second: string | undefined): string {
  return second === undefined ? first : `${first} ${second}`;
}
