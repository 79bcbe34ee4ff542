// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Terraform writes them

import fc from "fast-check";

/** Stands for what nests too deep to be shown. */
const DEEP = "nested deeply";
const DEEP_TEXT = `${'{"a":['.repeat(3000)}${"]}".repeat(3000)}`;

const HOSTILE = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    "",
    0,
    -1,
    true,
    [],
    {},
    [[]],
    [null],
    [{}],
    "${",
    "${var.x}",
    "${local.a}",
    "%{ for x in y }",
    "${trimsuffix(1, 2)}",
    '${[1, [2, "a"]]}',
    "${google_binary_authorization_policy.p.id}",
    "projects//attestors/",
    "\u001b[31m\u2028\n",
    "constructor",
    JSON.parse('{"__proto__":{"name":"x"},"constructor":1,"dynamic":{"__proto__":{}}}'),
    DEEP,
  ),
  fc.jsonValue({ maxDepth: 3 }),
  fc.string(),
);

/** Replaces, renames or removes something at random places. */
export const MUTATIONS = fc.array(
  fc.record({
    path: fc.infiniteStream(fc.nat({ max: 40 })),
    depth: fc.nat({ max: 12 }),
    value: HOSTILE,
    rename: fc.boolean(),
  }),
  { minLength: 1, maxLength: 4 },
);

type Mutation = typeof MUTATIONS extends fc.Arbitrary<(infer M)[]> ? M : never;

export function mutate(json: unknown, mutations: readonly Mutation[]): unknown {
  const root = { root: JSON.parse(JSON.stringify(json)) };
  for (const { path, depth, value: shared, rename } of mutations) {
    // What one mutation puts in, another one may change.
    const value = shared === DEEP ? JSON.parse(DEEP_TEXT) : structuredClone(shared);
    // biome-ignore lint/suspicious/noExplicitAny: any JSON
    let parent: any = root;
    let key = "root";
    for (let step = 0; step < depth; step += 1) {
      const child = parent[key];
      if (typeof child !== "object" || child === null || Object.keys(child).length === 0) {
        break;
      }
      const keys = Object.keys(child);
      parent = child;
      key = keys[(path.next().value as number) % keys.length];
    }
    if (rename && parent !== root && !Array.isArray(parent)) {
      Object.defineProperty(parent, typeof shared === "string" ? shared : "renamed", {
        value: parent[key],
        enumerable: true,
        configurable: true,
        writable: true,
      });
      delete parent[key];
    } else {
      Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
    }
  }
  return root.root;
}
