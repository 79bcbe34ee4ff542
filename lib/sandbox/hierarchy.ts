import { lookup, type State } from "./state";

/**
 * What holds a project or a folder, nearest first: folders, then the organization. Bindings on them count for everything
 * below. Source: https://docs.cloud.google.com/iam/docs/resource-hierarchy-access-control
 */
export function ancestors(state: State, name: string): string[] {
  const found: string[] = [];
  for (let parent = lookup(state.parents, name); parent !== undefined; parent = lookup(state.parents, parent)) {
    if (found.includes(parent)) {
      break;
    }
    found.push(parent);
  }
  return found;
}

/**
 * Whether a principal is in a group: by itself, or in a group that is in it.
 * @param group its address
 */
export function inGroup(state: State, principal: string, group: string, seen: readonly string[] = []): boolean {
  const address = group.toLowerCase();
  const members = seen.includes(address) ? [] : (lookup(state.groups, address) ?? []);
  return members.some(
    (member) =>
      member.toLowerCase() === principal.toLowerCase() ||
      (member.startsWith("group:") && inGroup(state, principal, member.slice("group:".length), [...seen, address])),
  );
}
