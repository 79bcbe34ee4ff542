import type { Facts } from "../review/facts";
import { Builder } from "./graph/builder";
import { addIdentities } from "./graph/identities";
import { addKeysAndAttestors } from "./graph/keys";
import { addPolicies } from "./graph/policies";
import { addTargets } from "./graph/targets";
import type { Graph } from "./types";

/** What one model comes to, as nodes and edges; nothing is put together yet. */
export function graphOf(facts: Facts, allGrants: boolean): Graph {
  const builder = new Builder(new Set([...facts.targets.values()].map(({ target }) => target.project)).size > 1);
  addKeysAndAttestors(builder, facts);
  addPolicies(builder, facts);
  addTargets(builder, facts);
  addIdentities(builder, facts, allGrants);
  return builder.graph();
}
