import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { version } from "../../package.json";
import { kitchenSink } from "../support/kitchen-sink";
import { template } from "../support/template";

// Another address destroys a key or an attestor, and makes a new one. The list is that of the version it names: an address may go
// with a new major version only, before 1.0.0 with a new minor one (docs/upgrades.md). `BINAUTHZ_WRITE_ADDRESSES=1` adds what is new; a release writes the list
// anew.

const FILE = join(__dirname, "../fixtures/addresses.json");

const recorded: { readonly version: string; readonly addresses: readonly string[] } = JSON.parse(
  readFileSync(FILE, "utf8"),
);

function addresses(): string[] {
  const { json } = template(kitchenSink());
  return Object.entries(json.resource as Record<string, Record<string, unknown>>)
    .flatMap(([type, named]) => Object.keys(named).map((name) => `${type}.${name}`))
    .sort();
}

function mayBreak(before: string, after: string): boolean {
  const [[oldMajor, oldMinor], [major, minor]] = [before, after].map((text) => text.split(".").map(Number));
  return major > oldMajor || (major === 0 && oldMajor === 0 && minor > oldMinor);
}

test("every address of the recorded version is there still, or this version may break it", () => {
  const present = new Set(addresses());
  const gone = recorded.addresses.filter((address) => !present.has(address));
  expect({ gone: mayBreak(recorded.version, version) ? [] : gone }).toEqual({ gone: [] });
});

test("every address is recorded, so that it is guarded from now on", () => {
  const known = new Set(recorded.addresses);
  if (process.env.BINAUTHZ_WRITE_ADDRESSES === "1") {
    const all = [...new Set([...recorded.addresses, ...addresses()])].sort();
    writeFileSync(FILE, `${JSON.stringify({ ...recorded, addresses: all }, null, 2)}\n`);
    return;
  }
  expect(addresses().filter((address) => !known.has(address))).toEqual([]);
  expect(recorded.addresses.length).toBeGreaterThan(100);
});

test.each([
  ["0.1.0", "0.1.1", false],
  ["0.1.0", "0.2.0", true],
  ["0.9.0", "1.0.0", true],
  ["1.2.0", "1.3.0", false],
  ["1.2.0", "2.0.0", true],
  ["2.0.0", "1.9.9", false],
])("%s to %s may break an address: %s", (before, after, expected) => {
  expect(mayBreak(before, after)).toBe(expected);
});
