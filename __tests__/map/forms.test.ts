import { createHash } from "node:crypto";
import Ajv2020 from "ajv/dist/2020";
import fc from "fast-check";
import { renderMap, TooLargeError } from "../../lib/map";
import { unpack } from "../../lib/map/packed";
import type { PageData } from "../../lib/map/page-data";
import { EMPTY_MODEL, known, type TrustModel } from "../../lib/trust/model";
import schema from "../../schemas/map.json";
import { check } from "../support/property";
import { estateInput, HOSTILE, hostileInput, planInput } from "./models";

const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema);

const INPUTS: [string, ReturnType<typeof estateInput>][] = [
  ["3 clusters", estateInput(3)],
  ["300 clusters", estateInput(300)],
  ["a plan", planInput()],
  ["hostile names", hostileInput()],
  ["one project without anything but its policy", estateInput(0)],
];

describe.each(INPUTS)("of %s", (name, input) => {
  const { html, json, svg } = renderMap(input);

  test("the JSON keeps its schema, and its edges lead from node to node", () => {
    const map = JSON.parse(json);
    validate(map);
    expect(validate.errors).toBeNull();
    const ids = new Set(map.nodes.map(({ id }: { readonly id: string }) => id));
    expect(ids.size).toBe(map.nodes.length);
    for (const { from, to } of map.edges) {
      expect([ids.has(from), ids.has(to)]).toEqual([true, true]);
    }
    for (const number of map.nodes.flatMap(({ findings }: { readonly findings: number[] }) => findings)) {
      expect(map.findings[number]).toBeDefined();
    }
  });

  test("the page loads nothing", () => {
    const tags = html.replace(/(<script[^>]*>)[\s\S]*?<\/script>/g, "$1").match(/<[a-zA-Z][^>]*>/g) ?? [];
    expect(tags.length).toBeGreaterThan(100);
    // Names stand in attributes as text; what an attribute means is said by what is outside of its quotes.
    const attributes = tags.flatMap((tag) => [...tag.matchAll(/\s([a-zA-Z:-]+)(?:="([^"]*)")?/g)]);
    const addresses = attributes.filter(([, attribute]) =>
      /^(?:(?:xlink:)?href|src|srcset|action|data|poster)$/.test(attribute),
    );
    expect(new Set(addresses.map(([, , value]) => value))).toEqual(new Set(["#try", "#findings"]));
    expect(html).not.toMatch(/@import|url\(/i);
    expect(html).not.toMatch(/<(?:link|iframe|img|object|embed|base|form action)\b/i);
    expect(html).toContain(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; `);
  });

  test("the policy of the page lets exactly its own program and style run", () => {
    const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html) ?? [];
    const hashOf = (content: string) => `'sha256-${createHash("sha256").update(content).digest("base64")}'`;
    const styles = [...html.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(([, content]) => hashOf(content));
    const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, content]) => hashOf(content));
    expect([styles.length, scripts.length]).toEqual([1, 1]);
    expect(policy).toBe(
      `default-src 'none'; style-src ${styles[0]}; script-src ${scripts[0]}; base-uri 'none'; form-action 'none'`,
    );
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html).not.toMatch(/ style="| on[a-z]+="/);
  });

  test("the page carries what it needs, and no key", () => {
    const [, text = ""] = /<script type="application\/json" id="data">([\s\S]*?)<\/script>/.exec(html) ?? [];
    const data = unpack(JSON.parse(text)) as PageData;
    expect(data.nodes.length).toBeGreaterThan(0);
    expect(text).not.toContain("BEGIN PUBLIC KEY");
    expect(text).not.toMatch(/[<>&]/);
  });

  test("nothing is written that cannot be seen", () => {
    const unseen = /[^\P{Cf}]|[\p{Cs}\p{Co}\p{Zl}\p{Zp}]|[^\P{Cc}\n]/u;
    expect([html, svg, json].map((text) => unseen.exec(text)?.[0].codePointAt(0)?.toString(16))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("has a sane size", () => {
    expect(html.length).toBeLessThan(name === "300 clusters" ? 450_000 : 250_000);
    expect(svg.length).toBeLessThan(80_000);
  });
});

test("a page about three hundred clusters says what they share once", () => {
  const [three, many] = [3, 300].map((count) => renderMap(estateInput(count)).html.length);
  expect((many - three) / 297).toBeLessThan(1000);
});

test("whatever names there are, the page has the same elements", () => {
  const skeleton = (html: string) => html.replace(/<script[\s\S]*?<\/script>/g, "").match(/<\/?[a-zA-Z][a-zA-Z0-9]*/g);
  const plain = skeleton(renderMap(named("plain")).html);
  check(fc.oneof(fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }), fc.constantFrom(...HOSTILE)), (name) => {
    expect(skeleton(renderMap(named(name)).html)).toEqual(plain);
  });
});

function named(name: string) {
  const origin = { source: "file", address: name };
  const policy: TrustModel["policies"][number] = {
    project: "p",
    globalPolicyEvaluationMode: known("ENABLE"),
    exemptImages: known([known(name)]),
    defaultRule: known({
      evaluationMode: known("REQUIRE_ATTESTATION"),
      enforcementMode: known("ENFORCED_BLOCK_AND_AUDIT_LOG"),
      requireAttestationsBy: known([known(`projects/p/attestors/${name}`)]),
    }),
    specificRules: known({ kind: "cluster", rules: [] }),
    origin,
  };
  return { model: { ...EMPTY_MODEL, policies: [policy] } };
}

test("a chain that Mermaid would not draw is refused in a sentence", () => {
  const names = Array.from({ length: 40 }, (_, index) => `a${index}`);
  const input = estateInput(0);
  const [policy] = input.model.policies;
  const rule = (some: readonly string[]) => ({
    evaluationMode: known("REQUIRE_ATTESTATION"),
    enforcementMode: known("ENFORCED_BLOCK_AND_AUDIT_LOG"),
    requireAttestationsBy: known(some.map((name) => known(`projects/p/attestors/${name}`))),
  });
  const rules = names.map((name, index) => ({ key: known(`zone.${name}`), rule: rule(names.slice(index)) }));
  const model = {
    ...input.model,
    policies: [{ ...policy, specificRules: known({ kind: "cluster" as const, rules }) }],
  };
  expect(() => renderMap({ model }).mermaid).toThrow(TooLargeError);
  expect(() => renderMap({ model }).mermaid).toThrow(
    /^the chain of trust has \d+ connections, and Mermaid draws at most 500$/,
  );
  expect(renderMap({ model }).svg).toMatch(/^<\?xml/);
});

test("the picture says what it shows to those who do not see it, and has its own colours for light and dark", () => {
  const { svg } = renderMap(estateInput(3));
  expect(svg).toContain(
    'role="img" aria-label="Chain of trust: 3 identities, 3 key versions, 3 attestors, 1 policy, 5 targets"',
  );
  expect(svg).toContain("prefers-color-scheme:dark");
  expect(svg).not.toMatch(/<script|<foreignObject|href=/i);
});
