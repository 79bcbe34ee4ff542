import type { Drift } from "../trust";
import { showEffective } from "./effective";
import { type Facts, factsOf } from "./facts";
import type { ChangeContext, Found } from "./types";

/** Changes that were made outside of Terraform, by what they come to; those that come to nothing are left out. */
export function driftOf({ plans }: ChangeContext): Found[] {
  return plans.flatMap(({ drift, source }) => (drift === undefined ? [] : drifted(drift, source)));
}

function drifted({ after, before, changes }: Drift, source: string): Found[] {
  const [old, next] = [factsOf(before), factsOf(after)];
  return changes
    .filter(({ mode }) => mode === "managed")
    .flatMap(({ actions, address }): Found[] => {
      // Of what moves in the same plan, both sides stand at its new address.
      const [was, now] = [about(old, address), about(next, address)];
      if (was === now) {
        return [];
      }
      return [
        {
          address,
          source,
          target: targetOf(next, address) ?? targetOf(old, address) ?? address,
          message: actions.includes("delete")
            ? "It was deleted outside of Terraform."
            : "It was changed outside of Terraform since it looked last.",
          before: cut(was),
          after: cut(now),
        },
      ];
    });
}

/** What a model says of one address, in words where there are some. */
function about(facts: Facts, address: string): string {
  const policy = facts.model.policies.find(({ origin }) => origin.address === address);
  if (policy !== undefined) {
    const targets = [...facts.targets.values()].filter((target) => target.target.project === policy.project);
    const rules = targets.map(({ effective, name }) => `${name}: ${showEffective(effective)}`).sort();
    const exempt =
      policy.exemptImages.state === "known"
        ? policy.exemptImages.value.map((entry) => (entry.state === "known" ? entry.value : "?")).sort()
        : ["?"];
    return [...rules, `exempt: ${exempt.join(", ") || "none"}`].join("; ");
  }
  const found = Object.values(facts.model).flatMap((collection) =>
    Array.isArray(collection)
      ? collection.filter((item: { origin?: { address?: string } }) => item.origin?.address === address)
      : [],
  );
  return found.length === 0 ? "none" : JSON.stringify(found.map(({ origin: _, ...rest }: { origin: unknown }) => rest));
}

function targetOf(facts: Facts, address: string): string | undefined {
  const policy = facts.model.policies.find(({ origin }) => origin.address === address);
  const named = [...facts.model.attestors, ...facts.model.notes].find(({ origin }) => origin.address === address);
  return policy === undefined ? named?.name : `projects/${policy.project}/policy`;
}

function cut(text: string): string {
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}
