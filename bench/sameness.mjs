// Two programs may be compared where they synthesize the same Terraform JSON: parsed, without CDKTF's metadata, its
// version, and the path of the local backend.

/** Throws where two stacks differ, and says where. */
export function assertSame(what, ours, theirs) {
  const differences = [];
  compare("", canonical(ours), canonical(theirs), differences);
  if (differences.length > 0) {
    const shown = differences.slice(0, 20).join("\n  ");
    throw new Error(`${what}: the two programs do not synthesize the same, so their times say nothing:\n  ${shown}`);
  }
}

function canonical(value, key = "") {
  if (Array.isArray(value)) {
    const items = value.map((item) => canonical(item));
    // A set, for Terraform.
    return key === "depends_on" ? items.sort() : items;
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const entries = Object.entries(value).filter(([name]) => name !== "//" && name !== "backend");
  return Object.fromEntries(entries.map(([name, child]) => [name, canonical(child, name)]));
}

function compare(path, ours, theirs, differences) {
  if (typeof ours !== "object" || typeof theirs !== "object" || ours === null || theirs === null) {
    if (ours !== theirs) {
      differences.push(`${path}: ${show(ours)} with the library, ${show(theirs)} by hand`);
    }
    return;
  }
  for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    compare(path ? `${path}.${key}` : key, ours[key], theirs[key], differences);
  }
}

function show(value) {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
