import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./programs.mjs";

// Plans of as many clusters as wanted: one that the real provider made, its cluster multiplied by renaming.

const FIXTURES = join(ROOT, "__tests__/fixtures/plans");
const CLUSTER = "google_container_cluster";

/** What a plan does to trust: nothing, or everything at once. */
export const PLANS = {
  harmless: "01-no-trust-change.plan.json",
  weakened: "02-trust-chain-opened.plan.json",
};

/**
 * Writes a plan with that many clusters, and a rule of the policy for each where the fixture has one. In parts: a large one
 * is longer than a string can be.
 */
export function writePlan(path, name, clusters) {
  const plan = JSON.parse(readFileSync(join(FIXTURES, PLANS[name]), "utf8"));
  const file = openSync(path, "w");
  try {
    writeValue(
      file,
      plan,
      Array.from({ length: clusters }, (_, index) => `prod-${index}`),
    );
  } finally {
    closeSync(file);
  }
}

function writeValue(file, value, names) {
  if (Array.isArray(value)) {
    writeList(file, value, names);
  } else if (typeof value === "object" && value !== null) {
    writeEach(file, "{}", Object.entries(value), ([key, field]) => {
      writeSync(file, `${JSON.stringify(key)}:`);
      writeValue(file, field, names);
    });
  } else {
    writeSync(file, JSON.stringify(value));
  }
}

function writeList(file, list, names) {
  const parts = list.flatMap((entry) => (isMultiplied(entry) ? names.map((name) => [entry, name]) : [[entry]]));
  writeEach(file, "[]", parts, ([entry, name]) => {
    if (name === undefined) {
      writeValue(file, entry, names);
    } else {
      writeSync(file, renamed(entry, name));
    }
  });
}

function writeEach(file, [open, close], entries, write) {
  writeSync(file, open);
  for (const [index, entry] of entries.entries()) {
    writeSync(file, index === 0 ? "" : ",");
    write(entry);
  }
  writeSync(file, close);
}

/** The cluster, wherever the plan has it, and its rule, as a value and as the configuration has it. */
function isMultiplied(entry) {
  const rule = entry?.cluster?.constant_value ?? entry?.cluster;
  return entry?.type === CLUSTER || rule === "us-central1.prod";
}

/** Another name for the cluster, in its address, its name, its id and the key of its rule. */
function renamed(entry, name) {
  const texts = [
    `${CLUSTER}.prod`,
    "prod",
    "projects/sec-proj/locations/us-central1/clusters/prod",
    "us-central1.prod",
  ];
  const isConstant = (value) => texts.includes(value);
  return JSON.stringify(entry, (_, value) => (isConstant(value) ? value.replace(/prod$/, name) : value));
}
